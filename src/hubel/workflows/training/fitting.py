"""A plan → a trained model: from scratch, or a head on a pretrained backbone and then all of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hubel.architectures.catalogue import Blueprint
from hubel.architectures.spec import LOGITS
from hubel.backends.framework import keras
from hubel.catalogue import Later
from hubel.classifier.engine import compute_logits
from hubel.engines.keras_engine import KerasEngine
from hubel.errors.wording import Option, Remedy, Text
from hubel.events import Message, OnEvent, ignore
from hubel.pipeline.prepare import Prepared
from hubel.text import brief
from hubel.training.fit import Validate, compile_model, fit_model, measure_step
from hubel.training.history import History, accuracy_and_log_loss
from hubel.training.interruption import Moment, Stop, Watch
from hubel.training.plan import FINE_TUNE, HEAD, FitPlan, Point
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, FirstOf, ReplanningClock, StepClock, WallClock
from hubel.training.state import LoopState
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.network import FINE_TUNING_COST, Network, batches_of, weights_of_classes
from hubel.workflows.training.plan_fit import HEAD_EPOCH_S

if TYPE_CHECKING:
    from hubel.training.transfer import KnownFeatures, Standard

fit_head = Later("hubel.training.transfer", "fit_head")
known_features: Callable[..., KnownFeatures] = Later("hubel.training.transfer", "KnownFeatures")
head_lesson = Later("hubel.training.transfer", "HeadLesson")
take_head = Later("hubel.training.transfer", "take_head")
tuning_model = Later("hubel.training.transfer", "tuning_model")
standard_of: Callable[..., Standard] = Later("hubel.training.transfer", "Standard")
all_features = Later("hubel.workflows.training.features_in_time", "all_features")
features_in_time = Later("hubel.workflows.training.features_in_time", "features_in_time")

COMPILING_COST = 2.0
"""Compiling a step of fine-tuning takes about so many times as long as building and compiling the forward pass."""

OnPoint = Callable[[Callable[[], Point], Moment], None]
"""(makes the point that a training is at, why it is offered): keeps it, if it is worth its time."""


def keep_no_point(make_point: Callable[[], Point], moment: Moment) -> None:
    """Keep none.

    Args:
        make_point: makes it; not called.
        moment: why it is offered.
    """


@dataclass(frozen=True)
class Listeners:
    """Who listens to a training.

    Args:
        on_event: hears what goes on.
        on_point: is offered each point that the training could go on from: checkpoints are written there.
        stop: looked at after each step; None where nobody can ask.
    """

    on_event: OnEvent = ignore
    on_point: OnPoint = keep_no_point
    stop: Stop | None = None

    def watch(self, plan: FitPlan, phase: str, *, done: tuple[History, ...] = (), head: tuple = ()) -> Watch:
        """What lets the fit of one phase outlive its end.

        Args:
            plan: says where the training goes on.
            phase: its name in the recipes.
            done: the phases before it.
            head: arrays that came out of them, as in `Point`.
        """

        def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
            self.on_point(lambda: Point(phase, done, head, make_state(), plan.recipes), moment)

        return Watch(plan.point.state_of(phase), keep, self.stop, self.on_event)


@brief
@dataclass(frozen=True)
class Fitted:
    """A trained model and how it came about.

    Args:
        model: trained.
        blueprint: its architecture.
        plan: as it was carried out.
        histories: of each phase.
        features: of the frozen backbone; None where they were not needed.
    """

    model: keras.Model
    blueprint: Blueprint
    plan: FitPlan
    histories: tuple[History, ...]
    features: KnownFeatures | None = field(default=None, repr=False)

    @property
    def recipes(self) -> dict[str, Recipe]:
        """Of each phase."""
        return {recipe.phase: recipe for recipe in self.plan.recipes}

    @property
    def interrupted(self) -> bool:
        """The user stopped it."""
        return any(history.ended_by == "user" for history in self.histories)


@dataclass(frozen=True)
class Entrant:
    """What is trained.

    Args:
        prepared: the corpus at the network's own size, the choice among it.
        network: ready to be trained; None where it has to be built.
        known: features of its frozen backbone, where they are known.
        point: where its training goes on.
        fallback: the corpus and a model trained on it already: what it must beat on the validation split.
    """

    prepared: Prepared[Choice]
    network: Network | None = None
    known: KnownFeatures | None = None
    point: Point = field(default_factory=Point)
    fallback: tuple[Prepared[Choice], Fitted] | None = None


def run_fit(
    plan: FitPlan,
    network: Network,
    *,
    prepared: Prepared[Choice],
    listeners: Listeners | None = None,
    known: KnownFeatures | None = None,
) -> Fitted:
    """Carry a plan out.

    Args:
        plan: of `plan_fit`.
        network: that it was made for.
        prepared: the corpus.
        listeners: who listens; None for nobody.
        known: features of the frozen backbone that another training computed; None to compute them.

    Raises:
        TrainingDiverged: the loss is no longer a number.
        StoppedByUser: Ctrl-C before the first epoch was done, or whoever asked it to stop wants it to leave.
    """
    listeners = listeners or Listeners()
    if plan.recipes[0].phase == HEAD:
        return _fit_pretrained(plan, network, prepared=prepared, listeners=listeners, known=known)
    return _fit_from_scratch(plan, network, prepared=prepared, listeners=listeners)


def _fit_from_scratch(plan: FitPlan, network: Network, *, prepared: Prepared[Choice], listeners: Listeners) -> Fitted:
    """Train every weight, beginning from random ones, or from those of a run of the same network."""
    recipe = plan.recipes[0]
    watch, clock_s = listeners.watch(plan, recipe.phase), None
    if plan.clock_s is not None:
        clock_s = max(1.0, plan.seconds(time.monotonic())) + _spent_s(watch)
    history = _fit_network(
        plan, network, prepared=prepared, pace=_Pace(recipe, recipe.epochs, clock_s, plan.costs.epoch_s), watch=watch
    )
    done = plan.carried_out(1, clock_s=clock_s)
    return Fitted(network.model, network.blueprint, done, (history,))


@dataclass(frozen=True)
class _Pace:
    """What ends a phase: so many epochs, or the clock after these seconds, if any; and the seconds an epoch takes."""

    recipe: Recipe
    epochs: int
    clock_s: float | None
    epoch_s: float


def _fit_network(
    plan: FitPlan,
    network: Network,
    *,
    prepared: Prepared[Choice],
    pace: _Pace,
    watch: Watch,
) -> History:
    """Train the whole network."""
    model, recipe, batches = network.model, pace.recipe, batches_of(prepared, pace.recipe)
    clock: Clock = StepClock(pace.epochs * batches.steps_per_epoch)
    if pace.clock_s is not None:
        wall = WallClock(pace.clock_s, spent_s=_spent_s(watch))
        clock = FirstOf(ReplanningClock(wall, plan.later_s, pace.epoch_s / batches.steps_per_epoch), clock)
    validate = _validation(model, prepared)
    return fit_model(model, batches, validate=validate, recipe=recipe, clock=clock, watch=watch)


def _validation(model: keras.Model, prepared: Prepared[Choice]) -> Validate:
    """Scores the model on the validation split as it is."""
    engine, indices = KerasEngine(model), prepared.indices("validation")
    images, labels = prepared.decoded.images, prepared.labels[indices]
    return lambda: accuracy_and_log_loss(compute_logits(engine, images, indices), labels)


def _spent_s(watch: Watch) -> float:
    """Seconds that the fit has taken already, before it was interrupted."""
    return 0.0 if watch.state is None else watch.state.elapsed_s


def _fit_pretrained(
    plan: FitPlan, network: Network, *, prepared: Prepared[Choice], listeners: Listeners, known: KnownFeatures | None
) -> Fitted:
    """Train a head on the frozen backbone's features; then, where the plan has it, the whole network."""
    head = _head(plan, network, prepared=prepared, listeners=listeners, known=known)
    histories, clock_s = [head.history], None
    if head.history.ended_by != "user" and len(plan.recipes) > 1:
        slower = replace(plan, costs=replace(plan.costs, rate=min(plan.costs.rate, head.rate)))
        late_s = plan.later_s(plan.costs.rate / slower.costs.rate)
        seconds = plan.seconds(time.monotonic(), slower_s=late_s)
        clock_s = None if plan.clock_s is None else seconds
        tuned = _fine_tune(slower, network, prepared=prepared, listeners=listeners, behind=(head, seconds))
        histories += [] if tuned is None else [tuned]
    done = plan.carried_out(len(histories), clock_s=clock_s)
    return Fitted(network.model, network.blueprint, done, tuple(histories), head.features)


@dataclass(frozen=True)
class _Head:
    """A trained head; what standardised its features, and they, where known; images per second of computing them."""

    history: History
    standard: Standard
    features: KnownFeatures | None
    rate: float = math.inf


def _head(
    plan: FitPlan, network: Network, *, prepared: Prepared[Choice], listeners: Listeners, known: KnownFeatures | None
) -> _Head:
    """The head, trained, or as a run had it that goes on behind it; and the features, if needed."""
    layer, mirror = network.model.get_layer(LOGITS), plan.recipes[0].augmentation.mirror
    if plan.point.phase == FINE_TUNE:
        kernel, bias, mean, deviation = plan.point.head
        layer.set_weights([kernel, bias])
        if plan.shares and known is None:
            known = all_features(prepared, network.model, mirror=mirror, on_event=listeners.on_event)
        return _Head(plan.point.done[0], standard_of(mean, deviation), known)
    head = _fit_head(plan, network, prepared=prepared, listeners=listeners, known=known)
    if head.history.ended_by != "user":
        point = Point(FINE_TUNE, (head.history,), _arrays_of(head, network.model), recipes=plan.recipes)
        listeners.on_point(lambda: point, "between")
    return head


def _fit_head(
    plan: FitPlan, network: Network, *, prepared: Prepared[Choice], listeners: Listeners, known: KnownFeatures | None
) -> _Head:
    """Train the head and put it into the model; the features are computed unless an earlier training knows them."""
    recipe, train, rate, seconds = plan.recipes[0], prepared.indices("train"), math.inf, math.inf
    mirror, model, on_event = recipe.augmentation.mirror, network.model, listeners.on_event
    if known is not None and known.holds(train):
        known = known_features(train, known.take(train))
    elif plan.is_part or plan.clock_s is None:  # how long a part may take is known already
        known = all_features(prepared, model, mirror=mirror, on_event=on_event)
    else:
        head_s = recipe.epochs * HEAD_EPOCH_S
        known, rate = features_in_time(
            prepared, model, recipe=recipe, seconds=plan.seconds(time.monotonic()) - head_s, on_event=on_event
        )
        seconds = max(head_s, plan.seconds(time.monotonic()))
    labels, held_out = prepared.labels[known.places], prepared.labels[prepared.indices("validation")]
    lesson = head_lesson(known.computed, labels, held_out, weights_of_classes(prepared, recipe))
    history = fit_head(
        model, lesson, recipe=recipe, on_event=on_event, seconds=seconds,
        goes_on=prepared.chosen.begun_from is not None,
    )  # fmt: skip
    return _Head(history, lesson.standard, known, rate)


def _arrays_of(head: _Head, model: keras.Model) -> tuple[np.ndarray, ...]:
    """What `Point.head` keeps of it."""
    return (*model.get_layer(LOGITS).get_weights(), head.standard.mean, head.standard.deviation)


def _fine_tune(
    plan: FitPlan, network: Network, *, prepared: Prepared[Choice], listeners: Listeners, behind: tuple[_Head, float]
) -> History | None:
    """Train the whole network; the head alone stays where the validation split shows that this is no better.

    None where there is no time for it. ``behind`` are the head and the seconds that are left.
    """
    (head, seconds), recipe = behind, plan.recipes[1]
    watch = listeners.watch(plan, FINE_TUNE, done=(head.history,), head=_arrays_of(head, network.model))
    begun, hurried, costs = time.monotonic(), math.isfinite(seconds), plan.costs
    expected_s = COMPILING_COST * costs.beside_s + FINE_TUNING_COST * len(prepared.splits.train) / costs.rate
    if seconds < expected_s and watch.state is None:
        listeners.on_event(_no_time(f"compiling it and one epoch take about {expected_s:.0f} s"))
        return None
    model = tuning_model(network.model, head.standard)
    compile_model(model, recipe)
    batches = batches_of(prepared, recipe)
    epoch_s = measure_step(model, batches, steps=2 if hurried else 4) * batches.steps_per_epoch
    seconds -= time.monotonic() - begun
    if seconds < epoch_s and watch.state is None:
        listeners.on_event(_no_time(f"one epoch takes about {epoch_s:.0f} s"))
        return None
    seconds += _spent_s(watch)
    epochs = max(1, min(recipe.epochs, int(seconds / epoch_s))) if plan.fits_epochs else recipe.epochs
    pace = _Pace(recipe, epochs, seconds if hurried else None, epoch_s)
    history = _fit_network(plan, replace(network, model=model), prepared=prepared, pace=pace, watch=watch)
    take_head(network.model, model, head.standard)
    return history


def _no_time(why: str) -> Message:
    text = f"No time is left to fine-tune the backbone: {why}."
    return Message(Text(text, Remedy("To allow it, set a longer ", Option("time_limit"), ".")))
