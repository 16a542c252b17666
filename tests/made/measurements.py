"""What is measured on one image alone."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Image
from hubel.corpus.measurement import measure_images
from hubel.errors import UnreadableImage


def measure_image(content: bytes | Image) -> np.ndarray:
    """One `MEASUREMENT`; a fault is raised.

    Args:
        content: a file's bytes, or uint8 [height, width, 3].
    """
    (row,) = measure_images([content])
    if isinstance(row, UnreadableImage):
        raise row
    return row
