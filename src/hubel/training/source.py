"""What a training split gives, and what takes steps on it: the types of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import numpy as np

from hubel.arrays import Labels

Ahead: TypeAlias = Callable[[int], tuple[list[float], float | None]]
"""At most how many steps → their learning rates, and the scale of their images if that is smaller; no rates to end."""


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
        """Inputs [batch, ...] and labels, int64 [batch], of each batch."""
        ...


class StepSource(Protocol):
    """Takes the steps of an epoch, one or several at a time."""

    def train_epoch(self, epoch: int, *, first: int, ahead: Ahead) -> Iterator[tuple[list[float], int]]:
        """Train the steps that are left of an epoch.

        Args:
            epoch: 0 for the first.
            first: the first step that is left.
            ahead: how the next steps are taken.

        Yields:
            Losses of the steps that were taken, and pixels of the shorter side that they saw; 0 for features.
        """
        ...

    def measure(self, steps: int, *, rate: float, scale: float | None) -> list[float]:
        """Seconds of steps; the first ones compile what is needed.

        Args:
            steps: how many are to be measured.
            rate: learning rate.
            scale: of smaller images, for which is compiled too where many steps are taken at a time; None for none.
        """
        ...
