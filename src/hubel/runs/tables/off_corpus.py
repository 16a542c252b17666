"""``off_corpus.csv``: how unlike the training images each example is that was scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.evaluation.report import EvaluationReport
from hubel.files import write_csv_if_any
from hubel.runs.documents import damaged, read_columns
from hubel.runs.is_run import OFF_CORPUS


def write_scores(folder: Path, corpus: Corpus, *, splits: Splits, reports: Mapping[str, EvaluationReport]) -> None:
    """One row per example; no file where the classifier has no such score.

    Args:
        folder: of the run.
        corpus: its examples.
        splits: of them.
        reports: split → its report.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    rows = [
        (corpus.examples[index].path, split, float(score))
        for split, report in reports.items()
        if report.off_corpus is not None
        for index, score in zip(splits.of(split), report.off_corpus, strict=True)
    ]
    write_csv_if_any(folder / OFF_CORPUS, ("path", "split", "score"), rows=rows)


def read_scores(folder: Path, split: str) -> np.ndarray:
    """Scores of the examples of a split, float64 [examples].

    Args:
        folder: of the run.
        split: its name.

    Raises:
        UnusableInput: the file is missing or damaged.
    """
    rows = read_columns(folder / OFF_CORPUS, "split", "score")
    try:
        return np.array([float(score) for part, score in rows if part == split], np.float64)
    except ValueError as error:
        raise damaged(folder / OFF_CORPUS, error) from error
