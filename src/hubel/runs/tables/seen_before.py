"""``seen_before.csv``: SHA-256 of images that the weights a run began with have learned from, outside of its corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hubel.files import is_file, write_csv_if_any
from hubel.runs.documents import read_columns
from hubel.runs.is_run import SEEN_BEFORE


def write_seen_before(folder: Path, digests: Sequence[str]) -> None:
    """One row per image; no file where there is none.

    Args:
        folder: of the run.
        digests: SHA-256 of each image.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    write_csv_if_any(folder / SEEN_BEFORE, ("sha256",), rows=[(digest,) for digest in digests])


def read_seen_before(folder: Path) -> set[str]:
    """SHA-256 of each image.

    Raises:
        UnusableInput: the file is damaged.
    """
    path = folder / SEEN_BEFORE
    return {digest for (digest,) in read_columns(path, "sha256")} if is_file(path) else set()
