"""``predictions.csv``: what the classifier says of each example; with many classes also ``predictions.parquet``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from hubel.arrays import Probabilities
from hubel.catalogue import Later
from hubel.errors import UnusableInput
from hubel.evaluation.report import EvaluationReport
from hubel.files import is_file, read_csv_rows, write_csv
from hubel.runs.documents import damaged, no_run
from hubel.runs.is_run import PARQUET, PREDICTIONS

write_probabilities = Later("hubel.runs.tables.probabilities_parquet", "write_probabilities")
read_probabilities = Later("hubel.runs.tables.probabilities_parquet", "read_probabilities")
MOST_COLUMNS = 200
"""With more classes, ``predictions.csv`` has the most probable ones alone, and ``predictions.parquet`` has them all."""
TOP = 5
HEADER = ("path", "split", "label", "predicted", "probability", "abstained")
TOP_HEADER = ("label_probability", *(name for k in range(1, TOP + 1) for name in (f"class_{k}", f"probability_{k}")))

Parts = Mapping[str, tuple[EvaluationReport, Sequence[str]]]
"""Split → its report, and the paths of its examples."""
Head = tuple[str, str, str, str, float, str]


@dataclass(frozen=True)
class PredictionTable:
    """Every row of the predictions, in the order in which they were written.

    Args:
        class_names: in the order of the columns.
        paths: of the examples, relative to the corpus.
        splits: of each of them.
        labels: true class names, as corrected.
        predicted: class names.
        probabilities: calibrated, float64 [rows, classes].
    """

    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    splits: tuple[str, ...]
    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    probabilities: Probabilities

    def of(self, split: str) -> PredictionTable:
        """The rows of one split."""
        mine = [place for place, name in enumerate(self.splits) if name == split]
        columns = (self.paths, self.splits, self.labels, self.predicted)
        taken = (tuple(column[place] for place in mine) for column in columns)
        return PredictionTable(self.class_names, *taken, self.probabilities[mine])


def write_predictions(folder: Path, class_names: Sequence[str], *, parts: Parts) -> None:
    """One row per example, every digit of each probability.

    Args:
        folder: of the run.
        class_names: in the order of the columns.
        parts: split → its report, and the paths of its examples.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    (folder / PARQUET).unlink(missing_ok=True)  # of a run that is overwritten
    if len(class_names) > MOST_COLUMNS:
        heads = ((list(_heads(split, *part)), part[0].probabilities) for split, part in parts.items())
        write_probabilities(folder / PARQUET, HEADER, class_names=class_names, parts=heads)
        rows = chain.from_iterable(_top_rows(split, *part) for split, part in parts.items())
        write_csv(folder / PREDICTIONS, (*HEADER, *TOP_HEADER), rows=rows)
        return
    rows = (
        (*head, *map(float, row))
        for split, (report, paths) in parts.items()
        for head, row in zip(_heads(split, report, paths), report.probabilities, strict=True)
    )
    write_csv(folder / PREDICTIONS, (*HEADER, *class_names), rows=rows)


def read_predictions(folder: Path) -> PredictionTable:
    """Every row, whichever file holds its probabilities.

    Raises:
        UnusableInput: no run folder, or a file is missing or damaged.
    """
    path = folder / PREDICTIONS
    try:
        return _read(folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnusableInput(no_run(folder, PREDICTIONS)) from error
    except (OSError, ValueError, IndexError) as error:
        raise damaged(path, error) from error


def _read(folder: Path) -> PredictionTable:
    header, rows = read_csv_rows(folder / PREDICTIONS)  # by place: a class may be named like another column
    columns = [tuple(row[place] for row in rows) for place in range(4)]
    if is_file(folder / PARQUET):
        names, probabilities = read_probabilities(folder / PARQUET, columns[0])
        return PredictionTable(names, *columns, probabilities)
    if tuple(header[len(HEADER) :]) == TOP_HEADER:
        raise UnusableInput(
            f"{folder} is incomplete: it has no {PARQUET}, which holds the probabilities of more than {MOST_COLUMNS} "
            "classes. Copy the run folder again, or train it again."
        )
    names = tuple(header[len(HEADER) :])
    table = np.array([[float(cell) for cell in row[len(HEADER) :]] for row in rows], np.float64)
    return PredictionTable(names, *columns, table.reshape(len(rows), len(names)))


def _heads(split: str, report: EvaluationReport, paths: Sequence[str]) -> Iterator[Head]:
    """What stands before the probabilities in each row."""
    confidence, predicted, names = report.probabilities.max(axis=1), report.predicted, report.class_names
    for place, path in enumerate(paths):
        abstained = "true" if confidence[place] < report.threshold else "false"
        label, named = names[int(report.labels[place])], names[int(predicted[place])]
        yield path, split, label, named, float(confidence[place]), abstained


def _top_rows(split: str, report: EvaluationReport, paths: Sequence[str]) -> Iterator[tuple[str | float, ...]]:
    names = report.class_names
    for place, head in enumerate(_heads(split, report, paths)):
        row = report.probabilities[place]
        best = np.argsort(-row, kind="stable")[:TOP]
        top = chain.from_iterable((names[index], float(row[index])) for index in best)
        yield (*head, float(row[report.labels[place]]), *top)
