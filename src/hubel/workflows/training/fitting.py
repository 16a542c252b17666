"""Request and material → a trained model: from scratch, or a head on a pretrained backbone and then all of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.families.backbones import set_backbone_weights
from hubel.architectures.families.parts import LOGITS
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.families.residual import ResidualSpec
from hubel.architectures.layer_table import count_macs
from hubel.architectures.whitening import whitening_kernel
from hubel.backends.framework import keras
from hubel.events import Message
from hubel.random_streams import stream
from hubel.runs.request import TrainRequest
from hubel.text import counted
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.history import History
from hubel.training.interruption import Survival
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, FirstOf, ReplanningClock, StepClock, WallClock
from hubel.training.transfer import KnownFeatures, fit_head
from hubel.workflows.training.checkpointing import BEGUN
from hubel.workflows.training.features_in_time import all_features, features_in_time
from hubel.workflows.training.plan import PlanWords, describe_plan, fine_tune_recipe, head_recipe, scratch_recipe
from hubel.workflows.training.work import Deadline, Fitted, Work, beside, forward_rate, reserve, what_follows

WHITENING_IMAGES = 1000
HEAD_EPOCH_S = 0.1
TUNING = "fine-tune"
"""The phase after the head."""
FINE_TUNING_COST = 5.0
"""A step of fine-tuning costs about as much as so many forward passes; only used to foretell how long it takes."""
COMPILING_COST = 2.0
"""Compiling a step of fine-tuning takes about so many times as long as building and compiling the forward pass."""


def fit(work: Work, pretrained: list[np.ndarray] | None) -> Fitted:
    """Train the chosen architecture.

    Args:
        work: everything it needs.
        pretrained: weights of the backbone; None to begin with random ones.
    """
    return fit_from_scratch(work) if pretrained is None else fit_pretrained(work, pretrained)


def fit_from_scratch(work: Work) -> Fitted:
    """Train every weight, beginning from random ones, or from those of a run of the same network."""
    begun = time.monotonic()
    blueprint = work.blueprint()
    if isinstance(blueprint.spec, PretrainedSpec):
        blueprint = replace(blueprint, spec=replace(blueprint.spec, fixed_statistics=False))
    model = build_model(blueprint)
    train = work.indices("train")
    recipe, limit_s = scratch_recipe(
        work.request, work.choice, grey=work.grey, train_examples=len(train), macs=count_macs(model)
    )
    if work.earlier is not None:
        recipe = work.earlier.recipes["train"]
    if work.warm is not None:
        recipe = replace(recipe, phase="warm-start")
        work.warm.put_into(model, work.decoded.corpus.class_names)
    elif isinstance(blueprint.spec, ResidualSpec):
        _whiten_stem(model, blueprint.spec, work, train)
    compile_model(model, recipe)
    batches = work.batches(recipe)
    rate = forward_rate(model, work)
    epoch_s = measure_step(model, batches) * batches.steps_per_epoch
    beside_s = beside(work, rate, begun)
    if work.earlier is not None:
        clock_s = work.earlier.seconds()
    else:
        costs = _Costs(epoch_s, len(work.splits.validation) / rate, reserve(work, rate), beside_s)
        clock_s = _plan_scratch(work, model, recipe, costs, limit_s)
    survival = work.survival(recipe.phase)
    clock: Clock = StepClock(recipe.epochs * batches.steps_per_epoch)
    if clock_s is not None:
        clock_s += _spent_s(survival)
        wall = WallClock(clock_s, spent_s=_spent_s(survival))
        clock = FirstOf(ReplanningClock(wall, reserve(work, rate), epoch_s / batches.steps_per_epoch), clock)
    validate = work.validation(model)
    history = fit_model(model, batches, validate, recipe, clock, on_event=work.on_event, survival=survival)
    return Fitted(model, blueprint, {recipe.phase: recipe}, (history,), limit_s, clock_s, beside_s)


def _spent_s(survival: Survival) -> float:
    """Seconds that the fit has taken already, before it was interrupted."""
    return 0.0 if survival.state is None else survival.state.elapsed_s


@dataclass(frozen=True)
class _Costs:
    """Measured seconds: an epoch's steps, its validation, all that follows, and each part beside its steps."""

    epoch_s: float
    validation_s: float
    reserve_s: float
    beside_s: float

    def training_s(self, epochs: int, *, share: float = 1.0) -> float:
        """Of so many epochs on a share of the training split."""
        return epochs * (share * self.epoch_s + self.validation_s)


def _plan_scratch(work: Work, model: keras.Model, recipe: Recipe, costs: _Costs, limit_s: float | None) -> float | None:
    """Say what will be done until when; returns the seconds that the clock gives, None without a limit."""
    deadline = Deadline(work.started, limit_s)
    left_s = work.training_s(deadline.left(costs.reserve_s), costs.beside_s)
    clock_s = None if limit_s is None else max(1.0, left_s)
    training_s = min(costs.training_s(recipe.epochs), max(1.0, left_s))
    training = counted(recipe.epochs, "epoch")
    if limit_s is not None:
        epochs = training_s / costs.training_s(1)
        end = limit_s if not work.parts else training_s + deadline.elapsed()
        training = f"about {epochs:.1f} of at most {training}, ended by the clock after {end:.0f} s"
    parts_s = [
        costs.beside_s + min(costs.training_s(recipe.epochs, share=share), share * max(1.0, left_s))
        for share in work.parts
    ]
    remaining_s = training_s + costs.reserve_s + sum(parts_s)
    words = PlanWords(f"{model.count_params():,} parameters", training, remaining_s, what_follows(work))
    work.on_event(describe_plan(work.choice, work.splits, recipe, words))
    _say_if_late(work, deadline, left_s)
    return clock_s


def _say_if_late(work: Work, deadline: Deadline, left_s: float) -> None:
    """Say that nothing of the time is left for the training, where it is so."""
    if deadline.limit_s is not None and left_s < 1:
        what = "Reading the corpus" if work.phase == BEGUN else "Reading the corpus and the training so far"
        text = f"{what} took {deadline.elapsed():.0f} s of the {deadline.limit_s:.0f} s: it will end late."
        work.on_event(Message(f"{text} Use a longer --time-limit.", warning=True))


def fit_pretrained(work: Work, weights: list[np.ndarray]) -> Fitted:
    """Train a head on the frozen backbone's features; with --epochs or --time-limit, then the whole network."""
    begun = time.monotonic()
    blueprint = work.blueprint()
    model = build_model(blueprint)
    set_backbone_weights(model, weights)
    if work.warm is not None:
        work.warm.put_into(model, work.decoded.corpus.class_names)
    recipe = head_recipe(work.request, grey=work.grey, train_examples=len(work.splits.train))
    tuning = fine_tune_recipe(work.request, work.choice, grey=work.grey)
    if work.earlier is not None:
        recipe, tuning = work.earlier.recipes["head"], work.earlier.recipes.get("fine-tune", tuning)
    compile_model(model, tuning)
    rate = forward_rate(model, work)
    beside_s, planned_s = beside(work, rate, begun), reserve(work, rate)
    deadline = Deadline(time.monotonic(), None)  # how long a part may take is known already
    if work.earlier is None:
        deadline = _plan_pretrained(work, model, (recipe, tuning), rate, beside_s)
    head = _head(work, model, recipe, deadline)
    recipes, histories, clock_s = {"head": recipe}, [head.history], None
    if head.history.ended_by != "user" and _fine_tunes(work):
        rate = min(rate, head.rate)
        slower_s = reserve(work, rate) - planned_s  # what follows takes longer where the machine has become slower
        clock_s = deadline.left(slower_s) if work.earlier is None else work.earlier.seconds()
        room = _Room(float("inf") if clock_s is None else clock_s, reserve(work, rate), beside_s, rate)
        tuned = _fine_tune(work, model, tuning, room, head.history)
        if tuned is not None:
            recipes["fine-tune"] = tuning
            histories.append(tuned)
    kept = head.features if work.parts else None
    limit_s = work.request.time_limit_s
    return Fitted(model, blueprint, recipes, tuple(histories), limit_s, _finite(clock_s), beside_s, kept)


def _plan_pretrained(
    work: Work, model: keras.Model, recipes: tuple[Recipe, Recipe], rate: float, beside_s: float
) -> Deadline:
    """Say what will be done until when; returns until when it may train."""
    recipe, tuning = recipes
    deadline = Deadline(work.started, work.request.time_limit_s)
    reserve_s = reserve(work, rate)
    head_s, tuning_s = recipe.epochs * HEAD_EPOCH_S, _tuning_s(work, tuning, rate)
    parts_s = sum(share * (head_s + tuning_s) + beside_s for share in work.parts)
    expected_s = _head_s(work, recipe, rate) + tuning_s + parts_s + reserve_s
    words = PlanWords(
        f"{model.count_params():,} parameters, pretrained",
        _what_pretrained_does(work.request, tuning),
        max(reserve_s, min(expected_s, deadline.left(0))),
        what_follows(work),
    )
    work.on_event(describe_plan(work.choice, work.splits, recipe, words))
    left_s = work.training_s(deadline.left(reserve_s), beside_s)
    _say_if_late(work, deadline, left_s)
    return Deadline(time.monotonic(), _finite(left_s))


def _finite(seconds: float | None) -> float | None:
    return None if seconds is None or seconds == float("inf") else seconds


def _fine_tunes(work: Work) -> bool:
    """A part is trained as the classifier was; that one as a whole if the user asked for it by epochs or time."""
    if work.earlier is not None:
        return "fine-tune" in work.earlier.recipes
    return work.request.epochs is not None or work.request.time_limit_s is not None


def _what_pretrained_does(request: TrainRequest, tuning: Recipe) -> str:
    head = "a head on frozen features"
    if request.time_limit_s is not None:
        end = f"ended by the clock after {request.time_limit_s:.0f} s"
        return f"{head}, then at most {counted(tuning.epochs, 'epoch')} of all of the network, {end}"
    return head if request.epochs is None else f"{head}, then {counted(tuning.epochs, 'epoch')} of all of the network"


def _head_s(work: Work, recipe: Recipe, rate: float) -> float:
    """Seconds that the features and the head are expected to take."""
    passes = 2 if recipe.augmentation.mirror else 1
    return (len(work.splits.train) * passes + len(work.splits.validation)) / rate + recipe.epochs * HEAD_EPOCH_S


def _tuning_s(work: Work, recipe: Recipe, rate: float) -> float:
    """Seconds that fine-tuning is expected to take: none, unless the user asked for it by epochs or time."""
    if work.request.time_limit_s is None and work.request.epochs is None:
        return 0.0
    return recipe.epochs * len(work.splits.train) * FINE_TUNING_COST / rate


@dataclass(frozen=True)
class _Head:
    """A trained head; the features it learned from, where they are known; images per second when they were computed."""

    history: History
    features: KnownFeatures | None
    rate: float = math.inf


def _head(work: Work, model: keras.Model, recipe: Recipe, deadline: Deadline) -> _Head:
    """The head, trained, or taken from the checkpoint of a run that had it behind it; and the features, if needed."""
    layer = model.get_layer(LOGITS)
    if work.keeper is not None and work.phase == TUNING:
        layer.set_weights(work.keeper.extra())
        mirror, train = recipe.augmentation.mirror, work.indices("train")
        known = all_features(work, model, train, mirror=mirror) if work.parts else None
        return _Head(work.keeper.done()[0], known)
    head = _fit_head(work, model, recipe, deadline)
    if work.keeper is not None and head.history.ended_by != "user":
        work.keeper.begin(TUNING, done=(head.history,), extra=layer.get_weights())
    return head


def _fit_head(work: Work, model: keras.Model, recipe: Recipe, deadline: Deadline) -> _Head:
    """Train the head and put it into the model; the features are computed unless an earlier training knows them."""
    train, mirror, rate, seconds = work.indices("train"), recipe.augmentation.mirror, math.inf, math.inf
    if work.earlier is not None and work.earlier.features is not None and work.earlier.knows(train):
        known = KnownFeatures(train, work.earlier.features.take(train))
    elif deadline.limit_s is None:
        known = all_features(work, model, train, mirror=mirror)
    else:
        head_s = recipe.epochs * HEAD_EPOCH_S
        known, rate = features_in_time(work, model, train, mirror=mirror, seconds=deadline.left(head_s))
        seconds = max(head_s, deadline.left(0))
    labels = work.labels[known.places], work.labels[work.indices("validation")]
    weights = work.class_weights(recipe.balance)
    history = fit_head(
        model, known.computed, labels, recipe, weights, on_event=work.on_event, seconds=seconds,
        goes_on=work.warm is not None,
    )  # fmt: skip
    return _Head(history, known, rate)


@dataclass(frozen=True)
class _Room:
    """What is known before fine-tuning of the time it has and needs.

    Args:
        seconds: that it has, infinite without a limit.
        reserve_s: planned for what follows.
        beside_s: that building and compiling the forward pass took.
        rate: images per second forward.
    """

    seconds: float
    reserve_s: float
    beside_s: float
    rate: float


def _fine_tune(work: Work, model: keras.Model, recipe: Recipe, room: _Room, head: History) -> History | None:
    """Train the whole network; the head alone stays where the validation split shows that this is no better."""
    batches, validate = work.batches(recipe), work.validation(model)
    survival = work.survival(TUNING, done=(head,), extra=model.get_layer(LOGITS).get_weights())
    begun, hurried = time.monotonic(), math.isfinite(room.seconds)
    expected_s = COMPILING_COST * room.beside_s + FINE_TUNING_COST * len(work.splits.train) / room.rate
    if room.seconds < expected_s and survival.state is None:
        _no_time(work, f"compiling it and one epoch take about {expected_s:.0f} s")
        return None
    epoch_s = measure_step(model, batches, steps=2 if hurried else 4) * batches.steps_per_epoch
    seconds = room.seconds - (time.monotonic() - begun)
    if seconds < epoch_s and survival.state is None:
        _no_time(work, f"one epoch takes about {epoch_s:.0f} s")
        return None
    seconds += _spent_s(survival)
    epochs = recipe.epochs if work.request.epochs is not None else max(1, min(recipe.epochs, int(seconds / epoch_s)))
    clock: Clock = StepClock(epochs * batches.steps_per_epoch)
    if hurried:
        wall = WallClock(seconds, spent_s=_spent_s(survival))
        clock = FirstOf(ReplanningClock(wall, room.reserve_s, epoch_s / batches.steps_per_epoch), clock)
    return fit_model(model, batches, validate, recipe, clock, on_event=work.on_event, survival=survival)


def _no_time(work: Work, why: str) -> None:
    text = f"No time is left to fine-tune the backbone: {why}. A longer --time-limit allows it."
    work.on_event(Message(text))


def _whiten_stem(model: keras.Model, spec: ResidualSpec, work: Work, train: np.ndarray) -> None:
    chosen = stream("whitening", work.request.seed).permutation(train)[:WHITENING_IMAGES]
    images = work.decoded.images[np.sort(chosen)]
    kernel = whitening_kernel(images, kernel_size=spec.stem_kernel, filters=spec.stem_filters)
    model.get_layer("stem").set_weights([kernel, np.zeros(spec.stem_filters, np.float32)])
