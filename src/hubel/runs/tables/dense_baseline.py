"""``dense_baseline.csv``: the class that a dense network names, of each example that was scored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.evaluation.report import EvaluationReport
from hubel.files import is_file, write_csv_if_any
from hubel.runs.documents import read_columns
from hubel.runs.is_run import BASELINE


def write_baseline(folder: Path, corpus: Corpus, *, splits: Splits, reports: Mapping[str, EvaluationReport]) -> None:
    """One row per example; no file where no dense network was trained.

    Args:
        folder: of the run.
        corpus: its examples.
        splits: of them.
        reports: split → its report.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    rows = [
        (corpus.examples[index].path, split, report.class_names[int(label)], report.class_names[int(named)])
        for split, report in reports.items()
        if report.baseline is not None
        for index, label, named in zip(splits.of(split), report.labels, report.baseline, strict=True)
    ]
    write_csv_if_any(folder / BASELINE, ("path", "split", "label", "predicted"), rows=rows)


def read_baseline(folder: Path, split: str) -> dict[str, str]:
    """Path → named class of the examples of a split; empty where no dense network was trained.

    Args:
        folder: of the run.
        split: its name.

    Raises:
        UnusableInput: the file is damaged.
    """
    if not is_file(folder / BASELINE):
        return {}
    rows = read_columns(folder / BASELINE, "path", "split", "predicted")
    return {path: named for path, part, named in rows if part == split}
