"""One sentence on a score: each case is made of counts whose verdict is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.evaluation.suitability import Suitability, judge


def of(*right: int, count: int = 100, into: int | None = None) -> np.ndarray:
    """So many of each class named rightly; the mistakes of a class go to the next one, or all to one class."""
    table = np.diag(right)
    for index, hits in enumerate(right):
        table[index, (index + 1) % len(right) if into is None or into == index else into] += count - hits
    return table


def test_a_classifier_that_is_good_everywhere_is_good_for_all():
    # 95 of 100: 0.888 to 0.978
    assert judge(("a", "b", "c"), of(95, 96, 97)).sentence == "Good for all 3 classes."
    assert judge(("a", "b"), of(95, 96)).sentence == "Good for both classes."


def test_a_classifier_that_is_bad_everywhere_is_good_for_none():
    found = judge(("a", "b", "c"), of(50, 50, 52))  # 0.404 to 0.596: better than a third, and not good
    assert found.useful
    assert found.sentence == "Not good for any class."


def test_good_and_bad_classes_are_named_the_best_and_the_worst_first():
    # hat and shoes: found in 90 and 95 of 100, all their answers right; shirt and dress are taken for each other.
    table = np.array([[90, 0, 10, 0], [0, 95, 0, 5], [0, 0, 55, 45], [0, 0, 50, 50]])
    found = judge(("hat", "shoes", "shirt", "dress"), table)
    assert (found.good, found.bad, found.unsure) == (("shoes", "hat"), ("dress", "shirt"), ())
    assert found.sentence == "Good for shoes and hat, not for dress and shirt."


def test_a_class_that_is_found_but_often_wrongly_named_is_not_good():
    # All of a are found, but 100 b are called a too: half of the answers "a" are right (0.431 to 0.569).
    table = np.array([[100, 0, 0], [100, 100, 0], [0, 0, 100]])
    found = judge(("a", "b", "c"), table)
    assert (found.good, set(found.bad)) == (("c",), {"a", "b"})


def test_where_there_are_few_images_it_is_said_that_they_cannot_tell():
    # 8 of 8 lie between 0.676 and 1: not shown to be good. 9 of 9 lie above 0.701.
    assert judge(("a", "b"), of(8, 8, count=8)).sentence == (
        "What it is good for is not known: there are too few test images of every class to tell."
    )
    assert judge(("a", "b"), of(9, 9, count=9)).sentence == "Good for both classes."
    table = np.diag([100, 100, 3])
    assert judge(("a", "b", "c"), table).sentence == "Good for a and b. There are too few test images of c to tell."
    table = np.array([[100, 0, 0], [0, 100, 60], [0, 0, 3]])  # of 63 answers "c" 3 are right, of 160 b 100 are found
    assert judge(("a", "b", "c"), table).sentence == "Good for a, not for c and b."


def test_a_class_without_test_images_is_not_known():
    assert judge(("a", "b", "c"), np.diag([100, 100, 0])).unsure == ("c",)


@pytest.mark.parametrize("table", [np.array([[95, 0], [5, 0]]), np.array([[1, 0], [0, 0]]), np.array([[3, 3], [3, 3]])])
def test_a_classifier_that_is_no_better_than_naming_the_largest_class_is_not_usable(table: np.ndarray):
    found = judge(("fine", "broken"), table)
    assert not found.useful
    assert found.sentence == (
        "Not usable as it is: it has not been shown to be better than always predicting the largest class."
    )


def test_of_a_hundred_classes_some_are_named_and_all_are_counted():
    names = tuple(f"c{number}" for number in range(100))
    found = judge(names, of(*[99] * 60, *[40] * 30, *[72] * 10))
    # c0 takes the 28 mistakes of c99: 99 of 127 are right, 0.700 to 0.843. c90 takes the 60 of c89: 72 of 132 are right.
    assert (len(found.good), len(found.bad), len(found.unsure)) == (59, 31, 10)
    assert found.sentence == (
        "Good for 59 classes (such as c1, c2 and c3), not for 31 classes (such as c61, c62 and c63). There are too few test "
        "images of 10 classes (the weakest: c91, c92 and c93) to tell."
    )


def test_names_stay_on_one_line():
    assert "\n" not in Suitability(("a\nb",), ("c",), (), useful=True).sentence


def test_the_sentence_stands_in_the_document_with_the_lists_and_the_limit():
    document = judge(("a", "b", "c"), np.diag([100, 100, 3])).to_json()
    assert document == {
        "good": ["a", "b"], "bad": [], "unsure": ["c"], "useful": True, "least_share": 0.7,
        "sentence": "Good for a and b. There are too few test images of c to tell.",
    }  # fmt: skip
