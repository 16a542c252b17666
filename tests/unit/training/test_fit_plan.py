"""The plan of a training: its time, its parts, and where it goes on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubel.pipeline.augmentation import Augmentation
from hubel.training.checkpoints import CheckpointFolder
from hubel.training.history import EpochRow, History
from hubel.training.plan import BEGUN, FINE_TUNE, HEAD, Afterwards, Costs, FitPlan, Point
from hubel.training.recipe import Recipe
from hubel.training.state import LoopState

COSTS = Costs(rate=100.0, epoch_s=4.0, validation_s=0.5, beside_s=3.0)
PLAN = FitPlan((Recipe(epochs=10),), COSTS, Afterwards(2.0, 800, 100))
TIMED = replace(PLAN, limit_s=100.0, clock_s=60.0, ends_at=1060.0, shares=(0.25, 0.5))
ROW = EpochRow(HEAD, 1, 8, 0.5, 0.75, math.inf, 1e-3, 0, 100.0, 2.0, best=True)
STATE = LoopState(20, (replace(ROW, phase=FINE_TUNE),), 2, 1.5, 32, (-0.5, 0.75), 1, 9.0, {"model/00000": np.ones(2)})
TUNING = Point(FINE_TUNE, (History((ROW,), "schedule", 40.0),), (np.eye(2), np.zeros(2)), STATE)


def test_an_epoch_is_its_steps_and_its_validation():
    assert COSTS.training_s(2) == 9
    assert COSTS.training_s(2, share=0.25) == 3


@pytest.mark.parametrize(("most_s", "seconds"), [(math.inf, 2 + 1.2 * 8), (5.0, 5.0), (1.0, 2 + 1.2 * 1)])
def test_what_follows_is_cut_where_the_time_is_short_but_never_below_its_least(most_s: float, seconds: float):
    assert Afterwards(2.0, 800, 100, most_s).seconds(100.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("slowness", "later_s"),
    [
        (1.0, 0.0),
        (2.0, 9.6),  # scoring takes twice as long; for writing there was room
        (4.0, 3 * 9.6 + 2.0),
        (20.0, 50 - 11.6),  # it is cut to half of the limit then, and the rest is the training's
        (500.0, 2.0 * 250 + 1.2 * 500 - 11.6),  # but for what cannot be cut
    ],
)
def test_what_follows_takes_longer_on_a_machine_that_has_become_slower_up_to_its_bound(slowness: float, later_s: float):
    plan = replace(PLAN, afterwards=Afterwards(2.0, 800, 100, most_s=50.0))
    assert plan.later_s(slowness) == pytest.approx(later_s)


def test_without_a_clock_only_epochs_end_it():
    assert PLAN.seconds(now=1e9) == math.inf


def test_a_training_gets_what_is_left_and_less_where_the_rest_has_become_slower():
    assert TIMED.seconds(now=1010.0) == 50
    assert TIMED.seconds(now=1010.0, slower_s=20.0) == 30
    assert TIMED.seconds(now=1070.0) == -10  # late: it is for the caller to say so


def test_a_part_gets_its_share_of_the_clock_and_at_least_a_second():
    later = Afterwards(1.0, 1, 1)
    part = TIMED.scaled(0.25, afterwards=later, ends_at=1100.0)
    assert (part.clock_s, part.afterwards, part.shares, part.recipes) == (15.0, later, (), TIMED.recipes)
    assert part.seconds(now=1000.0) == 15
    assert part.seconds(now=1090.0) == 10
    assert part.seconds(now=1100.0, slower_s=5.0) == 1
    assert TIMED.scaled(0.25, afterwards=later, left_s=7.0).clock_s == 7
    assert PLAN.scaled(0.25, afterwards=later, left_s=7.0).clock_s is None


def test_a_plan_that_was_carried_out_holds_the_phases_that_there_was_time_for():
    plan = replace(TIMED, recipes=(Recipe(epochs=40, phase=HEAD), Recipe(epochs=20, phase=FINE_TUNE)), point=TUNING)
    done = plan.carried_out(1, clock_s=12.0)
    assert [recipe.phase for recipe in done.recipes] == [HEAD]
    assert done.clock_s == 12
    assert done.point == Point()  # a finished training needs no state to go on from


def test_from_the_start_nothing_is_behind_it():
    assert PLAN.after(None) is PLAN
    assert PLAN.point.phase == BEGUN
    assert PLAN.point.state_of("train") is None


def test_what_the_time_decided_stays_where_a_plan_for_the_same_words_decides_otherwise():
    head, tuning = Recipe(epochs=40, phase=HEAD), Recipe(epochs=60, phase=FINE_TUNE)
    earlier = replace(tuning, augmentation=Augmentation(shift=0.0625))
    plan = replace(PLAN, recipes=(head, tuning))
    assert plan.as_planned((earlier,)).recipes == (head, earlier)
    assert plan.as_planned(()) == plan


@pytest.mark.parametrize(
    "point",
    [Point(), TUNING, replace(TUNING, state=None), Point(recipes=(Recipe(epochs=10, small_until=0.5),))],
    ids=["begun", "tuning", "between", "planned"],
)
def test_it_goes_on_from_a_checkpoint_as_it_was_written(tmp_path: Path, point: Point):
    folder = CheckpointFolder(tmp_path / "checkpoints")
    folder.write(point.to_json(), point.tensors, beside=None)
    found = folder.latest()
    assert found is not None
    plan = PLAN.after(found)
    assert plan.recipes == (point.recipes or PLAN.recipes)
    after = plan.point
    assert json.dumps(after.to_json()) == json.dumps(point.to_json())
    assert after.done == point.done
    for mine, theirs in zip(after.head, point.head, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert after.state_of("train") is None
    state = after.state_of(FINE_TUNE)
    assert (state is None) == (point.state is None)
    if state is not None:
        assert list(state.tensors) == ["model/00000"]
