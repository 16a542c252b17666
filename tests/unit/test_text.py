"""Words of a message: one is not called many, and a list reads like a sentence."""

from __future__ import annotations

from hubel.text import counted, listed


def test_one_is_not_called_many():
    assert [counted(number, "image") for number in (0, 1, 2, 1200)] == [
        "0 images",
        "1 image",
        "2 images",
        "1,200 images",
    ]
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]


def test_a_list_reads_like_a_sentence():
    assert [listed(["a", "b", "c"][:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b", "c"], last="or") == "a, b or c"
