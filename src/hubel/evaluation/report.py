"""EvaluationReport: every number of ``metrics.json`` about one split, and the rows of ``predictions.csv``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from hubel.arrays import Labels, Probabilities
from hubel.calibration.off_corpus import FLAGGED
from hubel.classifier.prediction_sets import PredictionSets
from hubel.evaluation import metrics
from hubel.evaluation.paired import PairedTest, compare_hits
from hubel.evaluation.set_score import SetScore, score_sets
from hubel.evaluation.suitability import Suitability, judge
from hubel.text import brief, counted, with_interval

TOP = (1, 2, 3, 5)
PROMISES = (0.8, 0.9, 0.95, 0.99)
"""Coverages of prediction sets that are reported."""
INTERVAL_METHOD = "Wilson score interval, 95 %, of independent images"


@brief
@dataclass(frozen=True)
class EvaluationReport:
    """How a classifier did on examples it was not trained on.

    Args:
        class_names: in the order of the columns.
        probabilities: calibrated, float64 [examples, classes].
        uncalibrated: the same at temperature 1.
        labels: true class indices, int64 [examples].
        threshold: confidence below which the classifier abstains.
        sets: the classifier's prediction sets, where it has some.
        off_corpus: score of each example, above 1 where it is unlike the corpus, float64 [examples].
        baseline: class index that a dense network named for each example, int64 [examples].
        calibrated: the probabilities are calibrated by Hubel; others are as the model gives them.
    """

    class_names: tuple[str, ...]
    probabilities: Probabilities
    uncalibrated: Probabilities
    labels: Labels
    threshold: float
    sets: PredictionSets | None = None
    off_corpus: np.ndarray | None = None
    baseline: Labels | None = None
    calibrated: bool = True

    @property
    def predicted(self) -> Labels:
        """Class index of the most probable class, int64 [examples]."""
        return self.probabilities.argmax(axis=1)

    @property
    def confusion(self) -> np.ndarray:
        """int64 [classes, classes]: row = true class, column = predicted class."""
        return metrics.confusion_matrix(self.predicted, self.labels, classes=len(self.class_names))

    @property
    def accuracy(self) -> float:
        """Share of the examples named rightly."""
        return float(self.hits.mean())

    @property
    def hits(self) -> np.ndarray:
        """Bool [examples]: named rightly."""
        return self.predicted == self.labels

    @property
    def suitability(self) -> Suitability:
        """Which classes it is good for; of at least one example."""
        return judge(self.class_names, self.confusion)

    def take(self, chosen: np.ndarray) -> EvaluationReport:
        """The same for some examples: a mask, bool [examples], or places, int64 [chosen]."""
        names = ("probabilities", "uncalibrated", "labels", "off_corpus", "baseline")
        held = {name: getattr(self, name) for name in names}
        return replace(self, **{name: None if each is None else each[chosen] for name, each in held.items()})

    @property
    def set_scores(self) -> list[SetScore]:
        """What became of each of `PROMISES`; none without prediction sets or examples."""
        if self.sets is None or not len(self.labels):
            return []
        return [
            score_sets(self.sets, promise, probabilities=self.probabilities, labels=self.labels) for promise in PROMISES
        ]

    def to_json(self) -> dict[str, Any]:
        """The object under ``"test"`` or ``"validation"`` in ``metrics.json``."""
        count = len(self.labels)
        if count == 0:
            return {"examples": 0}
        hits = int(self.hits.sum())
        scores = metrics.class_scores(self.confusion)
        bins = metrics.reliability_bins(self.probabilities, self.labels)
        coverage, selective = metrics.selective_accuracy(self.probabilities, self.labels, threshold=self.threshold)
        return {
            "examples": count,
            "accuracy": hits / count,
            "accuracy_interval": list(metrics.wilson_interval(hits, count)),
            "macro_f1": metrics.macro_f1(scores),
            "balanced_accuracy": metrics.balanced_accuracy(scores),
            "macro_roc_auc": metrics.macro_roc_auc(self.probabilities, self.labels),
            "log_loss": metrics.log_loss(self.probabilities, self.labels),
            "ece": metrics.expected_calibration_error(bins),
            "ece_of_chance": metrics.calibration_error_of_chance(bins),
            **self._before_calibration(),
            "majority_baseline": int(np.bincount(self.labels).max()) / count,
            "top5_accuracy": metrics.top_k_accuracy(self.probabilities, self.labels, k=5),
            "top_k_accuracy": {
                str(k): metrics.top_k_accuracy(self.probabilities, self.labels, k=k)
                for k in TOP
                if k < len(self.class_names)
            },
            "abstention": {"threshold": self.threshold, "coverage": coverage, "selective_accuracy": selective},
            "prediction_sets": {f"{each.promised:g}": each.to_json() for each in self.set_scores},
            **self._beside(),
            "suitability": self.suitability.to_json(),
            "per_class": {name: asdict(score) for name, score in zip(self.class_names, scores, strict=True)},
        }

    def _before_calibration(self) -> dict[str, Any]:
        if not self.calibrated:
            return {}
        bins = metrics.reliability_bins(self.uncalibrated, self.labels)
        return {"ece_uncalibrated": metrics.expected_calibration_error(bins)}

    @property
    def against_baseline(self) -> PairedTest | None:
        """The classifier against the dense network, on the same examples."""
        if self.baseline is None or not len(self.labels):
            return None
        return compare_hits(self.hits, self.baseline == self.labels)

    def _beside(self) -> dict[str, Any]:
        """What not every score has."""
        document: dict[str, Any] = {}
        test = self.against_baseline
        if test is not None:
            document["dense_baseline"] = float(np.mean(self.baseline == self.labels))
            document["against_dense_baseline"] = test.to_json()
        if self.off_corpus is not None:
            document["off_corpus"] = {"flagged": float((self.off_corpus > 1).mean()), "promised": FLAGGED}
        return document

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

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Of the accuracy, as `INTERVAL_METHOD` says."""
        return metrics.wilson_interval(int(self.hits.sum()), len(self.labels))

    def _brief(self) -> Iterator[str]:
        count, classes = len(self.labels), len(self.class_names)
        yield f"EvaluationReport: {counted(count, 'image')}, {counted(classes, 'class', 'classes')}"
        if count:
            yield f"accuracy {with_interval(self.accuracy, self.accuracy_interval)}"


def surest_mistakes(report: EvaluationReport, most: int) -> np.ndarray:
    """Places of the wrong answers that it was surest of, int64 [mistakes], the surest first.

    Args:
        report: with the answers.
        most: how many at most.
    """
    if not len(report.labels):
        return np.zeros(0, np.int64)
    wrong = np.flatnonzero(~report.hits)
    return wrong[np.argsort(-report.probabilities[wrong].max(axis=1), kind="stable")][:most]
