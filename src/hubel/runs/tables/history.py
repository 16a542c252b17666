"""``history.csv``: how training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hubel.files import write_csv
from hubel.runs.documents import read_columns
from hubel.runs.is_run import HISTORY
from hubel.training.history import COLUMNS, History


def write_history(folder: Path, histories: Sequence[History]) -> None:
    """One row per epoch.

    Args:
        folder: of the run.
        histories: of each phase, in order.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    rows = [[getattr(row, column) for column in COLUMNS] for history in histories for row in history.rows]
    write_csv(folder / HISTORY, COLUMNS, rows=rows)


def read_history(folder: Path) -> list[dict[str, str]]:
    """Column → text, of each epoch.

    Raises:
        UnusableInput: the file is missing or damaged.
    """
    return [dict(zip(COLUMNS, row, strict=True)) for row in read_columns(folder / HISTORY, *COLUMNS)]
