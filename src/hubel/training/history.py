"""What happened in each epoch of a run."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class EpochRow:
    """One epoch.

    Args:
        phase: ``"train"``, or ``"head"`` and ``"fine-tune"`` with a pretrained backbone.
        epoch: 1 for the first of the phase.
        steps: optimiser updates so far in the phase.
        loss: mean training loss, with label smoothing and class weights.
        validation_accuracy: share of the validation split.
        validation_log_loss: in nats, uncalibrated.
        learning_rate: at the end of the epoch.
        image_side: pixels of the shorter side trained on.
        images_per_s: training images per second, validation not counted.
        elapsed_s: seconds since the phase began.
        best: best validation score so far.
    """

    phase: str
    epoch: int
    steps: int
    loss: float
    validation_accuracy: float
    validation_log_loss: float
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
        best = max(self.rows, key=_score) if self.rows else None
        return {
            "ended_by": self.ended_by,
            "epochs": round(self.epochs, 3),
            "steps": self.rows[-1].steps if self.rows else 0,
            "best_epoch": best.epoch if best else None,
            "last": {name: _or_none(value) for name, value in asdict(self.rows[-1]).items()} if self.rows else None,
        }


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _score(row: EpochRow) -> tuple[float, float]:
    return -row.validation_log_loss, row.validation_accuracy
