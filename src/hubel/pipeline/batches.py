"""Split + augmentation → batches of (images, labels), made one ahead of the training step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from hubel.arrays import ImageStore, Labels
from hubel.pipeline.augmentation import Augmentation, EpochDraws, augment, draw, find_places
from hubel.random_streams import stream

AHEAD = 2
"""Batches that are made, or wait, while a step is trained."""


@dataclass(frozen=True)
class EpochPlaces:
    """Which pixels make each batch of an epoch, for whoever holds those of the training split and gathers them itself.

    Args:
        examples: int32 [steps, batch], places in the training split.
        labels: int32 [steps, batch].
        rows: int16 [steps, batch, height], where each row of a batch's image comes from.
        columns: int16 [steps, batch, width].
        gains: float32 [steps, batch, 3], factors of the colour channels; what is above 255 then is 255.
    """

    examples: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    gains: np.ndarray


@dataclass(frozen=True)
class TrainingBatches:
    """The training split, shuffled and augmented anew for each epoch.

    Args:
        images: uint8 [examples, height, width, 3], all of the corpus.
        labels: int64 [examples], all of the corpus.
        indices: int64 [training examples], places in both.
        batch_size: images per step; the last, smaller batch of an epoch is left out where there are several.
        augmentation: random changes.
        class_weights: weight of each class in the loss, float32 [classes].
        seed: of the run.
    """

    images: ImageStore
    labels: Labels
    indices: np.ndarray
    batch_size: int
    augmentation: Augmentation
    class_weights: np.ndarray
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one epoch, at least 1."""
        return max(1, len(self.indices) // self.batch_size)

    @property
    def step_size(self) -> int:
        """Images in every batch: all of a split that is smaller than ``batch_size``."""
        return min(self.batch_size, len(self.indices))

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, Labels]]:
        """Batches of one epoch: float32 [batch, height, width, 3] and int64 [batch].

        Every batch is a function of (seed, epoch, place); all have the same size.
        """
        order, draws = self._order(epoch), self._draws(epoch)
        for step in range(self.steps_per_epoch):
            chosen = order[step * self.step_size : (step + 1) * self.step_size]
            yield augment(self.images, chosen, draws=draws), self.labels[chosen]

    def places(self, epoch: int) -> EpochPlaces:
        """The same epoch as the places of its pixels in ``images[indices]``.

        Args:
            epoch: 0 for the first.
        """
        shape = (self.steps_per_epoch, self.step_size)
        order, draws = self._order(epoch)[: shape[0] * shape[1]], self._draws(epoch)
        in_split = np.zeros(len(self.images), np.int32)
        in_split[self.indices] = np.arange(len(self.indices))
        rows, columns = find_places(self.images.shape[1:3], order, draws=draws)
        return EpochPlaces(
            in_split[order].reshape(shape),
            self.labels[order].astype(np.int32).reshape(shape),
            rows.astype(np.int16).reshape(*shape, -1),
            columns.astype(np.int16).reshape(*shape, -1),
            draws.gains[order].astype(np.float32).reshape(*shape, 3),
        )

    def _order(self, epoch: int) -> np.ndarray:
        return stream("batch order", self.seed, epoch=epoch).permutation(self.indices)

    def _draws(self, epoch: int) -> EpochDraws:
        return draw(self.augmentation, len(self.images), seed=self.seed, epoch=epoch)


def class_weights(labels: Labels, classes: int, *, balance: float) -> np.ndarray:
    """Weight of each class in the loss: (mean count / its count) ** balance, mean 1 over the examples.

    Args:
        labels: of the training split.
        classes: how many there are.
        balance: 0 weighs every example the same, 1 every class.

    Returns:
        float32 [classes].
    """
    counts = np.bincount(labels, minlength=classes)
    weights = (counts[counts > 0].mean() / np.maximum(counts, 1)) ** balance
    return (weights / weights[labels].mean()).astype(np.float32)


def made_ahead(batches: Iterator[tuple[np.ndarray, Labels]]) -> Iterator[tuple[np.ndarray, Labels]]:
    """The same batches, the next `AHEAD` of them made in a second thread while the caller works with the one before.

    Args:
        batches: [batch, height, width, 3] and [batch], consumed in the thread; its error is raised here.
    """

    def following() -> tuple[np.ndarray, Labels] | None:
        return next(batches, None)

    pool = ThreadPoolExecutor(1, thread_name_prefix="hubel-batches")
    try:
        waiting = deque(pool.submit(following) for _ in range(AHEAD))
        while (batch := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(following))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)
