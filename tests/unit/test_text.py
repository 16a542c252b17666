"""Text from outside, made fit to be shown."""

from __future__ import annotations

import pytest

from hubel.text import shortened


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
