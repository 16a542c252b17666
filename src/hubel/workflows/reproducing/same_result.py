"""The results of a run and of its repetition, compared number by number. Loads no framework."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.runs.documents import read_document
from hubel.runs.is_run import METRICS
from hubel.runs.recorded_run import weights_digest
from hubel.runs.tables.predictions import read_predictions
from hubel.text import brief, elided
from hubel.workflows.reproducing.differences import Difference, leaves

NO_SCORES = ("time", "advice", "intake", "where_it_looks")
"""Of ``metrics.json``: seconds, words, the account of files, which the fingerprints tell, and what haste leaves out."""
WORDS = "suitability"
"""Of a score: what its numbers mean, in words; they follow from the predictions, and older versions had none."""
Key = tuple[str, str]
"""Path and split of a prediction."""


@dataclass(frozen=True)
class Predicted:
    """One row of the predictions: the class that was named, and the probability of each class."""

    class_name: str
    class_names: tuple[str, ...]
    probabilities: np.ndarray


@dataclass(frozen=True)
class SameResult:
    """What is the same in two runs, and what is not.

    Args:
        weights_then, weights_now: SHA-256 of ``weights.safetensors``.
        predictions: rows that both have.
        only_then, only_now: rows that only one of them has.
        another_class: rows of both that name another class.
        another_probability: rows of both in which a probability differs, in the last digit already.
        largest_difference: of a probability.
        accuracy_then, accuracy_now: on the test split; None without test images.
        scores: names of the numbers in ``metrics.json`` that differ.
    """

    weights_then: str
    weights_now: str
    predictions: int
    only_then: int
    only_now: int
    another_class: int
    another_probability: int
    largest_difference: float
    accuracy_then: float | None
    accuracy_now: float | None
    scores: tuple[str, ...]

    @property
    def same_weights(self) -> bool:
        """To the bit."""
        return self.weights_then == self.weights_now

    @property
    def same_predictions(self) -> bool:
        """The same rows, and every digit of each probability."""
        return not (self.only_then or self.only_now or self.another_class or self.another_probability)

    @property
    def same(self) -> bool:
        """Weights, predictions and scores."""
        return self.same_weights and self.same_predictions and not self.scores

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "scores": list(self.scores)}


@brief
@dataclass(frozen=True)
class Reproduction:
    """The outcome of repeating a run.

    Args:
        run: its folder.
        out: the folder of the repetition; None where it was not kept.
        corpus: what it was trained on.
        result: what is the same.
        differences: what has changed, the reasons that are known.
    """

    run: Path
    out: Path | None
    corpus: str
    result: SameResult
    differences: tuple[Difference, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "format": 1,
            "run": str(self.run),
            "out": None if self.out is None else str(self.out),
            "corpus": self.corpus,
            "same": self.result.same,
            "result": self.result.to_json(),
            "differences": [each.to_json() for each in self.differences],
        }

    def _brief(self) -> Iterator[str]:
        yield f"Reproduction of {elided(self.run)}: {'the same' if self.result.same else 'not the same'}"
        yield (
            f"{self.result.predictions:,} predictions compared; largest difference {self.result.largest_difference:.2g}"
        )
        yield f"{len(self.differences):,} known differences before training"


def compare_results(then: Path, now: Path) -> SameResult:
    """Compare a repetition with its run.

    Args:
        then: the run's folder.
        now: the folder of the repetition.

    Raises:
        UnusableInput: a file of one of them is damaged.
    """
    mine, other = _read_rows(then), _read_rows(now)
    both = [key for key in mine if key in other]
    gaps = [_gap(mine[key], other[key]) for key in both]
    scores, scores_now = (_scores(run) for run in (then, now))
    return SameResult(
        weights_then=weights_digest(then),
        weights_now=weights_digest(now),
        predictions=len(both),
        only_then=len(mine) - len(both),
        only_now=len(other) - len(both),
        another_class=sum(mine[key].class_name != other[key].class_name for key in both),
        another_probability=sum(gap > 0 for gap in gaps),
        largest_difference=max(gaps, default=0.0),
        accuracy_then=_accuracy(scores),
        accuracy_now=_accuracy(scores_now),
        scores=tuple(name for name, _, _ in leaves(scores, scores_now)),
    )


def _read_rows(run: Path) -> dict[Key, Predicted]:
    """Every row of the predictions.

    Raises:
        UnusableInput: a file is damaged.
    """
    table = read_predictions(run)
    rows = zip(table.paths, table.splits, table.predicted, table.probabilities, strict=True)
    return {(path, split): Predicted(named, table.class_names, row) for path, split, named, row in rows}


def _gap(mine: Predicted, other: Predicted) -> float:
    """The largest difference of a probability; a class that only one of them knows counts as 0 in the other."""
    if mine.class_names == other.class_names:
        return float(np.abs(mine.probabilities - other.probabilities).max(initial=0.0))
    one, two = (dict(zip(each.class_names, each.probabilities.tolist(), strict=True)) for each in (mine, other))
    return max((abs(one.get(name, 0.0) - two.get(name, 0.0)) for name in {*one, *two}), default=0.0)


def _scores(run: Path) -> dict[str, Any]:
    scores = {name: value for name, value in read_document(run, METRICS).items() if name not in NO_SCORES}
    return {
        name: {key: each for key, each in value.items() if key != WORDS} if isinstance(value, dict) else value
        for name, value in scores.items()
    }


def _accuracy(scores: Mapping[str, Any]) -> float | None:
    test = scores.get("test")
    return test.get("accuracy") if isinstance(test, dict) else None
