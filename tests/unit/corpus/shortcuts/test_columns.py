"""Columns: what a class differs in is found and said."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.corpus.shortcuts.columns import BINS, COMMONEST, CellColumn, NumberColumn, WordColumn

OWN = np.array([True] * 10 + [False] * 10)


def test_a_number_says_from_where_on_most_of_a_class_lies():
    values = np.array([8.0] * 9 + [1.0] + [2.0] * 8 + [9.0] * 2)
    share, said = NumberColumn("size", values, "{:.0f} KB".format).difference(OWN)
    assert said == "size from 8 KB in 90 % of its images, 20 % of the others"
    assert share == pytest.approx(0.7)


def test_a_number_says_up_to_where_a_class_lies_that_has_less():
    share, said = NumberColumn("size", np.array([1.0] * 10 + [5.0] * 10)).difference(OWN)
    assert (share, said) == (1.0, "size up to 1 in 100 % of its images, 0 % of the others")


def test_a_word_says_which_one_a_class_has_more_often():
    values = ["a"] * 8 + ["b"] * 2 + ["a"] * 1 + [""] * 9
    share, said = WordColumn("camera", values).difference(OWN)
    assert said == "camera 'none' in 0 % of its images, 90 % of the others"
    assert share == pytest.approx(0.9)


def test_cells_say_where_a_class_differs():
    values = np.zeros((20, 9, 1))
    values[:10, 2] = 5
    where = (np.argwhere(np.ones((3, 3))) + 0.5) / 3
    assert CellColumn("grey differs", values, where).difference(OWN)[1] == "grey differs, most at the top right"


@pytest.mark.parametrize("column", [NumberColumn("n", np.ones(20)), WordColumn("w", ["x"] * 20), CellColumn("c", np.ones((20, 4, 2)), np.zeros((4, 2)))])  # fmt: skip
def test_what_is_the_same_everywhere_is_nothing_to_tell_by(column: NumberColumn | WordColumn | CellColumn):
    assert column.encoded().shape == (20, 0)


def test_no_encoded_column_is_constant_and_rare_words_stay_out():
    words = WordColumn("w", ["a"] * 9 + ["b"] * 9 + ["c", "d"])
    assert words.encoded().shape == (20, 2)
    numbers = NumberColumn("n", np.arange(40.0)).encoded()
    assert numbers.shape == (40, 1 + BINS)
    assert (np.ptp(numbers, axis=0) > 0).all()
    assert WordColumn("w", [str(each % 50) for each in range(500)]).encoded().shape[1] == COMMONEST
