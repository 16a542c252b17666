"""What is measured of one variant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any

import numpy as np

from hubel.evaluation.metrics import wilson_interval
from hubel.text import brief, elided

LEAST_EPOCHS = 10
"""After fewer, what a network can learn does not show yet. It is also the least that `hubel compare` chooses itself."""
SETTLED = 0.1
"""A network has settled if its validation log loss fell by less than this share in the second half of its training."""


def _nothing() -> np.ndarray:
    return np.zeros(0, bool)


@brief
@dataclass(frozen=True)
class VariantResult:
    """One variant's row; what was not reached is None or empty.

    Args:
        name: of the variant.
        parameters: weights and biases.
        macs: multiply-accumulates of one image's forward pass.
        activation_bytes: of the outputs of all layers for one training batch, float32; computed from their shapes.
        memory_bytes: of one training step: activations, weights, gradients and the optimiser's two averages; computed
            from shapes, without what the framework needs for itself.
        field: (height, width) in pixels of the image that a position behind the last convolution sees, with those that
            lie outside; None without convolutions.
        diverged: its loss was no longer a number; then there are no scores.
        epochs: passes over the training split, with a fraction.
        still_falling: share by which the validation log loss still fell in the second half of the training, by
            `still_falling`; None where nobody can tell.
        epoch_s: seconds of one pass, median, validation not counted.
        train_hits: bool, whether the model names the true class; of training images as they are, not augmented.
        validation_hits, test_hits: the same.
        stays: bool, whether a test image keeps its class under every move.
    """

    name: str
    parameters: int
    macs: int
    activation_bytes: int
    memory_bytes: int
    field: tuple[int, int] | None = None
    diverged: bool = False
    epochs: float | None = None
    still_falling: float | None = None
    epoch_s: float | None = None
    train_hits: np.ndarray = made_by(default_factory=_nothing)
    validation_hits: np.ndarray = made_by(default_factory=_nothing)
    test_hits: np.ndarray = made_by(default_factory=_nothing)
    stays: np.ndarray = made_by(default_factory=_nothing)

    @property
    def accuracy(self) -> float | None:
        """On the test split."""
        return share(self.test_hits)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the accuracy."""
        return wilson_interval(int(self.test_hits.sum()), len(self.test_hits)) if len(self.test_hits) else None

    @property
    def train_accuracy(self) -> float | None:
        """On the training images that are scored."""
        return share(self.train_hits)

    @property
    def gap(self) -> float | None:
        """Accuracy on training images less that on test images."""
        train, test = self.train_accuracy, self.accuracy
        return None if train is None or test is None else train - test

    @property
    def shift_consistency(self) -> float | None:
        """Share of test images that keep their class under every move."""
        return share(self.stays)

    @property
    def unsettled(self) -> str:
        """Why it was trained too little to show what it can learn, in a few words; empty where it was not."""
        if self.epochs is None:
            return ""
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs:.3g} epochs"
        if round(self.epochs, 1) < LEAST_EPOCHS:
            return epochs
        if self.still_falling is not None and self.still_falling >= SETTLED:
            return f"{self.name} was still learning after {epochs}"
        return ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "status": "diverged" if self.diverged else "done",
            "accuracy": self.accuracy,
            "accuracy_interval": None if self.interval is None else list(self.interval),
            "validation_accuracy": share(self.validation_hits),
            "train_accuracy": self.train_accuracy,
            "train_test_gap": self.gap,
            "shift_consistency": self.shift_consistency,
            "parameters": self.parameters,
            "macs": self.macs,
            "receptive_field": None if self.field is None else list(self.field),
            "activation_bytes": self.activation_bytes,
            "memory_bytes": self.memory_bytes,
            "epochs": self.epochs,
            "validation_log_loss_still_fell_by": self.still_falling,
            "epoch_s": self.epoch_s,
        }

    def _brief(self) -> Iterator[str]:
        accuracy = "not scored" if self.accuracy is None else f"accuracy {self.accuracy:.3f}"
        yield f"{elided(self.name)}: {accuracy}, {self.parameters:,} parameters"


def share(hits: np.ndarray) -> float | None:
    """Mean of bools [examples]; None of none."""
    return float(hits.mean()) if len(hits) else None


def still_falling(log_losses: Sequence[float]) -> float | None:
    """Share by which the best of these, one an epoch, is below the best of their first half; None of fewer than 2.

    A network that has settled no longer gains much; see docs/decisions/0020-scores-that-say-only-what-is-known.md.
    """
    half = len(log_losses) // 2
    if not half:
        return None
    before = min(log_losses[:half])
    return 0.0 if before <= 0 else 1 - min(log_losses) / before
