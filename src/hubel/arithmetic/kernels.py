"""Kernels with a name, as image processing uses them: what a network has to learn, written by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hubel.catalogue import find


@dataclass(frozen=True)
class Kernel:
    """One kernel for one channel.

    Args:
        summary: what it does to an image, in one line.
        values: rows of weights.
    """

    summary: str
    values: tuple[tuple[float, ...], ...]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Float64 [kernel_height, kernel_width]."""
        return np.array(self.values, np.float64)


_TINY = 1 / 16  # a power of two: the weights of the Gaussian are exact

KERNELS = {
    "x": Kernel("answers to a diagonal cross; the worked example", ((1, 0, 1), (0, 1, 0), (1, 0, 1))),
    "identity": Kernel("leaves the image as it is", ((0, 0, 0), (0, 1, 0), (0, 0, 0))),
    "box": Kernel("blurs: the average of nine pixels", ((1 / 9,) * 3,) * 3),
    "gaussian": Kernel(
        "blurs softly: near pixels count more",
        ((_TINY, 2 * _TINY, _TINY), (2 * _TINY, 4 * _TINY, 2 * _TINY), (_TINY, 2 * _TINY, _TINY)),
    ),
    "sharpen": Kernel("adds what differs from the neighbours", ((0, -1, 0), (-1, 5, -1), (0, -1, 0))),
    "sobel-x": Kernel("change from left to right: vertical edges", ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))),
    "sobel-y": Kernel("change from top to bottom: horizontal edges", ((-1, -2, -1), (0, 0, 0), (1, 2, 1))),
    "laplacian": Kernel("second derivative: lines and edges of any direction", ((0, 1, 0), (1, -4, 1), (0, 1, 0))),
    "edge": Kernel("a pixel against its eight neighbours", ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1))),
    "emboss": Kernel("light from the top left: the image as a relief", ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))),
}
"""name → kernel. They are laid on as they stand, never flipped."""


def find_kernel(name: str) -> Kernel:
    """The kernel of that name.

    Raises:
        UnknownName: with the nearest name, and every name there is.
    """
    return find(KERNELS, name, kind="kernel")
