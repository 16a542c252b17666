"""``leaks.csv``: examples that have a copy, or one of their group, in another of the given splits."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.files import is_file, write_csv_if_any
from hubel.runs.documents import read_columns
from hubel.runs.is_run import LEAKS


def write_leaks(folder: Path, corpus: Corpus, *, splits: Splits) -> None:
    """One row per example of each set that the given splits divide; no file where there is none.

    Args:
        folder: of the run.
        corpus: its examples.
        splits: of them.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    names = splits.names()
    rows = [
        (number, corpus.examples[place].path, names[place], corpus.class_names[corpus.examples[place].label])
        for number, leak in enumerate(splits.leaks, start=1)
        for place in leak.places
    ]
    write_csv_if_any(folder / LEAKS, ("set", "path", "split", "label"), rows=rows)


def read_leaks(folder: Path) -> dict[str, str]:
    """Path → split of each example in such a set.

    Raises:
        UnusableInput: the file is damaged.
    """
    return dict(read_columns(folder / LEAKS, "path", "split")) if is_file(folder / LEAKS) else {}
