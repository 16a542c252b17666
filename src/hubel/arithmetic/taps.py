"""Which positions of its input each position of a layer's output takes, along one axis.

A kernel, a pooling window, a frame of zeros, a slice, a flip and a resize differ only in this: ``taps`` numbers that
each position takes. A place that the input does not have is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

NOWHERE = -1
REACH = {"bicubic": 2, "lanczos3": 3, "lanczos5": 5}
"""interpolation → input positions to each side that it weighs, at most; the rest have rules of their own."""


@dataclass(frozen=True, eq=False)
class Taps:
    """Places of the input, int [positions, taps]; those outside the input are padding.

    Args:
        places: of each output position.
        step: input positions from one output position's taps to the next one's; None where that is not always the same.
    """

    places: np.ndarray
    step: int | None

    @classmethod
    def of(cls, places: Sequence[Sequence[int]] | np.ndarray) -> Taps:
        """Taps whose step is read off the places [positions, taps]; shorter lists are filled with padding."""
        longest = max((len(row) for row in places), default=0)
        filled = np.array([[*row, *[NOWHERE] * (longest - len(row))] for row in places], np.int64)
        filled = filled.reshape(len(places), longest)
        if any(len(row) != longest for row in places) or (filled < 0).any():
            return cls(filled, None)
        steps = np.diff(filled, axis=0)
        even = steps.size == 0 or bool((steps == steps.flat[0]).all())
        return cls(filled, (int(steps.flat[0]) if steps.size else 1) if even else None)


def window_taps(
    positions: int, kernel_size: int, *, stride: int = 1, padding_before: int = 0, dilation: int = 1
) -> Taps:
    """Of a kernel or a pooling window; with a kernel of 1, of a frame that is added or (negative) cut off.

    Args:
        positions: output size along the axis.
        kernel_size: taps along the axis.
        stride: input positions between two output positions.
        padding_before: input positions added before the first; negative where some are cut off.
        dilation: input positions between taps.
    """
    starts = np.arange(positions)[:, None] * stride - padding_before
    return Taps(starts + np.arange(kernel_size)[None] * dilation, stride)


def transposed_taps(
    input_size: int, positions: int, *, kernel_size: int, stride: int, padding: str, dilation: int = 1
) -> Taps:
    """Of a transposed convolution: a convolution with the roles of input and output exchanged.

    Args:
        input_size: positions of the input along the axis.
        positions: output size along the axis.
        kernel_size: taps along the axis.
        stride: output positions between two input positions.
        padding: ``"valid"`` or ``"same"``.
        dilation: output positions between taps.
    """
    reach = (kernel_size - 1) * dilation + 1
    total = max(0, (input_size - 1) * stride + reach - positions) if padding == "same" else 0
    back = np.arange(positions)[:, None] + total // 2 - np.arange(kernel_size)[None] * dilation
    if stride == 1:
        return Taps(back[:, ::-1], 1)
    taken = [[int(each) // stride for each in row if each % stride == 0][::-1] for row in back]
    return Taps.of([[place for place in row if 0 <= place < input_size] for row in taken])


def adaptive_taps(input_size: int, positions: int) -> Taps:
    """Of a pooling layer that is told its output size.

    Args:
        input_size: positions of the input along the axis.
        positions: output size along the axis.
    """
    edges = [(index * input_size // positions, -(-(index + 1) * input_size // positions)) for index in range(positions)]
    return Taps.of([list(range(start, stop)) for start, stop in edges])


def resized_taps(
    input_size: int, positions: int, *, interpolation: str, antialias: bool = False, part: tuple[int, int] | None = None
) -> Taps | None:
    """Of a resize whose positions are the centres of pixels; None for a kind of interpolation that is not known here.

    Args:
        input_size: positions before.
        positions: positions after.
        interpolation: as Keras calls it.
        antialias: weigh more of the input where it is made smaller.
        part: first position and number of those of the input that are resized, all by default; those that the input
            does not have are padding.
    """
    first, size = part or (0, input_size)
    scale = size / positions
    rows = []
    for index in range(positions):
        centre = (index + 0.5) * scale - 0.5
        if interpolation == "nearest":
            row = [floor((index + 0.5) * scale)]
        elif interpolation == "bilinear":
            row = _under_tent(centre, max(1.0, scale) if antialias else 1.0)
        elif interpolation in REACH:
            half = REACH[interpolation] * (max(1.0, scale) if antialias else 1.0)
            row = list(range(ceil(centre - half), floor(centre + half) + 1))
        else:
            return None
        rows.append([first + place for place in sorted({min(max(place, 0), size - 1) for place in row})])
    return Taps.of([[place if 0 <= place < input_size else NOWHERE for place in row] for row in rows])


def _under_tent(centre: float, half: float) -> list[int]:
    """Places nearer to the centre than ``half``: those with a weight above 0."""
    near = range(ceil(centre - half), floor(centre + half) + 1)
    return [place for place in near if abs(place - centre) < half * (1 - 1e-6)]
