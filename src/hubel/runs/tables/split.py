"""``split.csv``: label, split and group of each example."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.files import read_csv, write_csv
from hubel.runs.documents import damaged
from hubel.runs.is_run import SPLIT


class Placed(NamedTuple):
    """Label, as corrected, split and group of an example; without a group the last is empty."""

    label: str
    split: str
    group: str


def write_split(folder: Path, corpus: Corpus, *, splits: Splits) -> None:
    """One row per example.

    Args:
        folder: of the run.
        corpus: its examples.
        splits: of them.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    rows = [
        (example.path, corpus.class_names[example.label], name, example.group or "")
        for example, name in zip(corpus.examples, splits.names(), strict=True)
    ]
    write_csv(folder / SPLIT, ("path", *Placed._fields), rows=rows)


def read_split(folder: Path) -> dict[str, Placed]:
    """Path → label, split and group of each example.

    Raises:
        UnusableInput: the file is missing or damaged.
    """
    path = folder / SPLIT
    try:
        return {row["path"]: Placed(row["label"], row["split"], row.get("group", "")) for row in read_csv(path)}
    except (OSError, ValueError, KeyError) as error:
        raise damaged(path, error) from error
