"""EvaluationReport: every number of ``metrics.json`` about one split, and the rows of ``predictions.csv``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hubel.arrays import Labels, Probabilities
from hubel.evaluation import metrics


@dataclass(frozen=True)
class EvaluationReport:
    """How a classifier did on examples it was not trained on.

    Args:
        class_names: in the order of the columns.
        probabilities: calibrated, float64 [examples, classes].
        uncalibrated: the same at temperature 1.
        labels: true class indices, int64 [examples].
        threshold: confidence below which the classifier abstains.
    """

    class_names: tuple[str, ...]
    probabilities: Probabilities
    uncalibrated: Probabilities
    labels: Labels
    threshold: float

    @property
    def predicted(self) -> Labels:
        """Class index of the most probable class, int64 [examples]."""
        return self.probabilities.argmax(axis=1)

    @property
    def confusion(self) -> np.ndarray:
        """int64 [classes, classes]: row = true class, column = predicted class."""
        return metrics.confusion_matrix(self.predicted, self.labels, len(self.class_names))

    @property
    def accuracy(self) -> float:
        """Share of the examples named rightly."""
        return float((self.predicted == self.labels).mean())

    def to_json(self) -> dict[str, Any]:
        """The object under ``"test"`` or ``"validation"`` in ``metrics.json``."""
        count = len(self.labels)
        if count == 0:
            return {"examples": 0}
        hits = int((self.predicted == self.labels).sum())
        scores = metrics.class_scores(self.confusion)
        coverage, selective = metrics.selective_accuracy(self.probabilities, self.labels, self.threshold)
        return {
            "examples": count,
            "accuracy": hits / count,
            "accuracy_interval": list(metrics.wilson_interval(hits, count)),
            "macro_f1": metrics.macro_f1(scores),
            "log_loss": metrics.log_loss(self.probabilities, self.labels),
            "ece": metrics.expected_calibration_error(self.probabilities, self.labels),
            "ece_uncalibrated": metrics.expected_calibration_error(self.uncalibrated, self.labels),
            "majority_baseline": int(np.bincount(self.labels).max()) / count,
            "top5_accuracy": metrics.top_k_accuracy(self.probabilities, self.labels, k=5),
            "abstention": {"threshold": self.threshold, "coverage": coverage, "selective_accuracy": selective},
            "per_class": {name: asdict(score) for name, score in zip(self.class_names, scores, strict=True)},
        }

    def confusions(self, count: int) -> list[tuple[str, str, int, int]]:
        """The most frequent mistakes: (true class, predicted class, how often, examples of the true class)."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        support = self.confusion.sum(axis=1)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        pairs = [divmod(int(place), len(self.class_names)) for place in order]
        return [
            (self.class_names[true], self.class_names[named], int(wrong[true, named]), int(support[true]))
            for true, named in pairs
            if wrong[true, named]
        ]
