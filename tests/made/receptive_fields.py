"""What a receptive field says of one position along one axis, read off its reach."""

from __future__ import annotations

import numpy as np

from hubel.arithmetic.receptive_field import ReceptiveField


def box_along(field: ReceptiveField, index: int, *, axis: int = 1, ndim: int = 3) -> tuple[int, int]:
    """First pixel and one behind the last that the position sees; equal where it sees nothing but padding.

    In a value of another number of axes than the image (a vector, a list of patches) all positions count as one.

    Args:
        field: of a value.
        index: of the position.
        axis: of the image; the batch is axis 0.
        ndim: axes of the image, the batch counted.
    """
    reach = field.reach
    if reach.ndim == ndim + 1 and reach.shape[axis + 1] > 1:
        reach = np.take(reach, index, axis + 1)
    to_end, stop = (int(each) for each in reach.reshape(2, -1).max(axis=1))
    return (field.image_size - to_end, stop) if stop else (0, 0)
