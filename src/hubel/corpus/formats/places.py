"""Is it a folder, is it a file: no, where this user may not look or the system cannot; the reading says why."""

from __future__ import annotations

import os
from pathlib import Path


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, lies there."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir raises where a folder on the way is locked)


def is_file(path: Path) -> bool:
    """Whether an ordinary file, or a link to one, lies there."""
    return os.path.isfile(path)  # noqa: PTH113
