"""``intake.csv``: what became of every file that was found."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.corpus import Corpus, IntakeRow
from hubel.files import write_csv
from hubel.runs.documents import read_columns
from hubel.runs.is_run import INTAKE

COLUMNS = ("path", "status", "code", "reason")


def write_intake(folder: Path, corpus: Corpus) -> None:
    """One row per file.

    Args:
        folder: of the run.
        corpus: with its intake record.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    write_csv(folder / INTAKE, COLUMNS, rows=[[getattr(row, column) for column in COLUMNS] for row in corpus.intake])


def read_intake(folder: Path) -> tuple[IntakeRow, ...]:
    """Every row.

    Raises:
        UnusableInput: the file is missing or damaged.
    """
    return tuple(IntakeRow(*row) for row in read_columns(folder / INTAKE, *COLUMNS))
