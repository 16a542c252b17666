"""Traces: what the making of a file has left in it, beside what the image shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np

from hubel.arrays import Image
from hubel.errors import UnreadableImage
from hubel.images.origin import TABLE, read_origin

TRACES_VERSION = 1
"""Raised when a trace changes, so that cached ones are made again."""

_TEXT = "S96"
_FIELDS = [
    ("bytes", "<i8"),  # of the file; 0 for pixels that came without one
    ("tables", "<u2", (2, TABLE)),  # quantisation of luminance and chrominance; zeros where the file is no JPEG
    ("subsampling", "S12"),
    ("progressive", "?"),
    ("camera", _TEXT),  # UTF-8
    ("software", _TEXT),
    ("date", "S48"),
]
TRACE = cast("np.dtype[np.void]", np.dtype(_FIELDS))


def trace_images(contents: Iterable[bytes | Image | UnreadableImage]) -> list[np.ndarray | UnreadableImage]:
    """Read the traces of several images, by their headers alone.

    Args:
        contents: a file's bytes, or uint8 [height, width, 3]. A fault stays what it is.

    Returns:
        One `TRACE`, an array of no dimensions, or fault for each.
    """
    return [each if isinstance(each, UnreadableImage) else _trace(each) for each in contents]


def _trace(content: bytes | Image) -> np.ndarray:
    row = np.zeros((), TRACE)
    if isinstance(content, bytes):
        origin = read_origin(content)
        row["bytes"] = len(content)
        row["tables"] = np.minimum(origin.tables, np.iinfo(np.uint16).max)
        row["progressive"] = origin.progressive
        for name in ("subsampling", "camera", "software", "date"):
            row[name] = getattr(origin, name).encode("utf-8", "replace")
    return row
