"""``learning_curve.csv``: the class that classifiers trained on parts of the training split name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubel.arrays import Labels
from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.files import write_csv_if_any
from hubel.runs.documents import read_columns
from hubel.runs.is_run import LEARNING_CURVE


def write_learning_curve(folder: Path, corpus: Corpus, *, splits: Splits, predicted: Mapping[float, Labels]) -> None:
    """One row per test example and part of the training split; no file without parts.

    Args:
        folder: of the run.
        corpus: names the classes.
        splits: of it.
        predicted: share of the training split → class index of each test example.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    examples, names = [corpus.examples[index] for index in splits.test], corpus.class_names
    rows = [
        (example.path, names[example.label], share, names[int(named)])
        for share, named_classes in predicted.items()
        for example, named in zip(examples, named_classes, strict=True)
    ]
    write_csv_if_any(folder / LEARNING_CURVE, ("path", "label", "train_share", "predicted"), rows=rows)


def read_learning_curve(folder: Path) -> dict[float, dict[str, str]]:
    """Share of the training split → path of each test example → named class.

    Raises:
        UnusableInput: the file is missing or damaged.
    """
    found: dict[float, dict[str, str]] = {}
    for share, path, named in read_columns(folder / LEARNING_CURVE, "train_share", "path", "predicted"):
        found.setdefault(float(share), {})[path] = named
    return found
