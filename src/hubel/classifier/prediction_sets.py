"""Prediction sets: the classes an image may have, with a promised coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import Probabilities
from hubel.errors import WrongRequest
from hubel.text import brief

COVERAGES = tuple(percent / 100 for percent in range(50, 100))
"""The coverages that can be promised: 0.50, 0.51 … 0.99."""


@brief
@dataclass(frozen=True)
class PredictionSets:
    """How probable a class must be to belong to the set, for each promised coverage.

    Args:
        thresholds: one for each of `COVERAGES`, from 0 to 1, never rising.
        examples: labelled images they were fitted on.
    """

    thresholds: tuple[float, ...]
    examples: int

    def __post_init__(self) -> None:
        fits = len(self.thresholds) == len(COVERAGES) and all(0 <= each <= 1 for each in self.thresholds)
        if not fits or list(self.thresholds) != sorted(self.thresholds, reverse=True) or self.examples < 0:
            raise WrongRequest(
                f"Prediction sets need {len(COVERAGES)} thresholds from 0 to 1 that never rise. "
                f"Received: {len(self.thresholds)}."
            )

    def find(self, probabilities: Probabilities, coverage: float) -> np.ndarray:
        """Which classes belong to the set of each image: bool [batch, classes].

        A set may be empty: no class is probable enough.

        Args:
            probabilities: calibrated, float64 [batch, classes].
            coverage: the promised share of images whose true class is in its set; one of `COVERAGES`.

        Raises:
            WrongRequest: another coverage.
        """
        return probabilities >= self.threshold(coverage)

    def threshold(self, coverage: float) -> float:
        """How probable a class must be to belong to a set of that coverage, one of `COVERAGES`."""
        return self.thresholds[place_of(coverage)]


def place_of(coverage: float) -> int:
    """Place in `COVERAGES`.

    Raises:
        WrongRequest: it is not there.
    """
    for place, each in enumerate(COVERAGES):
        if abs(each - coverage) < 1e-9:
            return place
    raise WrongRequest(f"A coverage is 0.50, 0.51 and so on up to 0.99. Received: {coverage:g}.")
