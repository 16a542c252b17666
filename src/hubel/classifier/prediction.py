"""Prediction: what a classifier says about one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Probabilities
from hubel.images.notebook import cell, document
from hubel.text import brief, elided, few_names

SHOWN_CLASSES = 8
"""In a notebook."""


@brief
@dataclass(frozen=True)
class Prediction:
    """The classes of one image, most probable first.

    Args:
        class_name: the most probable class.
        probability: its calibrated probability, the confidence.
        probabilities: class name → probability, in the classifier's order; they sum to 1.
        abstained: better ask an expert: the confidence is below the classifier's threshold or, where a coverage was
            asked for, the prediction set does not hold exactly one class.
        prediction_set: the classes it may be, in the classifier's order; None unless a coverage was asked for.
        off_corpus_score: above 1, the image is unlike those the classifier was trained on; None where it cannot
            measure that.
    """

    class_name: str
    probability: float
    probabilities: dict[str, float]
    abstained: bool
    prediction_set: tuple[str, ...] | None = None
    off_corpus_score: float | None = None

    @property
    def off_corpus(self) -> bool:
        """It is unlike the images the classifier was trained on: its name means little."""
        return self.off_corpus_score is not None and self.off_corpus_score > 1

    def top(self, count: int) -> list[tuple[str, float]]:
        """The ``count`` most probable classes with their probabilities."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:count]

    def _brief(self) -> Iterator[str]:
        named = ", ".join(f"{elided(name)} ({value:.3f})" for name, value in self.top(3)[1:])
        notes = {"abstained": self.abstained, "off_corpus": self.off_corpus}
        marks = "".join(f", {name}" for name, holds in notes.items() if holds)
        yield f"Prediction: {elided(self.class_name)} ({self.probability:.3f}){marks}"
        if named:
            yield f"then {named}"
        if self.prediction_set is not None:
            yield f"prediction set: {few_names(self.prediction_set) or 'none'}"

    def _repr_html_(self) -> str:
        rows = [(cell(name), f"{value:.3f}") for name, value in self.top(SHOWN_CLASSES)]
        return document(self._brief(), rows, header=("class", "probability"))


def make_predictions(
    probabilities: Probabilities,
    class_names: Sequence[str],
    *,
    abstention_threshold: float,
    sets: np.ndarray | None = None,
    off_corpus_scores: np.ndarray | None = None,
) -> list[Prediction]:
    """One `Prediction` for each row of ``probabilities``.

    Args:
        probabilities: calibrated, float64 [batch, classes].
        class_names: of the columns.
        abstention_threshold: of the confidence; not used where there are sets.
        sets: bool [batch, classes], or None.
        off_corpus_scores: float64 [batch], or None.
    """
    predictions = []
    for place, row in enumerate(probabilities):
        best = int(row.argmax())
        named = {name: float(value) for name, value in zip(class_names, row, strict=True)}
        inside = None if sets is None else tuple(class_names[each] for each in np.flatnonzero(sets[place]))
        abstained = row[best] < abstention_threshold if inside is None else len(inside) != 1
        score = None if off_corpus_scores is None else float(off_corpus_scores[place])
        predictions.append(Prediction(class_names[best], float(row[best]), named, bool(abstained), inside, score))
    return predictions
