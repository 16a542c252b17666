"""What happened in each epoch of a run, and the score on the validation split."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hubel.arrays import Labels


@dataclass(frozen=True)
class EpochRow:
    """One epoch.

    Args:
        phase: ``"train"``, or ``"warm-start"`` from the weights of a run; ``"head"`` and ``"fine-tune"`` with a
            pretrained backbone.
        epoch: 1 for the first of the phase.
        steps: optimiser updates so far in the phase.
        loss: mean training loss, with label smoothing and class weights.
        validation_accuracy: share of the validation split; None where that is empty.
        validation_log_loss: in nats, uncalibrated; None where that is empty.
        learning_rate: at the end of the epoch.
        image_side: pixels of the shorter side trained on.
        images_per_s: training images per second, validation not counted.
        elapsed_s: seconds since the phase began.
        best: best validation score so far, that from before the first step of fine-tuning included; False where there
            is none. The last one that is best is kept.
    """

    phase: str
    epoch: int
    steps: int
    loss: float
    validation_accuracy: float | None
    validation_log_loss: float | None
    learning_rate: float
    image_side: int
    images_per_s: float
    elapsed_s: float
    best: bool


COLUMNS = tuple(EpochRow.__dataclass_fields__)


@dataclass(frozen=True)
class History:
    """The epochs of one phase, and why it ended.

    Args:
        rows: one for each epoch, the last may be cut short by the clock.
        ended_by: ``"schedule"``, ``"patience"`` or ``"user"``.
        epochs: passes over the training split, with a fraction.
    """

    rows: tuple[EpochRow, ...]
    ended_by: str
    epochs: float

    def to_json(self) -> dict[str, Any]:
        """What `run.json` says of it."""
        best = next((row for row in reversed(self.rows) if row.best), None)
        return {
            "ended_by": self.ended_by,
            "epochs": round(self.epochs, 3),
            "steps": self.rows[-1].steps if self.rows else 0,
            "best_epoch": best.epoch if best else None,
            "last": asdict(self.rows[-1]) if self.rows else None,
        }


def accuracy_and_log_loss(logits: np.ndarray, labels: Labels) -> tuple[float, float] | None:
    """Accuracy, and mean negative log probability of the true class in nats; None where there are no examples.

    Args:
        logits: float [examples, classes].
        labels: true class indices, int64 [examples].
    """
    if len(labels) == 0:
        return None
    scaled = logits.astype(np.float64)
    shifted = scaled - scaled.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    hit = (logits.argmax(axis=1) == labels).mean()
    return float(hit), float(-log_probabilities[np.arange(len(labels)), labels].mean())
