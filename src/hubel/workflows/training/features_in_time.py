"""Features of the frozen backbone: of every image, or of as many training images as the time allows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Describe, Features
from hubel.backends.framework import keras
from hubel.classifier.engine import LARGE_BATCH
from hubel.engines.backbone_engine import describe_by
from hubel.errors.wording import Option, Remedy, Text
from hubel.events import Message, OnEvent, Progress, ignore
from hubel.pipeline.prepare import Prepared
from hubel.random_streams import stream
from hubel.text import counted
from hubel.training.recipe import Recipe
from hubel.training.transfer import KnownFeatures, SplitFeatures, compute_features
from hubel.workflows.training.choose import Choice

LEAST_PER_CLASS = 10
"""Training images of each class, on average, whose features are computed even if that is late: of fewer a head learns
next to nothing."""


def all_features(
    prepared: Prepared[Choice], model: keras.Model, *, mirror: bool, on_event: OnEvent = ignore
) -> KnownFeatures:
    """Features of the training and the validation split, however long that takes.

    Args:
        prepared: the corpus.
        model: of `PretrainedSpec.build`.
        mirror: of the mirror images, too.
        on_event: hears `Progress`.

    Returns:
        Of the training images [examples, channels], plain and mirrored, and of those of the validation split.
    """
    describe, images, train = describe_by(model), prepared.decoded.images, prepared.indices("train")

    def features(indices: np.ndarray, stage: str, *, mirrored: bool = False) -> Features:
        return compute_features(describe, images, indices=indices, mirrored=mirrored, stage=stage, on_event=on_event)

    plain = features(train, "computing features")
    mirrored = features(train, "computing mirrored features", mirrored=True) if mirror else plain
    validation = features(prepared.indices("validation"), "computing validation features")
    return KnownFeatures(train, SplitFeatures(plain, mirrored, validation))


def features_in_time(
    prepared: Prepared[Choice], model: keras.Model, *, recipe: Recipe, seconds: float, on_event: OnEvent = ignore
) -> tuple[KnownFeatures, float]:
    """Features of as many training images as there is time for, in random order; then of their mirror images.

    After each batch it looks at the clock again, so a machine that becomes slower computes fewer.

    Args:
        prepared: the corpus.
        model: of `PretrainedSpec.build`.
        recipe: of the head: its seed, and whether mirror images are learned from.
        seconds: for all of it.
        on_event: hears `Progress`, and of what is left out.

    Returns:
        The features [examples, channels], and how many images a second were computed in the end.
    """
    describe, images, train = describe_by(model), prepared.decoded.images, prepared.indices("train")
    clock = _Batches(time.monotonic() + seconds)
    validation = [clock.timed(describe, images[part]) for part in _parts(prepared.indices("validation"))]
    order = stream("order of features", recipe.seed).permutation(train)
    least, taken = min(len(train), LEAST_PER_CLASS * prepared.classes), 0
    plain: list[Features] = []
    for part in _parts(order):
        if taken >= least and not clock.has_time():
            break
        plain.append(clock.timed(describe, images[part]))
        taken += len(part)
        on_event(Progress("computing features", taken, len(train)))
    mirrored = list(plain)
    for place, part in enumerate(_parts(order[:taken]) if recipe.augmentation.mirror else ()):
        if not clock.has_time():
            on_event(_unmirrored(taken - place * LARGE_BATCH))
            break
        mirrored[place] = clock.timed(describe, images[part][:, :, ::-1])
        on_event(Progress("computing mirrored features", min(taken, (place + 1) * LARGE_BATCH), taken))
    if taken < len(train):
        some = f"{taken:,} of {counted(len(train), 'training image')}"
        text = f"The time limit allows the features of {some}."
        if taken - len(part) < least and time.monotonic() > clock.ends_at:
            text = f"No time is left: the training will end late, and learn from {some}."
        on_event(Message(Text(text, Remedy("To use more, set a longer ", Option("time_limit"), ".")), warning=True))
    ascending = np.argsort(order[:taken])
    empty = [describe(np.asarray(images[:0]))]
    parts = (np.concatenate(plain)[ascending], np.concatenate(mirrored)[ascending], np.concatenate(validation or empty))
    return KnownFeatures(order[:taken][ascending], SplitFeatures(*parts)), clock.rate


@dataclass
class _Batches:
    """Batches that are timed; ``ends_at`` are monotonic seconds, ``batch_s`` is how long the last one took."""

    ends_at: float
    batch_s: float = 0.0

    @property
    def rate(self) -> float:
        """Images per second."""
        return LARGE_BATCH / max(self.batch_s, 1e-9)

    def has_time(self) -> bool:
        """Another batch that takes as long as the last one ends in time."""
        return time.monotonic() + self.batch_s <= self.ends_at

    def timed(self, describe: Describe, images: np.ndarray) -> Features:
        begun = time.monotonic()
        features = describe(np.asarray(images))
        self.batch_s = time.monotonic() - begun
        return features


def _parts(places: np.ndarray) -> list[np.ndarray]:
    """Batches of places."""
    return [places[start : start + LARGE_BATCH] for start in range(0, len(places), LARGE_BATCH)]


def _unmirrored(count: int) -> Message:
    text = f"The time limit leaves no time for the mirror images of {counted(count, 'training image')}."
    return Message(Text(text, Remedy("To use them, set a longer ", Option("time_limit"), ".")))
