"""Features of the frozen backbone: of every image, or of as many training images as the time allows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hubel.architectures.families.backbones import feature_model
from hubel.arrays import Features
from hubel.backends.framework import keras
from hubel.classifier.engine import LARGE_BATCH
from hubel.engines.keras_engine import KerasEngine
from hubel.events import Message, Progress
from hubel.random_streams import stream
from hubel.text import counted
from hubel.training.transfer import KnownFeatures, SplitFeatures, compute_features
from hubel.workflows.training.work import Work

LEAST_PER_CLASS = 10
"""Training images of each class, on average, whose features are computed even if that is late: of fewer a head learns
next to nothing."""


def all_features(work: Work, model: keras.Model, train: np.ndarray, *, mirror: bool) -> KnownFeatures:
    """Features of these training images and of the validation split, however long that takes.

    Args:
        work: corpus and splits.
        model: of `PretrainedSpec.build`.
        train: places, ascending.
        mirror: of the mirror images, too.
    """
    engine, images = KerasEngine(feature_model(model)), work.decoded.images

    def features(indices: np.ndarray, stage: str, *, mirrored: bool = False) -> Features:
        return compute_features(engine, images, indices, mirrored=mirrored, stage=stage, on_event=work.on_event)

    plain = features(train, "computing features")
    mirrored = features(train, "computing mirrored features", mirrored=True) if mirror else plain
    validation = features(work.indices("validation"), "computing validation features")
    return KnownFeatures(train, SplitFeatures(plain, mirrored, validation))


def features_in_time(
    work: Work, model: keras.Model, train: np.ndarray, *, mirror: bool, seconds: float
) -> tuple[KnownFeatures, float]:
    """Features of as many training images as there is time for, in random order; then of their mirror images.

    After each batch it looks at the clock again, so a machine that becomes slower computes fewer.

    Args:
        work: corpus and splits.
        model: of `PretrainedSpec.build`.
        train: places, ascending.
        mirror: of the mirror images, too, where time is left.
        seconds: for all of it.

    Returns:
        The features, and how many images a second were computed in the end.
    """
    engine, images = KerasEngine(feature_model(model)), work.decoded.images
    clock = _Batches(time.monotonic() + seconds)
    validation = [clock.timed(engine, images[part]) for part in _parts(work.indices("validation"))]
    order = stream("order of features", work.request.seed).permutation(train)
    least, taken = min(len(train), LEAST_PER_CLASS * work.classes), 0
    plain: list[Features] = []
    for part in _parts(order):
        if taken >= least and not clock.has_time():
            break
        plain.append(clock.timed(engine, images[part]))
        taken += len(part)
        work.on_event(Progress("computing features", taken, len(train)))
    mirrored = list(plain)
    for place, part in enumerate(_parts(order[:taken]) if mirror else ()):
        if not clock.has_time():
            _say_unmirrored(work, taken - place * LARGE_BATCH)
            break
        mirrored[place] = clock.timed(engine, images[part][:, :, ::-1])
        work.on_event(Progress("computing mirrored features", min(taken, (place + 1) * LARGE_BATCH), taken))
    if taken < len(train):
        some = f"{taken:,} of {counted(len(train), 'training image')}"
        text = f"The time limit allows the features of {some}."
        if taken - len(part) < least and time.monotonic() > clock.ends_at:
            text = f"No time is left: it will end late, and learn from {some}."
        work.on_event(Message(f"{text} A longer --time-limit uses more.", warning=True))
    ascending = np.argsort(order[:taken])
    empty = [engine.compute_logits(np.asarray(images[:0]))]
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

    def timed(self, engine: KerasEngine, images: np.ndarray) -> Features:
        begun = time.monotonic()
        features = engine.compute_logits(np.asarray(images))
        self.batch_s = time.monotonic() - begun
        return features


def _parts(places: np.ndarray) -> list[np.ndarray]:
    """Batches of places."""
    return [places[start : start + LARGE_BATCH] for start in range(0, len(places), LARGE_BATCH)]


def _say_unmirrored(work: Work, count: int) -> None:
    text = f"The time limit leaves no time for the mirror images of {counted(count, 'training image')}."
    work.on_event(Message(f"{text} A longer --time-limit uses them."))
