"""How a learning curve divides the time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from hubel.corpus.split import Splits
from hubel.runs.request import TrainRequest
from hubel.training.plan import Afterwards, Costs, FitPlan
from hubel.training.recipe import Recipe
from hubel.workflows.training.learning_curve import plan_part
from hubel.workflows.training.plan_fit import plan_fit
from hubel.workflows.training.time_budget import Deadline, what_follows

SPLITS = Splits((), (), ())
COSTS = Costs(rate=100.0, epoch_s=4.0, validation_s=0.5, beside_s=5.0)


def planned(*, limit_s: float | None = None, **wishes: object) -> FitPlan:
    request = TrainRequest("photos", Path("run"), time_limit_s=limit_s, tta="none", **wishes)  # type: ignore[arg-type]
    started, recipes = time.monotonic(), (Recipe(epochs=40),)
    return plan_fit(request, SPLITS, recipes=recipes, limit_s=limit_s, costs=COSTS, started=started)


def test_the_classifier_gets_four_sevenths_of_the_time_and_the_parts_as_much_for_each_image():
    plan = planned(limit_s=100.0, learning_curve=True)
    left_s = 100 - what_follows(SPLITS, 100.0).seconds(COSTS.rate)
    assert plan.clock_s == pytest.approx((left_s - 2 * 5) * 4 / 7, abs=0.1)
    assert plan.clock_s * (1 + 0.25 + 0.5) + 2 * 5 == pytest.approx(left_s, abs=0.1)


def test_without_a_curve_all_of_the_time_is_its_own():
    left_s = 100 - what_follows(SPLITS, 100.0).seconds(COSTS.rate)
    assert planned(limit_s=100.0).clock_s == pytest.approx(left_s, abs=0.1)


def test_without_a_time_limit_of_the_users_own_the_parts_take_time_of_their_own():
    request = TrainRequest("photos", Path("run"), learning_curve=True)
    started = time.monotonic()
    plan = plan_fit(request, SPLITS, recipes=(Recipe(epochs=40),), limit_s=300.0, costs=COSTS, started=started)
    assert plan.clock_s == pytest.approx(300 - plan.reserve_s, abs=0.1)


CARRIED_OUT = FitPlan(
    (Recipe(epochs=40),), replace(COSTS, beside_s=3.0), Afterwards(0.0, 0, 0), clock_s=40.0, shares=(0.25, 0.5)
)


def test_a_part_gets_its_share_of_what_the_classifier_got():
    deadline = Deadline(time.monotonic(), 1000.0)
    quarter, half = (plan_part(CARRIED_OUT, SPLITS, deadline=deadline, number=number) for number in (0, 1))
    assert quarter is not None
    assert half is not None
    assert (quarter.clock_s, half.clock_s) == (10, 20)
    assert quarter.is_part
    assert quarter.shares == ()


def test_where_less_is_left_both_parts_are_cut_alike():
    deadline = Deadline(time.monotonic() - 90, 100.0)  # 5 s are kept to write
    plan = replace(CARRIED_OUT, costs=replace(COSTS, beside_s=1.0))
    quarter = plan_part(plan, SPLITS, deadline=deadline, number=0)
    assert quarter is not None
    assert quarter.clock_s == pytest.approx((10 - 5 - 2 * 1) / 3, abs=0.5)


def test_where_only_epochs_end_the_training_no_clock_does():
    part = plan_part(replace(CARRIED_OUT, clock_s=None), SPLITS, deadline=Deadline(0.0, None), number=1)
    assert part is not None
    assert part.clock_s is None
    assert part.seconds(time.monotonic()) == float("inf")


def test_where_nothing_is_left_no_part_is_trained():
    assert plan_part(CARRIED_OUT, SPLITS, deadline=Deadline(time.monotonic() - 99, 100.0), number=0) is None
