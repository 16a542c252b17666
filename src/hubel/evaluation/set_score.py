"""Prediction sets on labelled images: was the promised coverage kept?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.arrays import Labels, Probabilities
from hubel.classifier.prediction_sets import COVERAGES, PredictionSets, place_of
from hubel.evaluation.metrics import wilson_interval


@dataclass(frozen=True)
class SetScore:
    """How a promise held on images that it was not fitted on.

    Args:
        promised: share of the images whose true class is in its set.
        examples: images.
        covered: of them, those whose set holds the true class.
        single: whose set has exactly one class: the classifier answers.
        single_right: of these, those whose one class is the true one.
        empty: whose set has none.
        classes: in all sets together.
    """

    promised: float
    examples: int
    covered: int
    single: int
    single_right: int
    empty: int
    classes: int

    @property
    def coverage(self) -> float:
        """Share covered."""
        return self.covered / self.examples

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the coverage."""
        return wilson_interval(self.covered, self.examples)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "promised": self.promised,
            "coverage": self.coverage,
            "coverage_interval": list(self.interval),
            "mean_size": self.classes / self.examples,
            "single": self.single / self.examples,
            "single_accuracy": self.single_right / self.single if self.single else None,
            "empty": self.empty / self.examples,
        }


def score_sets(sets: PredictionSets, coverage: float, *, probabilities: Probabilities, labels: Labels) -> SetScore:
    """Check a promise on labelled images.

    Args:
        sets: the thresholds.
        coverage: the promise, one of `COVERAGES`.
        probabilities: calibrated, float64 [examples, classes], at least one.
        labels: int64 [examples].
    """
    chosen = sets.find(probabilities, coverage)
    holds = chosen[np.arange(len(labels)), labels]
    sizes = chosen.sum(axis=1)
    return SetScore(
        promised=COVERAGES[place_of(coverage)],
        examples=len(labels),
        covered=int(holds.sum()),
        single=int((sizes == 1).sum()),
        single_right=int(holds[sizes == 1].sum()),
        empty=int((sizes == 0).sum()),
        classes=int(sizes.sum()),
    )
