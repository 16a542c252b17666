"""The user's words, the splits and what a network costs → the plan of its training, and the plan in words."""

from __future__ import annotations

import time
from dataclasses import replace

from hubel.corpus.split import Splits
from hubel.errors.wording import Option, Remedy, Text
from hubel.events import Message, PlanMade
from hubel.pipeline.augmentation import Augmentation
from hubel.runs.request import TrainRequest
from hubel.text import counted, duration
from hubel.training.plan import BEGUN, FINE_TUNE, HEAD, Costs, FitPlan
from hubel.training.recipe import Recipe
from hubel.wishes import MIRROR
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.time_budget import Deadline, what_follows

SHARES = (0.25, 0.5)
"""Parts of the training split that are trained on beside the whole."""
FEW_LOOKS = 20
"""Epochs below which a network from scratch needs no more than half the usual moves."""
USUAL_SHIFT = Augmentation().shift
"""Further moves are the user's own wish."""
LEAST_TTA_S = 60.0
"""Time limit from which mirrored answers, which make all scoring twice as long, are thought of."""
HEAD_EPOCH_S = 0.1
"""Of one epoch of a head, on a slow processor."""


def plan_fit(
    request: TrainRequest,
    splits: Splits,
    *,
    recipes: tuple[Recipe, ...],
    limit_s: float | None,
    costs: Costs,
    started: float,
) -> FitPlan:
    """What is trained, until when.

    The parts of a learning curve get as much time for each image as the classifier. Without a time limit of the
    user's own they take time of their own.

    Args:
        request: the user's words.
        splits: of the corpus.
        recipes: of the phases, in order.
        limit_s: seconds for everything: the user's own, or chosen where the training would take long. None without.
        costs: of the network.
        started: monotonic seconds from which the limit counts.
    """
    passes = 2 if request.tta == MIRROR or leaves_tta_open(request, recipes) else 1
    afterwards = what_follows(splits, request.time_limit_s, passes=passes)
    reserve_s, shares = afterwards.seconds(costs.rate), SHARES if request.learning_curve else ()
    deadline, now = Deadline(started, limit_s), time.monotonic()
    left_s = deadline.left(reserve_s)
    if request.time_limit_s is not None:
        left_s = (left_s - len(shares) * costs.beside_s) / (1 + sum(shares))
    if request.time_limit_s is not None:
        recipes, costs = _without_small_images(recipes, costs, left_s=left_s)
        recipes = _moved_less(recipes, costs, left_s=left_s)
    if recipes[0].phase == HEAD:
        expected_s = _pretrained_s(splits, recipes, costs=costs, shares=shares) | {"afterwards": reserve_s}
        remaining_s = max(reserve_s, min(sum(expected_s.values()), deadline.left(0)))
    else:
        expected_s = _scratch_s(recipes[0], costs, shares=shares, left_s=left_s) | {"afterwards": reserve_s}
        remaining_s = sum(expected_s.values())
    clock_s = None if limit_s is None else left_s
    return FitPlan(
        recipes, costs, afterwards, limit_s, clock_s, now + left_s, now - started, expected_s, remaining_s, shares,
        fits_epochs=request.epochs is None,
    )  # fmt: skip


def leaves_tta_open(request: TrainRequest, recipes: tuple[Recipe, ...]) -> bool:
    """The validation images decide whether the classifier answers with the mean of each image and its mirror image.

    A user who gives a time leaves it to the plan; of less than a minute, the training needs all. It is looked at where
    the network has learned from mirror images, and from scratch: a pretrained backbone takes long for an answer, and
    gains little.

    Args:
        request: the user's words.
        recipes: of the phases, in order.
    """
    first, limit_s = recipes[0], request.time_limit_s
    is_long = limit_s is not None and limit_s >= LEAST_TTA_S
    return request.tta is None and is_long and first.phase != HEAD and first.augmentation.mirror


def _without_small_images(
    recipes: tuple[Recipe, ...], costs: Costs, *, left_s: float
) -> tuple[tuple[Recipe, ...], Costs]:
    """Images of one size only, where compiling for another takes longer than smaller ones save."""
    first, *others = recipes
    if not first.small_until or left_s * (1 - costs.smaller) >= costs.compiling_s:
        return recipes, costs
    return (replace(first, small_until=0.0), *others), replace(costs, smaller=1.0)


def _moved_less(recipes: tuple[Recipe, ...], costs: Costs, *, left_s: float) -> tuple[Recipe, ...]:
    """Images moved half as far where a network from scratch sees each of them a few times only.

    What the moves are for, that it does not learn images by heart, does not happen in a few epochs. Photographs, of
    which parts are shown as well, gain nothing by it. Measured in docs/decisions/0035-recipe.md.
    """
    first, *others = recipes
    how = first.augmentation
    if first.phase == HEAD or how.zoom or how.shift > USUAL_SHIFT or left_s >= costs.training_s(FEW_LOOKS):
        return recipes
    return (replace(first, augmentation=replace(how, shift=how.shift / 2)), *others)


def _scratch_s(recipe: Recipe, costs: Costs, *, shares: tuple[float, ...], left_s: float) -> dict[str, float]:
    """Seconds of the training and of each part, as expected."""
    left_s = max(1.0, left_s)
    parts = {
        f"{share:.0%}": costs.beside_s + min(costs.training_s(recipe.epochs, share=share), share * left_s)
        for share in shares
    }
    return {recipe.phase: min(costs.training_s(recipe.epochs), left_s)} | parts


def _pretrained_s(
    splits: Splits, recipes: tuple[Recipe, ...], *, costs: Costs, shares: tuple[float, ...]
) -> dict[str, float]:
    """Seconds of both phases and of each part, as expected; a part has no features to compute."""
    head, *tuning = recipes
    passes = 2 if head.augmentation.mirror else 1
    features_s = (len(splits.train) * passes + len(splits.validation)) / costs.rate
    head_s = head.epochs * HEAD_EPOCH_S
    tuning_s = sum(each.epochs * costs.epoch_s for each in tuning)
    parts = {f"{share:.0%}": share * (head_s + tuning_s) + costs.beside_s for share in shares}
    return {HEAD: features_s + head_s, FINE_TUNE: tuning_s} | parts


def describe_plan(plan: FitPlan, choice: Choice, *, splits: Splits, parameters: int) -> PlanMade:
    """The plan as lines for a person, said before training starts.

    Args:
        plan: what is said.
        choice: architecture and preprocessing.
        splits: their sizes are said.
        parameters: of the network.
    """
    name = choice.architecture + ("" if choice.alpha is None else f" with alpha {choice.alpha:g}")
    why = " (chosen for this corpus)" if choice.chosen_for_user else ""
    if choice.alpha is not None and choice.decided is not None:
        why = " (as wide as the time allows)"
    if len(choice.tried) > 1:
        why = f" (the best of {len(choice.tried)} that were tried on this corpus)"
    model = f"{parameters:,} parameters{', pretrained' if plan.recipes[0].phase == HEAD else ''}"
    shares = " and ".join(f"{share:.0%}" for share in plan.shares)
    curve = f"the same anew on {shares} of the training images, for the learning curve"
    return PlanMade(
        (
            ("architecture", f"{name}{why}, {model}"),
            ("images", choice.preprocessing.describe()),
            ("split", f"{len(splits.train):,} train, {len(splits.validation):,} validation, {len(splits.test):,} test"),
            ("training", _training(plan)),
            *([("then", curve)] if plan.shares else []),
            ("augmentation", _changes(plan.recipes[-1].augmentation)),
            ("expected end", f"{_clock_time(plan.remaining_s)}, in about {duration(plan.remaining_s)}"),
        )
    )


def _training(plan: FitPlan) -> str:
    """What is done how long, in words."""
    first, *tuning = plan.recipes
    if first.phase == HEAD:
        head = "a head on frozen features"
        if not tuning:
            return head
        epochs = f"{counted(tuning[0].epochs, 'epoch')} of the whole network"
        if plan.limit_s is None:
            return f"{head}, then {epochs}"
        return f"{head}, then at most {epochs}, ended by the clock after {plan.limit_s:.0f} s"
    epochs = counted(first.epochs, "epoch")
    if plan.limit_s is None:
        return epochs
    training_s = plan.expected_s[first.phase]
    end_s = training_s + plan.elapsed_s if plan.shares else plan.limit_s
    about = training_s / plan.costs.training_s(1)
    how = ", feature maps in bfloat16" if first.arithmetic == "bfloat16" else ""
    return f"about {about:.1f} of at most {epochs}, ended by the clock after {end_s:.0f} s{how}"


def _changes(augmentation: Augmentation) -> str:
    changes = [
        "mirrored" if augmentation.mirror else "",
        f"moved up to {augmentation.shift:.0%}" if augmentation.shift else "",
        f"enlarged up to {1 / (1 - augmentation.zoom):.1f} times" if augmentation.zoom else "",
        f"made smaller, down to {1 / (1 + augmentation.widen):.0%}" if augmentation.widen else "",
        f"brightness changed up to {augmentation.brightness:.0%}" if augmentation.brightness else "",
    ]
    return ", ".join(change for change in changes if change) or "none"


def describe_lateness(plan: FitPlan) -> Message | None:
    """That none of the time is left for the training; None where some is."""
    if plan.limit_s is None or plan.clock_s is None or plan.clock_s >= 1:
        return None
    what = "Reading the corpus" if plan.point.phase == BEGUN else "Reading the corpus and the training so far"
    text = f"{what} took {plan.elapsed_s:.0f} s of the {plan.limit_s:.0f} s: the training will end late."
    return Message(Text(text, Remedy("Use a longer ", Option("time_limit"), ".")), warning=True)


def _clock_time(seconds_from_now: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time.time() + seconds_from_now))
