"""Pairs of images that show the same, and the sets they make."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

PAIR = cast(
    "np.dtype[np.void]",
    np.dtype([("first", "<i4"), ("second", "<i4"), ("similarity", "<f4"), ("orientation", "<i4"), ("changed", "?")]),
)
"""``first`` < ``second``; ``orientation`` is what makes the second of the first; ``changed``: a part of the image
differs, as in a crop, a frame, a caption."""


def joined(sets: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The sets after these links, each by a number of its own.

    Args:
        sets: number of the set of each image, int [images].
        first: places of one image each, int [links].
        second: places of another, int [links].
    """
    count = len(sets)
    links = coo_array((np.ones(len(first), bool), (sets[first], sets[second])), (count, count))
    return connected_components(links, directed=False)[1][sets]
