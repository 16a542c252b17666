"""Transfer from a frozen backbone: its features are computed once, and the head learns from them in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hubel.architectures.spec import LOGITS
from hubel.arrays import Describe, Features, ImageStore, Labels
from hubel.backends.framework import keras
from hubel.classifier.engine import LARGE_BATCH
from hubel.events import OnEvent, ignore, in_chunks
from hubel.random_streams import stream
from hubel.training.fit import compile_model, fit_model
from hubel.training.history import History, accuracy_and_log_loss
from hubel.training.interruption import Watch
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, FirstOf, StepClock, WallClock

_CHUNK = 4 * LARGE_BATCH


@dataclass(frozen=True)
class SplitFeatures:
    """Features of the images a head learns from.

    Args:
        plain: float32 [train examples, channels].
        mirrored: the same images, left and right swapped; the plain ones again where mirroring is off.
        validation: float32 [validation examples, channels].
    """

    plain: Features
    mirrored: Features
    validation: Features


@dataclass(frozen=True)
class Standard:
    """What brings each channel of the features to mean 0 and deviation 1, so that one step size suits them all.

    Args:
        mean: float32 [channels].
        deviation: float32 [channels], above 0.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, features: Features) -> Standard:
        """That of some features.

        Args:
            features: float32 [examples, channels].
        """
        deviation = features.std(axis=0)
        # A channel that hardly varies must not be blown up to the size of the others.
        return cls(features.mean(axis=0), np.maximum(deviation, 1e-2 * deviation.mean() + 1e-12))

    def apply(self, features: Features) -> Features:
        """The standardised features, float32 [examples, channels]."""
        return (features - self.mean) / self.deviation

    def unfolded(self, kernel: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
        """What gives the same logits on standardised features.

        Args:
            kernel: [channels, classes], for plain features.
            bias: [classes], for plain features.
        """
        return [kernel * self.deviation[:, None], bias + self.mean @ kernel]

    def folded(self, kernel: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
        """What gives the same logits on plain features.

        Args:
            kernel: [channels, classes], for standardised features.
            bias: [classes], for standardised features.
        """
        plain = kernel / self.deviation[:, None]
        return [plain, bias - self.mean @ plain]


@dataclass(frozen=True)
class HeadLesson:
    """What a head learns from.

    Args:
        features: of the training and the validation split.
        labels: of the training split, int64 [train examples].
        validation_labels: int64 [validation examples].
        class_weights: of each class in the loss, float32 [classes].
    """

    features: SplitFeatures
    labels: Labels
    validation_labels: Labels
    class_weights: np.ndarray

    @cached_property
    def standard(self) -> Standard:
        """Of the training images, not mirrored."""
        return Standard.of(self.features.plain)


@dataclass(frozen=True)
class KnownFeatures:
    """Features that were computed before, and of which images.

    Args:
        places: of the training examples, ascending.
        computed: their features, and those of the validation split.
    """

    places: np.ndarray
    computed: SplitFeatures

    def holds(self, places: np.ndarray) -> bool:
        """The features of all these training examples, int64 [examples], are there."""
        return bool(np.isin(places, self.places).all())

    def take(self, places: np.ndarray) -> SplitFeatures:
        """The same for some of the training examples: int64 [examples], ascending."""
        rows = np.searchsorted(self.places, places)
        plain, mirrored = self.computed.plain, self.computed.mirrored
        taken = plain[rows]
        return SplitFeatures(taken, taken if mirrored is plain else mirrored[rows], self.computed.validation)


def compute_features(
    describe: Describe,
    images: ImageStore,
    *,
    indices: np.ndarray,
    mirrored: bool = False,
    stage: str,
    on_event: OnEvent = ignore,
) -> Features:
    """Run the frozen backbone once over some images.

    Args:
        describe: uint8 [batch, height, width, 3] → features of a frozen backbone, float32 [batch, channels].
        images: uint8 [examples, height, width, 3].
        indices: which of them.
        mirrored: swap left and right first.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.

    Returns:
        float32 [len(indices), channels].
    """
    columns = slice(None, None, -1 if mirrored else None)
    chunks = in_chunks(len(indices), _CHUNK, stage=stage, on_event=on_event)
    parts = [describe(np.asarray(images[indices[chunk]])[:, :, columns]) for chunk in chunks]
    return np.concatenate(parts) if parts else describe(np.asarray(images[:0]))


def fit_head(
    model: keras.Model,
    lesson: HeadLesson,
    *,
    recipe: Recipe,
    on_event: OnEvent = ignore,
    seconds: float = math.inf,
    goes_on: bool = False,
) -> History:
    """Train the dense layer that turns features into logits, and put it into the model.

    The features are standardised while it learns; that is folded into its weights afterwards, so the model needs no
    layer for it.

    Args:
        model: of `PretrainedSpec.build`; its last layer is changed.
        lesson: what it learns from.
        recipe: of the head.
        on_event: hears of each epoch.
        seconds: it ends after these.
        goes_on: begin with the head that the model has, not with one that knows nothing.
    """
    features, class_weights, standard = lesson.features, lesson.class_weights, lesson.standard
    head = keras.Sequential(
        [
            keras.Input((features.plain.shape[1],)),
            keras.layers.Dropout(0.5, seed=recipe.seed),
            keras.layers.Dense(len(class_weights), kernel_initializer="zeros"),
        ]
    )
    if goes_on:
        head.set_weights(standard.unfolded(*model.get_layer(LOGITS).get_weights()))
    compile_model(head, recipe)
    standardised = SplitFeatures(*map(standard.apply, (features.plain, features.mirrored, features.validation)))
    batches = _FeatureBatches(standardised, lesson.labels, recipe.batch_size, class_weights, recipe.seed)

    def validate() -> tuple[float, float] | None:
        kernel, bias = head.get_weights()
        return accuracy_and_log_loss(standardised.validation @ kernel + bias, lesson.validation_labels)

    clock: Clock = StepClock(recipe.epochs * batches.steps_per_epoch)
    if math.isfinite(seconds):
        clock = FirstOf(WallClock(seconds), clock)
    history = fit_model(head, batches, validate=validate, recipe=recipe, clock=clock, watch=Watch(on_event=on_event))
    model.get_layer(LOGITS).set_weights(standard.folded(*head.get_weights()))
    return history


def tuning_model(model: keras.Model, standard: Standard) -> keras.Model:
    """The same network for fine-tuning: its head sees standardised features; it shares the weights of the backbone.

    Args:
        model: of `PretrainedSpec.build`, its head trained.
        standard: of its features.
    """
    logits = model.get_layer(LOGITS)
    scale = keras.layers.Normalization(mean=standard.mean, variance=np.square(standard.deviation), name="standardise")
    head = keras.layers.Dense(logits.units, name=LOGITS)
    tuned = keras.Model(model.input, head(scale(logits.input)), name="tuning")
    head.set_weights(standard.unfolded(*logits.get_weights()))
    return tuned


def take_head(model: keras.Model, tuned: keras.Model, standard: Standard) -> None:
    """Put the head of a tuned network into the model, whose backbone is the same.

    Args:
        model: of `PretrainedSpec.build`; its last layer is changed, unless tuning changed nothing.
        tuned: of `tuning_model`.
        standard: as it was made with.
    """
    before, after = model.get_layer(LOGITS), tuned.get_layer(LOGITS).get_weights()
    unfolded = standard.unfolded(*before.get_weights())
    if not all(map(np.array_equal, unfolded, after)):  # folding back would change the last bits
        before.set_weights(standard.folded(*after))


@dataclass(frozen=True)
class _FeatureBatches:
    """Features in random order; each image plain or mirrored by the toss of a coin."""

    features: SplitFeatures
    labels: Labels
    batch_size: int
    class_weights: np.ndarray
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return max(1, len(self.labels) // self.batch_size)

    @property
    def step_size(self) -> int:
        return min(self.batch_size, len(self.labels))

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, Labels]]:
        rng = stream("feature batches", self.seed, epoch=epoch)
        order = rng.permutation(len(self.labels))
        mirrored = rng.random(len(self.labels)) < 0.5
        for step in range(self.steps_per_epoch):
            chosen = order[step * self.step_size : (step + 1) * self.step_size]
            side = mirrored[chosen][:, None]
            yield np.where(side, self.features.mirrored[chosen], self.features.plain[chosen]), self.labels[chosen]
