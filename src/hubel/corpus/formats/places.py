"""Is it a folder, is it a file: no, where this user may not look or the system cannot; the reading says why."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hubel.corpus.trees.folder import list_folder
from hubel.errors import UnusableCorpus


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, lies there."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir raises where a folder on the way is locked)


def is_file(path: Path) -> bool:
    """Whether an ordinary file, or a link to one, lies there."""
    return os.path.isfile(path)  # noqa: PTH113


@contextmanager
def naming_file(path: Path) -> Generator[None]:
    """Says which file cannot be read, and why.

    Raises:
        UnusableCorpus: instead of what the system raises.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnusableCorpus(f"{path} cannot be read ({reason}): give a file that this user may read.") from error


def paths_in(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing, where it cannot be listed."""
    return [Path(entry.path) for entry in list_folder(folder)[0]]
