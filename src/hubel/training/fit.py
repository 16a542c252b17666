"""The training loop: steps, validation after each epoch, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from hubel.arrays import Labels
from hubel.backends.framework import BACKEND, keras
from hubel.errors import StoppedByUser, TrainingDiverged
from hubel.events import EpochDone, OnEvent, TrainingProgress, ignore
from hubel.pipeline.batches import made_ahead
from hubel.training.history import EpochRow, History
from hubel.training.optimizer import make_optimizer
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, warm_up_and_anneal

Validate = Callable[[], tuple[float, float]]
"""() → (accuracy, log loss) of the model as it is now on the validation split."""


class Batches(Protocol):
    """A training split that can give its batches of any epoch."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one epoch."""
        ...

    @property
    def step_size(self) -> int:
        """Images in each batch."""
        ...

    @property
    def class_weights(self) -> np.ndarray:
        """Weight of each class in the loss, float32 [classes]."""
        ...

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, Labels]]:
        """Inputs and int64 labels of each batch."""
        ...


@dataclass
class _Best:
    """The best validation score so far and the weights that reached it.

    Least log loss is best: on a few hundred validation images it tells epochs apart that accuracy cannot.
    """

    score: tuple[float, float] = (-math.inf, -1.0)
    weights: list[np.ndarray] | None = None
    epoch: int = 0

    def keep_if_better(self, model: keras.Model, accuracy: float, log_loss: float, epoch: int) -> bool:
        if (-log_loss, accuracy) <= self.score:  # never so without a validation split: then the last epoch is kept
            return False
        self.score, self.weights, self.epoch = (-log_loss, accuracy), model.get_weights(), epoch
        return True


def fit_model(
    model: keras.Model,
    batches: Batches,
    validate: Validate,
    recipe: Recipe,
    clock: Clock,
    *,
    on_event: OnEvent = ignore,
) -> History:
    """Train until the clock says 1, and leave the model with the weights of its best epoch: least validation log loss.

    Ctrl-C ends it early; the best epoch so far is kept.

    Args:
        model: compiled by `compile_model`.
        batches: the training split.
        validate: scores the model as it is.
        recipe: learning rate, patience, class weights.
        clock: how far training is.
        on_event: hears `TrainingProgress` and `EpochDone`.

    Raises:
        TrainingDiverged: the loss is no number any more.
        StoppedByUser: Ctrl-C before the first epoch was done.
    """
    loop = _Loop(model, batches, validate, recipe, clock, on_event)
    try:
        ended_by = loop.run()
    except KeyboardInterrupt:
        if loop.best.weights is None:
            raise StoppedByUser("Stopped before the first epoch was done: there is nothing to keep.") from None
        ended_by = "user"
    if loop.best.weights is not None:
        model.set_weights(loop.best.weights)
    return History(tuple(loop.rows), ended_by, loop.steps / batches.steps_per_epoch)


def compile_model(model: keras.Model, recipe: Recipe) -> None:
    """Give the model its loss and optimiser. XLA is off on processors: it trains no faster and compiles for seconds."""
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    model.compile(optimizer=make_optimizer(recipe), loss=loss, jit_compile=BACKEND == "jax")


def measure_step(model: keras.Model, batches: Batches, *, steps: int = 4) -> float:
    """Seconds of one training step, measured on the first batches; model and optimiser are as before afterwards.

    The number of steps is fixed, so that what follows does not depend on the speed of the machine.

    Args:
        model: compiled by `compile_model`; its training function is compiled here.
        batches: the training split.
        steps: at least 2; the first is not counted, it compiles.
    """
    model.optimizer.build(model.trainable_variables)
    kept = [
        (variable, keras.ops.convert_to_numpy(variable)) for variable in (*model.variables, *model.optimizer.variables)
    ]
    kept = [(variable, np.array(value)) for variable, value in kept]
    seconds = []
    source = (batch for epoch in range(steps) for batch in batches.epoch(epoch))
    for (images, labels), _ in zip(source, range(steps), strict=False):
        start = time.monotonic()
        one_hot = np.eye(len(batches.class_weights), dtype=np.float32)[labels]
        model.train_on_batch(images, one_hot, sample_weight=batches.class_weights[labels])
        seconds.append(time.monotonic() - start)
    for variable, value in kept:
        variable.assign(value)
    return float(np.median(seconds[1:] or seconds))


@dataclass
class _Loop:
    """One fit as it runs."""

    model: keras.Model
    batches: Batches
    validate: Validate
    recipe: Recipe
    clock: Clock
    on_event: OnEvent
    rows: list[EpochRow] = field(default_factory=list)
    best: _Best = field(default_factory=_Best)
    steps: int = 0
    start: float = field(default_factory=time.monotonic)

    def run(self) -> str:
        """Epoch after epoch; returns what ended it."""
        while self.clock.fraction(self.steps) < 1:
            self._epoch(len(self.rows))
            fraction = self.clock.fraction(self.steps)
            waited = len(self.rows) - self.best.epoch
            expected = len(self.rows) / fraction  # epochs in all, as far as can be told now
            if waited > max(5, self.recipe.patience * expected):
                return "patience"
        return "schedule"

    def _epoch(self, epoch: int) -> None:
        start, done, total, side = time.monotonic(), 0, 0.0, 0
        for images, labels in made_ahead(self.batches.epoch(epoch)):
            fraction = self.clock.fraction(self.steps)
            if fraction >= 1 and done:
                break
            total += self._step(images, labels, fraction, epoch)
            done += 1
            side = min(images.shape[1:3]) if images.ndim == 4 else 0
            self._tell_progress(total / done, epoch, done * len(labels) / (time.monotonic() - start))
        loss = total / done
        rate = done * self.batches.step_size / (time.monotonic() - start)
        self._check_weights(epoch)
        accuracy, log_loss = self.validate()
        best = self.best.keep_if_better(self.model, accuracy, log_loss, epoch + 1)
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
                side,
                rate,
                elapsed,
                best,
            )
        )
        self.on_event(EpochDone(self.recipe.phase, epoch + 1, loss, accuracy, log_loss, rate, elapsed, best))

    def _step(self, images: np.ndarray, labels: Labels, fraction: float, epoch: int) -> float:
        factor = warm_up_and_anneal(fraction, warm_up=self.recipe.warm_up)
        self.model.optimizer.learning_rate = self.recipe.learning_rate * factor
        weights = self.batches.class_weights
        one_hot = np.eye(len(weights), dtype=np.float32)[labels]
        result: Any = self.model.train_on_batch(images, one_hot, sample_weight=weights[labels])
        self.steps += 1
        loss = float(result)
        if not math.isfinite(loss):
            raise self._diverged(f"The loss is {loss}", epoch)
        return loss

    def _check_weights(self, epoch: int) -> None:
        """ReLU turns what is no number into 0, so a loss can stay finite over weights that are ruined."""
        if not all(np.isfinite(weights).all() for weights in self.model.get_weights()):
            raise self._diverged("A weight is no number any more", epoch)

    def _diverged(self, what: str, epoch: int) -> TrainingDiverged:
        rate = float(self.model.optimizer.learning_rate)
        return TrainingDiverged(
            f"{what} in step {self.steps} (epoch {epoch + 1}, learning rate {rate:.3g}): the weights have grown "
            "without bound, or the images hold no numbers. No classifier was saved. Try a smaller step: "
            f"--learning-rate {self.recipe.learning_rate / 4:.2g}"
        )

    def _tell_progress(self, loss: float, epoch: int, rate: float) -> None:
        fraction = self.clock.fraction(self.steps)
        elapsed = time.monotonic() - self.start
        left = elapsed / fraction - elapsed if fraction > 0 else math.inf
        self.on_event(TrainingProgress(fraction, epoch + 1, loss, rate, left))
