"""Answers with and without a change, counted by hand; groups, and what chance explains."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control, fisher_exact

from hubel.evaluation.paired import holm
from hubel.evaluation.robustness import NamedImages, score_changes, score_clean, score_groups

LABELS = np.array([0] * 20 + [1] * 20)


def named(*classes: int, sure: float = 0.9) -> NamedImages:
    return NamedImages(np.array(classes), np.full(len(classes), sure))


RIGHT = named(*LABELS)


def test_the_images_as_they_are_are_counted():
    clean = score_clean(named(*[1] * 10, *[0] * 10, *[1] * 20), LABELS)
    interval = binomtest(30, 40).proportion_ci(method="wilson")
    assert clean.to_json() == {
        "accuracy": 0.75,
        "accuracy_interval": pytest.approx([interval.low, interval.high]),
        "ece": pytest.approx(0.15),  # sure by 0.9, right in 0.75
    }


def test_what_a_change_costs_is_counted_on_the_same_images():
    weak = named(1, *LABELS[1:])
    strong = named(*[1] * 12, *[0] * 8, *[1] * 20)
    (change,) = score_changes(RIGHT, {"fog": {1: weak, 2: strong}}, units={"fog": "m"}, labels=LABELS)
    first, second = change.to_json()["levels"]
    assert (change.name, change.unit) == ("fog", "m")
    assert (first["accuracy"], first["changed_answers"], first["level"]) == (39 / 40, 1 / 40, 1)
    assert (second["accuracy"], second["changed_answers"]) == (28 / 40, 12 / 40)
    assert first["difference"] == pytest.approx(-1 / 40)
    assert second["p_value"] == pytest.approx(2 * 0.5**12)
    assert second["adjusted_p"] == pytest.approx(2 * 2 * 0.5**12)
    assert (first["costs_accuracy"], second["costs_accuracy"]) == (False, True)
    assert change.first_cost is change.levels[1]
    assert second["ece"] == pytest.approx(0.9 - 0.7)


def test_an_answer_that_changes_and_stays_wrong_is_a_changed_answer():
    labels = np.array([0, 1, 2])
    clean, other = named(1, 1, 2), named(2, 1, 2)
    (change,) = score_changes(clean, {"fog": {1: other}}, units={"fog": ""}, labels=labels)
    assert change.levels[0].right.hits == 2
    assert change.levels[0].changed.hits == 1
    assert change.levels[0].test.alike


def test_p_values_are_adjusted_as_holm_did():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02]
    )  # the example of his paper's readers
    assert holm([]) == []
    values = list(np.random.default_rng(0).random(20) / 50)
    assert all(ours >= other for ours, other in zip(holm(values), false_discovery_control(values), strict=True))


def test_a_group_is_compared_with_all_other_images():
    groups = [*["north"] * 10, *["south"] * 26, *["few"] * 3, ""]
    clean = named(*[1] * 9, *LABELS[9:])  # nine of the north are wrong
    other = named(*[1] * 9, 1, *LABELS[10:])
    north, south = score_groups(groups, clean, changed={"fog": {1: other}}, labels=LABELS)
    assert (north.name, north.right.hits, north.right.count) == ("north", 1, 10)
    assert (south.name, south.right.hits, south.right.count) == ("south", 26, 26)
    expected = fisher_exact([[1, 9], [30, 0]], alternative="less").pvalue
    assert north.adjusted_p == pytest.approx(2 * expected)
    assert (north.is_worse, south.is_worse) == (True, False)
    assert (north.changed, south.changed) == (0.1, 0.0)
    assert score_groups(["all"] * 40, clean, changed={}, labels=LABELS) == ()


def test_the_least_accurate_of_many_groups_is_not_blamed_for_chance():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(40):
        labels = np.zeros(200, np.int64)
        clean = named(*(rng.random(200) < 0.2).astype(int))
        groups = [f"group {place}" for place in rng.integers(0, 10, 200)]
        alarms += any(group.is_worse for group in score_groups(groups, clean, changed={}, labels=labels))
    assert alarms <= 4  # 2 are expected of exact tests at 5 %, and these are conservative
