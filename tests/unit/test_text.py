"""Text from outside, made fit to be shown; one is not called many, and a list reads like a sentence."""

from __future__ import annotations

import pytest

from hubel.text import counted, listed, shortened


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("short enough", 12, "short enough"),
        ("cut behind a word, never inside", 20, "cut behind a word…"),
        ("cut behind a word, never inside", 25, "cut behind a word, never…"),
        ("cut at a space", 7, "cut at…"),
        ("first line\nsecond line", 40, "first line"),
        ("\n  \n padded \n", 40, "padded"),
        ("unbroken" * 10, 20, "unbrokenunbrokenunb…"),
        ("", 10, ""),
    ],
)
def test_a_long_text_is_cut_behind_a_word_and_says_so(text: str, most: int, expected: str):
    assert shortened(text, most) == expected
    assert len(shortened(text, most)) <= most


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
