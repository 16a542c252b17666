"""Which methods are marked, and which one is recommended, by the rule that the docs state."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.explanation.assessment.measure import MapNumbers
from hubel.workflows.explaining.assessment import Mean
from hubel.workflows.explaining.judge import IGNORES_WEIGHTS, NONE_GOOD, recommend, score_method

IMAGES = 10


def made(
    gain: float, *, correlation: float = 0.0, seconds: float = 1.0, flat: int = 0, spread: float = 0.01
) -> list[MapNumbers]:  # fmt: skip
    """Numbers of a method: insertion 0.5 more than the gain asks for, so that deletion is 0.5."""
    around = np.linspace(-spread, spread, IMAGES)
    return [
        MapNumbers(
            np.zeros((2, 2), np.float32),
            0.5 + gain + around[place],
            0.5,
            0.1,
            place < flat,
            seconds,
            0.3,
            (correlation, correlation - 0.5),
        )
        for place in range(IMAGES)
    ]


RANDOM = made(0.1)


def chosen(**methods: list[MapNumbers]) -> tuple[str | None, str]:
    scored = [score_method(name, numbers, random=RANDOM) for name, numbers in methods.items()]
    gains = {name: [each.gain for each in numbers] for name, numbers in methods.items()}
    return recommend(scored, gains, random=[each.gain for each in RANDOM])


def test_means_intervals_and_the_worst_stage_are_reported():
    found = score_method("a", made(0.3, correlation=0.1), random=RANDOM)
    assert found.insertion == Mean(pytest.approx(0.8), (pytest.approx(0.796, abs=2e-3), pytest.approx(0.804, abs=2e-3)))
    assert found.gain == Mean(pytest.approx(0.3), (pytest.approx(0.296, abs=2e-3), pytest.approx(0.304, abs=2e-3)))
    assert found.randomisation_correlation == Mean(pytest.approx(0.1), (pytest.approx(0.1), pytest.approx(0.1)))
    assert found.stages == pytest.approx((0.1, -0.4))
    assert found.marked is None


def test_a_method_whose_maps_stay_with_replaced_weights_is_marked():
    assert score_method("edges", made(0.5, correlation=0.21), random=RANDOM).marked == IGNORES_WEIGHTS
    assert score_method("fine", made(0.5, correlation=0.19), random=RANDOM).marked is None


def test_a_method_that_marks_nothing_is_marked():
    assert "nothing on 6 of 10 images" in str(score_method("flat", made(0.5, flat=6), random=RANDOM).marked)


def test_a_method_no_better_than_a_random_map_is_marked():
    assert "random map" in str(score_method("guess", made(0.1), random=RANDOM).marked)


def test_the_best_of_those_without_a_mark_is_recommended_whatever_it_costs():
    name, reason = chosen(edges=made(0.6, correlation=0.9), good=made(0.4, seconds=9), poor=made(0.3, seconds=0.1))
    assert name == "good"
    assert "of 2 methods with no mark" in reason


def test_of_equally_good_ones_the_quicker_is_recommended():
    name, reason = chosen(slow=made(0.41, seconds=3), quick=made(0.4, seconds=0.1), poor=made(0.37, seconds=0.01))
    assert name == "quick"
    assert "quickest of 2" in reason


def test_a_method_that_may_be_better_than_a_random_map_by_chance_is_not_recommended():
    assert chosen(unsure=made(0.2, spread=0.9)) == (None, NONE_GOOD)


def test_where_the_weights_could_not_be_replaced_nothing_is_recommended():
    untested = [MapNumbers(each.heat, 0.9, 0.1, 0.5, False, 1.0) for each in RANDOM]
    assert chosen(untested=untested)[0] is None
