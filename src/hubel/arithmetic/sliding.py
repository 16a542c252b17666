"""How a window moves over a matrix, and what lies under it at one position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubel.arithmetic.convolution import PADDINGS, padding_amounts, positions, tap_pairs
from hubel.errors import WrongRequest
from hubel.text import brief


@dataclass(frozen=True)
class WindowOptions:
    """How a window moves. Every pair is (height, width).

    Args:
        kernel_size: taps of the kernel, or pixels of the pooling window.
        stride: pixels between positions.
        padding: ``"valid"`` (none) or ``"same"`` (output = input / stride, rounded up; the odd pixel is put last).
        dilation: pixels between taps.

    Raises:
        WrongRequest: a number below 1, or an unknown padding.
    """

    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: str = "valid"
    dilation: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        for name in ("kernel_size", "stride", "dilation"):
            pair = getattr(self, name)
            if min(pair) < 1:
                what = "kernel size" if name == "kernel_size" else name
                raise WrongRequest(
                    f"The {what} must be 1 or more in height and width. Received: {pair[0]},{pair[1]}. Give 1 or more."
                )
        if self.padding not in PADDINGS:
            raise WrongRequest(f"Padding must be 'valid' or 'same'. Received: {self.padding!r}.")

    @property
    def reach(self) -> tuple[int, int]:
        """Pixels from the first to the last tap, both counted."""
        first, second = ((taps - 1) * gap + 1 for taps, gap in zip(self.kernel_size, self.dilation, strict=True))
        return first, second

    def output_size(self, input_size: tuple[int, int]) -> tuple[int, int]:
        """Positions (down, across) that the window takes on an input of (height, width) pixels.

        Raises:
            WrongRequest: the window does not fit; says by how much, and what to change.
        """
        height, width = (positions(size, **self._along(axis)) for axis, size in enumerate(input_size))
        if height and width:
            return height, width
        missing = [
            f"{reach - size} too few in {axis}"
            for axis, reach, size in zip(("height", "width"), self.reach, input_size, strict=True)
            if reach > size
        ]
        spread = f" with a dilation of {by(self.dilation)}" if self.dilation != (1, 1) else ""
        cure = "Pad (padding 'same'), or take a smaller one" + (" or a smaller dilation." if spread else ".")
        raise WrongRequest(
            f"A window of {by(self.kernel_size)}{spread} covers {by(self.reach)} pixels and does not fit the matrix "
            f"of {by(input_size)}: {' and '.join(missing) or 'the matrix is empty'}. {cure}"
        )

    def pads(self, input_size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Pixels of padding ((above, below), (left, right)); below and right hold the odd one, as Keras has it."""
        rows, columns = (padding_amounts(size, **self._along(axis)) for axis, size in enumerate(input_size))
        return rows, columns

    def pairs(self, input_size: tuple[int, int]) -> tuple[int, int]:
        """Pairs of an output position and a tap on a pixel, along each axis."""
        rows, columns = (tap_pairs(size, **self._along(axis)) for axis, size in enumerate(input_size))
        return rows, columns

    def _along(self, axis: int) -> dict[str, Any]:
        """As `positions` takes it."""
        options = {"kernel_size": self.kernel_size, "stride": self.stride, "dilation": self.dilation}
        return {"padding": self.padding, **{name: pair[axis] for name, pair in options.items()}}


@brief
@dataclass(frozen=True)
class Step:
    """The window at one position.

    Args:
        row: of the result.
        column: of the result.
        top: first row of the matrix under the window; negative in the padding.
        left: first column of the matrix under the window; negative in the padding.
        window: the pixels under the taps, [kernel_height, kernel_width, channels]; zero in the padding.
        products: pixels times weights, of the same shape; the pixels themselves without a kernel.
        sum: of the products; no bias, no activation.
        inside: [kernel_height, kernel_width], False for taps that lie in the padding.
    """

    row: int
    column: int
    top: int
    left: int
    window: NDArray[np.float64]
    products: NDArray[np.float64]
    sum: float
    inside: NDArray[np.bool_]


def window_step(
    maps: NDArray[np.float64], kernel: NDArray[np.float64] | None = None, *, options: WindowOptions, at: tuple[int, int]
) -> Step:
    """The window at one position of the result.

    Args:
        maps: [height, width, channels].
        kernel: one filter, [kernel_height, kernel_width, channels]; None for pooling.
        options: how the window moves.
        at: (row, column) of the result.
    """
    (above, _), (before, _) = options.pads(maps.shape[:2])
    top, left = at[0] * options.stride[0] - above, at[1] * options.stride[1] - before
    rows = top + np.arange(options.kernel_size[0]) * options.dilation[0]
    columns = left + np.arange(options.kernel_size[1]) * options.dilation[1]
    inside = np.outer((rows >= 0) & (rows < maps.shape[0]), (columns >= 0) & (columns < maps.shape[1]))
    nearest = maps[np.ix_(rows.clip(0, maps.shape[0] - 1), columns.clip(0, maps.shape[1] - 1))]
    window = np.where(inside[..., None], nearest, 0.0)
    products = window if kernel is None else window * kernel
    return Step(at[0], at[1], top, left, window, products, float(products.sum()), inside)


def by(pair: tuple[int, ...]) -> str:
    """A size in words, such as ``3x3``.

    Args:
        pair: height and width; what follows them is left out.
    """
    return f"{pair[0]}x{pair[1]}"
