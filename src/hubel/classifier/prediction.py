"""Prediction: what a classifier says of one image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubel.arrays import Probabilities


@dataclass(frozen=True)
class Prediction:
    """The classes of one image, most probable first.

    Args:
        class_name: the most probable class.
        probability: its calibrated probability, the confidence.
        probabilities: class name → probability, in the classifier's order; they sum to 1.
        abstained: the confidence is below the classifier's threshold: better ask a person.
    """

    class_name: str
    probability: float
    probabilities: dict[str, float]
    abstained: bool

    def top(self, count: int) -> list[tuple[str, float]]:
        """The ``count`` most probable classes with their probabilities."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:count]


def make_predictions(
    probabilities: Probabilities, class_names: Sequence[str], *, abstention_threshold: float
) -> list[Prediction]:
    """One `Prediction` for each row of ``probabilities``."""
    predictions = []
    for row in probabilities:
        best = int(row.argmax())
        named = {name: float(value) for name, value in zip(class_names, row, strict=True)}
        confidence = float(row[best])
        predictions.append(Prediction(class_names[best], confidence, named, confidence < abstention_threshold))
    return predictions
