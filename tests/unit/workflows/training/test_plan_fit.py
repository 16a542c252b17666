"""The plan of a training, made of what its network costs, and said before it begins."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubel.architectures.catalogue import find_architecture
from hubel.corpus.split import Splits
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import NONE, Augmentation
from hubel.runs.request import TrainRequest
from hubel.training.plan import FINE_TUNE, HEAD, Costs, FitPlan, Point
from hubel.training.recipe import Recipe
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.decision import Decision
from hubel.workflows.training.plan_fit import describe_lateness, describe_plan, leaves_tta_open, plan_fit

SPLITS = Splits(tuple(range(1000)), tuple(range(1000, 1100)), tuple(range(1100, 1300)))
COSTS = Costs(rate=200.0, epoch_s=4.0, validation_s=0.5, beside_s=3.0)
SCRATCH = (Recipe(epochs=10, augmentation=Augmentation(mirror=True, shift=0.125)),)
HEAD_ONLY = (Recipe(epochs=40, phase=HEAD, augmentation=Augmentation(mirror=True, shift=0.0)),)
BOTH = (*HEAD_ONLY, Recipe(epochs=3, phase=FINE_TUNE))
CHOICE = Choice(find_architecture("residual"), "none", Preprocessing(32, 32), chosen_for_user=True)


def planned(
    recipes: tuple[Recipe, ...] = SCRATCH, *, limit_s: float | None = None, gone_s: float = 0.0, **wishes: Any
) -> FitPlan:
    request = TrainRequest("photos", Path("run"), time_limit_s=limit_s, **wishes)
    started = time.monotonic() - gone_s
    return plan_fit(request, SPLITS, recipes=recipes, limit_s=limit_s, costs=COSTS, started=started)


def lines(plan: FitPlan) -> dict[str, str]:
    return dict(describe_plan(plan, CHOICE, splits=SPLITS, parameters=12_345).lines)


def test_by_epochs_it_takes_what_they_take_and_what_follows():
    plan = planned()
    assert plan.expected_s == {"train": 45.0, "afterwards": plan.reserve_s}
    assert plan.remaining_s == 45 + plan.reserve_s
    assert (plan.clock_s, plan.limit_s) == (None, None)
    said = lines(plan)
    assert said["architecture"] == "residual (chosen for this corpus), 12,345 parameters"
    assert said["training"] == "10 epochs"
    assert said["augmentation"] == "mirrored, moved up to 12%"
    assert said["split"] == "1,000 train, 100 validation, 200 test"
    assert said["expected end"].endswith(f"in about {45 + plan.reserve_s:.0f} s")
    assert "then" not in said


def test_by_the_clock_it_takes_what_is_left():
    plan = planned(limit_s=40.0, gone_s=5.0)
    assert plan.clock_s == pytest.approx(40 - 5 - plan.reserve_s, abs=0.1)
    assert plan.expected_s["train"] == plan.clock_s
    about = plan.clock_s / 4.5
    assert lines(plan)["training"] == f"about {about:.1f} of at most 10 epochs, ended by the clock after 40 s"
    assert plan.remaining_s == pytest.approx(35, abs=0.1)
    rounded = replace(plan, recipes=(replace(plan.recipes[0], arithmetic="bfloat16"),))
    assert lines(rounded)["training"].endswith(", ended by the clock after 40 s, feature maps in bfloat16")


@pytest.mark.parametrize(
    ("limit_s", "shift", "moved"),
    [(60.0, 0.125, 0.0625), (400.0, 0.125, 0.125), (None, 0.125, 0.125), (60.0, 0.25, 0.25), (60.0, 0.0, 0.0)],
    ids=["few epochs", "many epochs", "no limit", "as far as the user asked", "not at all"],
)
def test_in_a_few_epochs_images_are_moved_half_as_far(limit_s: float | None, shift: float, moved: float):
    plan = planned((Recipe(epochs=200, augmentation=Augmentation(mirror=True, shift=shift)),), limit_s=limit_s)
    assert plan.recipes[0].augmentation == Augmentation(mirror=True, shift=moved)
    assert planned(BOTH, limit_s=limit_s).recipes[1].augmentation.shift == 0.125
    photographs = Augmentation(mirror=True, shift=shift, zoom=0.4)
    assert (
        planned((Recipe(epochs=200, augmentation=photographs),), limit_s=limit_s).recipes[0].augmentation == photographs
    )


def test_the_changes_that_are_said_are_those_of_the_last_phase():
    assert lines(planned(HEAD_ONLY))["augmentation"] == "mirrored"
    tuned = (*HEAD_ONLY, Recipe(epochs=3, phase=FINE_TUNE, augmentation=Augmentation(shift=0.1, zoom=0.5)))
    assert lines(planned(tuned))["augmentation"] == "mirrored, moved up to 10%, enlarged up to 2.0 times"


def test_a_width_is_said_with_its_reason():
    wide = replace(CHOICE, alpha=1.5, decided=Decision("residual", "none", 1.5))
    said = dict(describe_plan(planned(), wide, splits=SPLITS, parameters=12_345).lines)
    assert said["architecture"] == "residual with alpha 1.5 (as wide as the time allows), 12,345 parameters"
    own = replace(CHOICE, alpha=2.0, chosen_for_user=False)
    said = dict(describe_plan(planned(), own, splits=SPLITS, parameters=12_345).lines)
    assert said["architecture"] == "residual with alpha 2, 12,345 parameters"


def test_answers_by_the_mirror_image_take_two_passes_after_the_training():
    once, twice = planned().afterwards, planned(tta="mirror").afterwards
    assert (twice.images, twice.fewest, twice.fixed_s) == (2 * once.images, 2 * once.fewest, once.fixed_s)
    by_time, without = planned(limit_s=60.0).afterwards, planned(limit_s=60.0, tta="none").afterwards
    assert (by_time.images, without.images) == (twice.images, once.images)  # time is kept for what may be decided


@pytest.mark.parametrize(
    ("recipes", "wishes", "is_open"),
    [
        (SCRATCH, {"time_limit_s": 60.0}, True),
        (SCRATCH, {"time_limit_s": 59.0}, False),
        (SCRATCH, {}, False),
        (SCRATCH, {"time_limit_s": 60.0, "tta": "none"}, False),
        (SCRATCH, {"time_limit_s": 60.0, "tta": "mirror"}, False),
        (BOTH, {"time_limit_s": 60.0}, False),
        ((Recipe(epochs=10, augmentation=Augmentation(mirror=False)),), {"time_limit_s": 60.0}, False),
    ],
)
def test_the_images_decide_on_mirrored_answers_where_a_time_is_given_and_mirror_images_were_learned_from(
    recipes: tuple[Recipe, ...], wishes: dict[str, Any], is_open: bool
):
    assert leaves_tta_open(TrainRequest("photos", Path("run"), **wishes), recipes) is is_open


def test_the_parts_of_a_learning_curve_are_planned_and_said():
    plan = planned(learning_curve=True)
    assert plan.shares == (0.25, 0.5)
    assert plan.expected_s == {"train": 45.0, "25%": 3 + 10 * 1.5, "50%": 3 + 10 * 2.5, "afterwards": plan.reserve_s}
    assert lines(plan)["then"] == "the same anew on 25% and 50% of the training images, for the learning curve"


def test_a_head_needs_features_of_each_image_and_its_mirror_image_and_its_epochs_take_a_tenth_of_a_second():
    plan = planned(HEAD_ONLY)
    assert plan.expected_s[HEAD] == pytest.approx(2100 / 200 + 40 * 0.1)
    said = lines(plan)
    assert said["training"] == "a head on frozen features"
    assert said["architecture"].endswith("12,345 parameters, pretrained")


def test_a_whole_network_after_its_head_is_planned_by_its_epochs():
    plan = planned(BOTH, epochs=3)
    assert plan.expected_s[FINE_TUNE] == 12
    assert not plan.fits_epochs
    assert lines(plan)["training"] == "a head on frozen features, then 3 epochs of the whole network"


def test_a_pretrained_network_is_never_expected_to_end_after_its_limit():
    plan = planned(BOTH, limit_s=20.0)
    assert plan.fits_epochs
    assert sum(plan.expected_s.values()) > 20
    assert plan.remaining_s == pytest.approx(20, abs=0.1)
    assert lines(plan)["training"].endswith("then at most 3 epochs of the whole network, ended by the clock after 20 s")


def test_without_augmentation_it_says_none():
    assert lines(planned((replace(SCRATCH[0], augmentation=NONE),)))["augmentation"] == "none"


def test_where_no_time_is_left_that_is_said_and_what_took_it():
    assert describe_lateness(planned()) is None
    assert describe_lateness(planned(limit_s=60.0)) is None
    plan = planned(limit_s=30.0, gone_s=29.0)
    message = describe_lateness(plan)
    assert message is not None
    assert message.warning
    assert str(message.text) == (
        "Reading the corpus took 29 s of the 30 s: the training will end late. Use a longer time_limit."
    )
    resumed = describe_lateness(replace(plan, point=Point("train")))
    assert resumed is not None
    assert str(resumed.text).startswith("Reading the corpus and the training so far took 29 s")


SHRINKING = (replace(SCRATCH[0], small_until=0.5, small_scale=0.75, augmentation=Augmentation(shift=0.0)),)


@pytest.mark.parametrize(
    ("limit_s", "compiling_s", "shrinks"), [(None, 9.0, 1), (600.0, 9.0, 1), (30.0, 9.0, 0), (30.0, 0.5, 1)]
)
def test_small_images_are_left_out_where_compiling_for_them_takes_longer_than_they_save(
    limit_s: float | None, compiling_s: float, shrinks: int
):
    costs = replace(COSTS, smaller=1 - 0.5 * (1 - 0.75**2), compiling_s=compiling_s)
    request = TrainRequest("photos", Path("run"), time_limit_s=limit_s)
    plan = plan_fit(request, SPLITS, recipes=SHRINKING, limit_s=limit_s, costs=costs, started=time.monotonic())
    assert plan.recipes == (replace(SHRINKING[0], small_until=0.5 * shrinks),)
    assert plan.costs.smaller == (costs.smaller if shrinks else 1)
