"""Complete answers → their final names. Each step can be taken again, for a kill may come between any two."""

from __future__ import annotations

import errno
import io
import shutil
from pathlib import Path

import numpy as np

from hubel.files import said_plainly, sync_file, sync_folder, written_file
from hubel.workflows.predicting.forms import form_of
from hubel.workflows.predicting.rows import Shown
from hubel.workflows.predicting.unfinished import ANSWERS, FEATURES, FINAL, Unfinished

HEADER_BYTES = 128
"""Of a .npy file with a table of numbers; its length does not depend on how many there are."""


def npy_header(rows: int, channels: int) -> bytes:
    """How a .npy file of float32 [rows, channels] begins.

    Args:
        rows: vectors.
        channels: numbers of each.
    """
    buffer = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": (rows, channels)}
    np.lib.format.write_array_header_1_0(buffer, described)
    if len(buffer.getvalue()) != HEADER_BYTES:
        raise AssertionError(f"the header has {len(buffer.getvalue())} bytes")
    return buffer.getvalue()


def finish(
    unfinished: Unfinished, *, shown: Shown, named: int, channels: int | None = None, features: Path | None = None
) -> None:
    """Give complete answers their final names, the answers last; then nothing unfinished is left.

    Args:
        unfinished: whose journal says that they are complete.
        shown: which columns there are.
        named: images that were.
        channels: numbers of a feature vector.
        features: the file for feature vectors.

    Raises:
        OutputNotWritable: a file cannot be written; everything is kept.
    """
    vectors, answers = unfinished.part(FEATURES), unfinished.part(ANSWERS)
    if features is not None and channels is not None and vectors.exists():
        with said_plainly(features):
            with vectors.open("r+b") as file:
                file.write(npy_header(named, channels))
            sync_file(vectors)
            _move(vectors, features)
            sync_folder(features.parent)
    if answers.exists():
        with said_plainly(unfinished.out):
            form = form_of(unfinished.out)
            final = answers
            if form.finish is not None:
                final = unfinished.part(FINAL)
                form.finish(answers, final, shown=shown)
                sync_file(final)
            final.replace(unfinished.out)
            sync_folder(unfinished.out.parent)
    unfinished.remove()


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with source.open("rb") as whole, written_file(target) as file:  # on another disk it is copied
            shutil.copyfileobj(whole, file)
        source.unlink()
