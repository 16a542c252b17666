"""``fingerprints.csv``: the SHA-256 of each example's file; two runs are compared on the files they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.files import is_file, write_csv
from hubel.runs.documents import read_columns
from hubel.runs.is_run import FINGERPRINTS

COLUMNS = ("path", "sha256")


def write_digests(folder: Path, corpus: Corpus, *, digests: Sequence[str]) -> None:
    """One row per example.

    Args:
        folder: of the run.
        corpus: its examples.
        digests: SHA-256 of each.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    rows = [(example.path, digest) for example, digest in zip(corpus.examples, digests, strict=True)]
    write_csv(folder / FINGERPRINTS, COLUMNS, rows=rows)


def read_digests(folder: Path) -> Mapping[str, str] | None:
    """Path → SHA-256 of each example's content; None where the run kept none, as before version 0.4.

    Raises:
        UnusableInput: the file is damaged.
    """
    path = folder / FINGERPRINTS
    return dict(read_columns(path, *COLUMNS)) if is_file(path) else None
