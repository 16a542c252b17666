"""Files of ImageNet weights: where they lie on this machine, looked up without a framework and without a connection."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from hubel.architectures.families.pretrained import PRETRAINED

HOST = "storage.googleapis.com"
"""Where Keras downloads them from."""
BYTES_PER_WEIGHT = 4
MayDownload: TypeAlias = Callable[[str], bool]
"""Asked with a question, before anything is downloaded; a program asks its user, or knows the answer."""


def never(question: str) -> bool:  # noqa: ARG001
    """Download nothing."""
    return False


def always(question: str) -> bool:  # noqa: ARG001
    """Download what is not there: the user asked for it."""
    return True


def weight_folders() -> list[Path]:
    """Where Keras keeps what it has downloaded: ``$KERAS_HOME`` or ``~/.keras``; else a temporary folder."""
    home = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser())
    folders = [home]
    if not os.access(home, os.W_OK):
        folders.append(Path(tempfile.gettempdir()) / ".keras")
    return [folder / "models" for folder in folders]


def find_weight_file(backbone: str, alpha: float) -> Path | None:
    """The file of a backbone's ImageNet weights; None where this machine does not have it.

    Args:
        backbone: a name in `PRETRAINED`.
        alpha: one of its widths.
    """
    name = PRETRAINED[backbone].file_name(alpha)
    return next((folder / name for folder in weight_folders() if (folder / name).is_file()), None)


def question_of(backbone: str, alpha: float) -> str:
    """What a person is asked before weights are downloaded.

    Args:
        backbone: a name in `PRETRAINED`.
        alpha: one of its widths.
    """
    megabytes = PRETRAINED[backbone].parameters * alpha**2 * BYTES_PER_WEIGHT
    return f"Download the ImageNet weights of {backbone} (about {max(1, round(megabytes))} MB) from {HOST}?"


def not_here(backbone: str, alpha: float) -> str:
    """That the weights are missing, and that nobody asked to download them.

    Args:
        backbone: a name in `PRETRAINED`.
        alpha: one of its widths.
    """
    return (
        f"The ImageNet weights of {backbone} (alpha {alpha:g}) are not on this machine, and Hubel downloads "
        "nothing without asking."
    )
