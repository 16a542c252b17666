"""What a model is fitted to, until when, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.arrays import Labels
from hubel.backends.framework import keras
from hubel.briefs import brief
from hubel.classifier.engine import LARGE_BATCH
from hubel.corpus.split import Splits
from hubel.engines.keras_engine import KerasEngine
from hubel.evaluation.baseline import MOST_EXAMPLES
from hubel.evaluation.evaluate import compute_logits
from hubel.evaluation.learning_curve import SHARES
from hubel.events import OnEvent
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.decoded import DecodedCorpus
from hubel.runs.request import TrainRequest
from hubel.training.fit import Validate
from hubel.training.history import History
from hubel.training.interruption import Survival
from hubel.training.recipe import Recipe
from hubel.training.score import accuracy_and_log_loss
from hubel.training.transfer import KnownFeatures
from hubel.workflows.training.checkpointing import BEGUN, Keeper
from hubel.workflows.training.part_plan import Earlier
from hubel.workflows.training.plan import Choice
from hubel.workflows.training.warm_start import WarmStart

SAVE_S = 5.0
"""Seconds kept for writing the run folder and its report."""
MEASURING_S = 1.0
"""Seconds after which the forward pass is measured no more."""
BASELINE_S = 6e-4
"""Of one training image of the dense baseline, on a slow processor."""
MOST_TRAIN_SCORED = 4000
"""Training images that are looked at again, to learn what is usual and how well they are remembered."""
LEAST_TRAIN_SCORED = 400
"""Fewer say little of what is usual; where time is short, they come before the covered copies."""
FEWEST_TRAIN_SCORED = 100
"""Of these what is usual is learned all the same, also where it is late."""
RESERVED = 0.5
"""Share of a time limit that is kept for what follows a training, where all of it would take longer and can be cut."""
OCCLUDED = 600
"""Covered copies of the worst mistakes, for the report."""


@dataclass(frozen=True)
class Deadline:
    """When everything must be done.

    Args:
        started: monotonic seconds at which the user pressed Enter.
        limit_s: seconds for everything; None without a limit.
    """

    started: float
    limit_s: float | None

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def left(self, reserve_s: float) -> float:
        """Seconds until the limit, less a reserve; infinite without a limit."""
        return float("inf") if self.limit_s is None else self.limit_s - self.elapsed() - reserve_s


@dataclass(frozen=True)
class Work:
    """What a model is fitted to, and by which rules.

    Args:
        request: the user's words.
        choice: architecture and preprocessing.
        decoded: corpus and pixels.
        splits: places of train, validation and test.
        labels: int64 [examples].
        grey: the images have no colour.
        started: monotonic seconds at which the user pressed Enter; as much earlier as an interrupted run had taken.
        on_event: hears what goes on.
        keeper: writes checkpoints; None where none are kept.
        earlier: how a classifier was trained that this training repeats on fewer images; None for the classifier.
        warm: the run whose weights it begins with; None to begin anew.
    """

    request: TrainRequest
    choice: Choice
    decoded: DecodedCorpus
    splits: Splits
    labels: Labels
    grey: bool
    started: float
    on_event: OnEvent
    keeper: Keeper | None = None
    earlier: Earlier | None = None
    warm: WarmStart | None = None

    def survival(self, phase: str, *, done: Sequence[History] = (), extra: Sequence[np.ndarray] = ()) -> Survival:
        """What lets the fit of a phase outlive its end; ``done`` and ``extra`` are of the phases before it."""
        return Survival() if self.keeper is None else self.keeper.survival(phase, done=done, extra=extra)

    @property
    def phase(self) -> str:
        """In which the training goes on; ``"begun"`` from the start."""
        return BEGUN if self.keeper is None else self.keeper.phase

    @property
    def parts(self) -> tuple[float, ...]:
        """Shares of the training split that are trained on after this: those of the learning curve."""
        return SHARES if self.request.learning_curve and self.earlier is None else ()

    def training_s(self, left_s: float, beside_s: float) -> float:
        """Seconds for this training; the parts of a learning curve get as much for each image.

        Args:
            left_s: until the time limit; without one the parts take time of their own.
            beside_s: what each part takes beside its steps.
        """
        if self.request.time_limit_s is None:
            return left_s
        return (left_s - len(self.parts) * beside_s) / (1 + sum(self.parts))

    def indices(self, split: str) -> np.ndarray:
        """int64 places of a split."""
        return np.array(self.splits.of(split), np.int64)

    @property
    def classes(self) -> int:
        """How many logits."""
        return len(self.decoded.corpus.class_names)

    def blueprint(self) -> Blueprint:
        """The architecture at the chosen size."""
        size = self.choice.preprocessing.size
        return make_blueprint(self.choice.entry, size, self.classes, alpha=self.request.alpha)

    def class_weights(self, balance: float) -> np.ndarray:
        """Weight of each class in the loss."""
        return class_weights(self.labels[self.indices("train")], self.classes, balance=balance)

    def batches(self, recipe: Recipe) -> TrainingBatches:
        """The training split by a recipe."""
        return TrainingBatches(
            self.decoded.images,
            self.labels,
            self.indices("train"),
            recipe.batch_size,
            recipe.augmentation,
            self.class_weights(recipe.balance),
            recipe.seed,
        )

    def validation(self, model: keras.Model) -> Validate:
        """Scores the model on the validation split as it is."""
        engine, indices = KerasEngine(model), self.indices("validation")
        images, labels = self.decoded.images, self.labels[indices]
        return lambda: accuracy_and_log_loss(compute_logits(engine, images, indices), labels)


@brief
@dataclass(frozen=True)
class Fitted:
    """A trained model and how it came about.

    Args:
        model: trained.
        blueprint: its architecture.
        recipes: of each phase.
        histories: of each phase.
        time_limit_s: seconds for everything; None without a limit.
        clock_s: seconds that the clock gave to the training of the whole network; None where only epochs ended it.
        beside_s: seconds that another training on this corpus takes beside its steps: building, compiling, scoring.
        features: of the frozen backbone, kept for a learning curve; else None.
    """

    model: keras.Model
    blueprint: Blueprint
    recipes: dict[str, Recipe]
    histories: tuple[History, ...]
    time_limit_s: float | None
    clock_s: float | None = None
    beside_s: float = 0.0
    features: KnownFeatures | None = None

    @property
    def interrupted(self) -> bool:
        """The user stopped it."""
        return any(history.ended_by == "user" for history in self.histories)


def forward_rate(model: keras.Model, work: Work) -> float:
    """Images per second forward, measured on some training images; it also compiles what validation needs.

    A slow machine is measured on one batch instead of three.
    """
    engine = KerasEngine(model)
    images = np.asarray(work.decoded.images[work.indices("train")[:LARGE_BATCH]])
    batch = np.resize(images, (LARGE_BATCH, *images.shape[1:]))
    engine.compute_logits(batch)
    start, batches = time.monotonic(), 0
    while batches < 3 and (not batches or time.monotonic() - start < MEASURING_S):
        engine.compute_logits(batch)
        batches += 1
    return batches * LARGE_BATCH / max(time.monotonic() - start, 1e-9)


def reserve(work: Work, rate: float) -> float:
    """Seconds that remain to be spent after training: a validation, scoring all splits, the baseline, writing.

    Where that would take more than half of a time limit, fewer training images are scored and fewer copies covered.
    """
    train = len(work.splits.train)
    always_s = SAVE_S + BASELINE_S * min(train, MOST_EXAMPLES)
    held_out = 2 * len(work.splits.validation) + len(work.splits.test)
    whole_s = always_s + 1.2 * (held_out + min(train, MOST_TRAIN_SCORED) + OCCLUDED) / rate
    if work.request.time_limit_s is None:
        return whole_s
    least_s = always_s + 1.2 * (held_out + min(train, FEWEST_TRAIN_SCORED)) / rate
    return min(whole_s, max(least_s, RESERVED * work.request.time_limit_s))


def what_follows(work: Work) -> str:
    """The plan's words on what is trained after this; empty where nothing is."""
    if not work.parts:
        return ""
    shares = " and ".join(f"{share:.0%}" for share in work.parts)
    return f"the same anew on {shares} of the training images, for the learning curve"


def beside(work: Work, rate: float, begun: float) -> float:
    """Seconds since a training began, before its first step, and those that scoring the test split will take."""
    return time.monotonic() - begun + 1.2 * len(work.splits.test) / rate
