"""The training loop: steps, validation after each epoch, the best weights kept."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from hubel.arrays import Labels
from hubel.backends.framework import BACKEND, is_out_of_memory, keras, on_accelerator
from hubel.catalogue import Later
from hubel.errors import StoppedByUser, TrainingDiverged
from hubel.errors.wording import Option, Remedy
from hubel.events import EpochDone, PhaseDone, StopHeard, TrainingProgress
from hubel.pipeline.augmentation import shrink
from hubel.pipeline.batches import made_ahead
from hubel.training.history import EpochRow, History
from hubel.training.interruption import Watch
from hubel.training.optimizer import averaged, make_optimizer
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, StepClock, warm_up_and_anneal
from hubel.training.state import LoopState, put_tensors, take_tensors

if TYPE_CHECKING:
    from hubel.training.source import Ahead, Batches, StepSource

find_fused_source: Callable[..., StepSource | None] = Later("hubel.training.fused_steps", "find_fused_source")
no_room = Later("hubel.training.out_of_memory", "no_room")
computing = Later("hubel.backends.arithmetic", "computing")

_TRACED: WeakKeyDictionary[keras.Model, str] = WeakKeyDictionary()
"""Arithmetic that the steps of a model are traced in: once traced, they stay so."""
OPTIMIZER_BYTES = 16
"""Of one parameter in training: the weight, its gradient and two averages, 4 bytes each."""
Validate = Callable[[], tuple[float, float] | None]
"""() → (accuracy, log loss) of the model as it is now on the validation split; None where that is empty."""


@dataclass
class _Best:
    """The best validation score so far and the weights that reached it.

    Least log loss is best: on a few hundred validation images it tells epochs apart that accuracy cannot. Without a
    validation split no epoch is better than another, and the last one is kept. Epoch 0 is the model before its first
    step, where it is a classifier by then.
    """

    score: tuple[float, float] = (-math.inf, -1.0)
    weights: list[np.ndarray] | None = None
    epoch: int = 0

    @property
    def validated(self) -> tuple[float, float] | tuple[None, None]:
        """Accuracy and log loss; None without a validation split."""
        return (None, None) if self.score[1] < 0 else (self.score[1], -self.score[0])

    def keep_if_better(self, model: keras.Model, validated: tuple[float, float] | None, *, epoch: int) -> bool:
        if validated is None:
            self.weights, self.epoch = model.get_weights(), epoch
            return False
        accuracy, log_loss = validated
        if (-log_loss, accuracy) <= self.score:
            return False
        self.score, self.weights, self.epoch = (-log_loss, accuracy), model.get_weights(), epoch
        return True


def fit_model(
    model: keras.Model,
    batches: Batches,
    *,
    validate: Validate,
    recipe: Recipe,
    clock: Clock,
    watch: Watch | None = None,
) -> History:
    """Train until the clock says 1, and leave the model with the weights of its best epoch: least validation log loss.

    Without a validation split it ends with the weights of the last epoch. Where the recipe begins with a trained model,
    that is what the epochs have to beat: it ends as it began if none does.

    Ctrl-C ends it early; the best epoch so far is kept. Every step is a function of the state before it, so a fit that
    goes on from a state that was kept does what the first would have done, to the bit.

    Args:
        model: compiled by `compile_model`.
        batches: the training split.
        validate: scores the model as it is.
        recipe: learning rate, patience, class weights.
        clock: how far training is.
        watch: who watches it, and a state to go on from; None for nobody, from the start.

    Raises:
        TrainingDiverged: the loss is no longer a number.
        StoppedByUser: Ctrl-C before the first epoch was done, or whoever asked it to stop wants it to leave.
    """
    watch = Watch() if watch is None else watch
    on_event = watch.on_event
    loop = _Loop(model, batches, validate, recipe, clock, watch)
    if recipe.begins_trained:
        loop.best.keep_if_better(model, validate(), epoch=0)
    if watch.state is not None:
        loop.go_on_from(watch.state)
    try:
        if watch.stop is not None:
            on_event(StopHeard(now=True))
        ended_by = loop.run()
    except KeyboardInterrupt:
        ended_by = "user"
    finally:
        if watch.stop is not None:
            on_event(StopHeard(now=False))
    if ended_by == "user" and watch.leaves:
        raise StoppedByUser("Stopped.")
    if ended_by == "user" and loop.best.weights is None:
        raise StoppedByUser("Stopped before the first epoch was done: there is no classifier yet.")
    if loop.best.weights is not None:
        model.set_weights(loop.best.weights)
    epochs = loop.steps / batches.steps_per_epoch
    on_event(PhaseDone(recipe.phase, recipe.epochs, epochs, ended_by, loop.best.epoch, *loop.best.validated))
    return History(tuple(loop.rows), ended_by, epochs)


def compile_model(model: keras.Model, recipe: Recipe) -> None:
    """Give the model its loss and optimiser. XLA is off on processors: it trains no faster and compiles for seconds.

    Args:
        model: images in, logits out.
        recipe: optimiser and label smoothing.
    """
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    if recipe.small_until:
        model.input_spec = keras.InputSpec(shape=(None, None, None, model.input.shape[-1]))
    model.compile(optimizer=make_optimizer(recipe), loss=loss, jit_compile=BACKEND == "jax")


def measure_step(model: keras.Model, batches: Batches, *, steps: int = 4, recipe: Recipe | None = None) -> float:
    """Seconds of one training step, measured on the first batches; model and optimiser are as before afterwards.

    The number of steps is fixed, so that what follows does not depend on the speed of the machine.

    Args:
        model: compiled by `compile_model`; its training function is compiled here.
        batches: the training split.
        steps: at least 2; the first is not counted, it compiles.
        recipe: that is trained by: a step has its arithmetic, and a graphics card compiles for its smaller images, too.
    """
    model.optimizer.build(model.trainable_variables)
    kept = [
        (variable, keras.ops.convert_to_numpy(variable)) for variable in (*model.variables, *model.optimizer.variables)
    ]
    kept = [(variable, np.array(value)) for variable, value in kept]
    scale = recipe.small_scale if recipe is not None and recipe.small_until else None
    source = _source(model, batches, arithmetic=Recipe.arithmetic if recipe is None else recipe.arithmetic)
    seconds = source.measure(steps, rate=float(model.optimizer.learning_rate), scale=scale)
    for variable, value in kept:
        variable.assign(value)
    return float(np.median(seconds[1:] or seconds))


def _source(model: keras.Model, batches: Batches, *, arithmetic: str) -> StepSource:
    """What takes the steps: on a graphics card many at a time."""
    if BACKEND != "tensorflow" and (os.environ.get("HUBEL_STEPS") or on_accelerator()):
        fused = find_fused_source(
            model, batches, no_room=lambda shape: no_room(model, shape, optimizer_bytes=OPTIMIZER_BYTES)
        )
        if fused is not None:
            return fused
    if _TRACED.get(model, arithmetic) != arithmetic:
        model.make_train_function(force=True)
    _TRACED[model] = arithmetic
    return _SingleSource(model, batches, arithmetic)


@dataclass(frozen=True)
class _SingleSource:
    """Takes one step at a time, the batches of the next ones made meanwhile."""

    model: keras.Model
    batches: Batches
    arithmetic: str = Recipe.arithmetic

    def train_epoch(self, epoch: int, *, first: int, ahead: Ahead) -> Iterator[tuple[list[float], int]]:
        for whole, labels in made_ahead(islice(self.batches.epoch(epoch), first, None)):
            rates, scale = ahead(1)
            if not rates:
                return
            images = whole if scale is None else shrink(whole, scale)
            self.model.optimizer.learning_rate = rates[0]
            yield [self._step(images, labels)], min(images.shape[1:3]) if images.ndim == 4 else 0

    def measure(self, steps: int, *, rate: float, scale: float | None) -> list[float]:  # noqa: ARG002  (as they are)
        seconds = []
        source = (batch for epoch in range(steps) for batch in self.batches.epoch(epoch))
        for (images, labels), _ in zip(source, range(steps), strict=False):
            start = time.monotonic()
            self._step(images, labels)
            seconds.append(time.monotonic() - start)
        return seconds

    def _step(self, images: np.ndarray, labels: Labels) -> float:
        weights = self.batches.class_weights
        one_hot = np.eye(len(weights), dtype=np.float32)[labels]
        usual = self.arithmetic == Recipe.arithmetic
        with nullcontext() if usual else computing(self.model, self.arithmetic):
            return _train_on_batch(self.model, images, one_hot=one_hot, weights=weights[labels])


def _train_on_batch(model: keras.Model, images: np.ndarray, *, one_hot: np.ndarray, weights: np.ndarray) -> float:
    """One step; its loss.

    Raises:
        OutOfMemory: says how much a step takes, and what takes less.
    """
    try:
        result: Any = model.train_on_batch(images, one_hot, sample_weight=weights)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise no_room(model, images.shape, optimizer_bytes=OPTIMIZER_BYTES) from error
    return float(result)


@dataclass
class _Loop:
    """One fit as it runs; ``done``, ``total``, ``side`` and ``rate`` are of the epoch that is not done yet."""

    model: keras.Model
    batches: Batches
    validate: Validate
    recipe: Recipe
    clock: Clock
    watch: Watch
    rows: list[EpochRow] = field(default_factory=list)
    best: _Best = field(default_factory=_Best)
    steps: int = 0
    done: int = 0
    total: float = 0.0
    side: int = 0
    rate: float = 0.0
    start: float = field(default_factory=time.monotonic)
    looked: tuple[int, float] = (0, 0.0)

    def __post_init__(self) -> None:
        self.source = _source(self.model, self.batches, arithmetic=self.recipe.arithmetic)

    def go_on_from(self, state: LoopState) -> None:
        """Become the fit that the state was taken from."""
        weights = put_tensors(self.model, state.tensors)
        self.rows, self.steps = list(state.rows), state.steps
        self.done, self.total, self.side = state.epoch_steps, state.epoch_loss, state.image_side
        if weights is None:
            weights = self.model.get_weights() if state.best_epoch else self.best.weights
        self.best = _Best(state.best_score, weights, state.best_epoch)
        self.start = time.monotonic() - state.elapsed_s

    def run(self) -> str:
        """Epoch after epoch; returns what ended it."""
        while True:
            if self.watch.asked:
                self._check_weights(len(self.rows))
                self.watch.keep(self._state, "leave" if self.watch.leaves else "stop")
                return "user"
            ended_by = self._ended_by()
            if ended_by is not None:
                self.watch.keep(self._state, "end")
                return ended_by
            if self._steps_of_epoch():
                self._close_epoch()
                self.watch.keep(self._state, "epoch")

    def _ended_by(self) -> str | None:
        fraction = self.clock.fraction(self.steps)
        if self.done:  # all of this is a matter of whole epochs, also for a fit that goes on
            return None
        if fraction >= 1:
            return "schedule"
        if self.rows:
            waited = len(self.rows) - self.best.epoch
            expected = len(self.rows) / fraction  # epochs in all, as far as can be told now
            if waited > max(5, self.recipe.patience * expected):
                return "patience"
        return None

    def _steps_of_epoch(self) -> bool:
        """The steps that are left of an epoch; False if it was asked to stop in between."""
        epoch, first, start = len(self.rows), self.done, time.monotonic()
        for losses, side in self.source.train_epoch(epoch, first=first, ahead=self._ahead):
            for loss in losses:
                self._count(loss, epoch)
            self.side = side
            self.rate = (self.done - first) * self.batches.step_size / (time.monotonic() - start)
            self._tell_progress(self.total / self.done, epoch)
            if self.watch.asked:
                return False
        return True

    def _ahead(self, most: int) -> tuple[list[float], float | None]:
        """Of the next steps that see images of one size: learning rates, and the scale of their images."""
        recipe, now = self.recipe, self.clock.fraction(self.steps)
        if now >= 1 and self.done:
            return [], None
        is_small = now < recipe.small_until
        shares = [
            now,
            *takewhile(lambda each: each < 1 and (each < recipe.small_until) == is_small, self._later(now, most)),
        ]
        rates = [recipe.learning_rate * warm_up_and_anneal(each, warm_up=recipe.warm_up) for each in shares]
        return rates, recipe.small_scale if is_small else None

    def _later(self, now: float, most: int) -> list[float]:
        """Shares of the training at which the steps after the next begin: counted, or expected by the pace so far."""
        (steps, before), self.looked = self.looked, (self.steps, now)
        if isinstance(self.clock, StepClock):
            return [self.clock.fraction(self.steps + place) for place in range(1, most)]
        if self.steps == steps:
            return []
        return [now + place * (now - before) / (self.steps - steps) for place in range(1, most)]

    def _close_epoch(self) -> None:
        """Validation, and a row of the history."""
        epoch, loss = len(self.rows), self.total / self.done
        self._check_weights(epoch)
        with averaged(self.model):
            validated = self.validate()
            best = self.best.keep_if_better(self.model, validated, epoch=epoch + 1)
        accuracy, log_loss = validated or (None, None)
        elapsed = time.monotonic() - self.start
        learning_rate = float(self.model.optimizer.learning_rate)
        self.rows.append(
            EpochRow(
                self.recipe.phase,
                epoch + 1,
                self.steps,
                loss,
                accuracy,
                log_loss,
                learning_rate,
                self.side,
                self.rate,
                elapsed,
                best,
            )
        )
        self.done, self.total = 0, 0.0
        self.watch.on_event(EpochDone(self.recipe.phase, epoch + 1, loss, accuracy, log_loss, self.rate, elapsed, best))

    def _state(self) -> LoopState:
        best = self.best
        # whether the best weights are those that the model has now
        own = best.epoch == len(self.rows) and not self.done and not self.recipe.averaging
        return LoopState(
            self.steps,
            tuple(self.rows),
            self.done,
            self.total,
            self.side,
            best.score,
            best.epoch,
            time.monotonic() - self.start,
            take_tensors(self.model, None if own else best.weights),
        )

    def _count(self, loss: float, epoch: int) -> None:
        self.steps += 1
        if not math.isfinite(loss):
            raise self._diverged(f"The loss is {loss}", epoch)
        self.total += loss
        self.done += 1

    def _check_weights(self, epoch: int) -> None:
        """ReLU turns what is not a number into 0, so a loss can stay finite over weights that are ruined."""
        if not all(np.isfinite(weights).all() for weights in self.model.get_weights()):
            raise self._diverged("A weight is no longer a number", epoch)

    def _diverged(self, what: str, epoch: int) -> TrainingDiverged:
        rate = float(self.model.optimizer.learning_rate)
        smaller = float(f"{self.recipe.learning_rate / 4:.2g}")
        return TrainingDiverged(
            f"{what} in step {self.steps} (epoch {epoch + 1}, learning rate {rate:.3g}): the weights have grown "
            "without bound, or the images contain values that are not numbers.",
            Remedy("Take smaller steps: ", Option("learning_rate", smaller), "."),
        )

    def _tell_progress(self, loss: float, epoch: int) -> None:
        fraction = self.clock.fraction(self.steps)
        elapsed = time.monotonic() - self.start
        left = elapsed / fraction - elapsed if fraction > 0 else math.inf
        self.watch.on_event(TrainingProgress(fraction, epoch + 1, loss, self.rate, left))
