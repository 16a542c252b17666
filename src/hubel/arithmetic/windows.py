"""A window slides over a matrix: convolution and pooling in plain numbers, one step at a time if asked.

What deep-learning libraries call convolution is cross-correlation: the kernel is applied as it is, not flipped.
So it is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubel.arithmetic.sliding import Step, WindowOptions, by, window_step
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.text import brief

MODES = ("max", "average", "sum")


def convolve(
    maps: NDArray[np.float64],
    kernel: NDArray[np.float64],
    *,
    options: WindowOptions,
    bias: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Cross-correlation, as every convolutional layer computes it: the kernel is not flipped.

    Args:
        maps: [height, width, in_channels].
        kernel: [kernel_height, kernel_width, in_channels, filters], as Keras ``layer.kernel``.
        options: its kernel size is the kernel's.
        bias: [filters], added to every position; None for none.

    Returns:
        Float64 [height, width, filters]: one feature map for each filter.

    Raises:
        WrongRequest: the kernel does not fit, or is made for another number of channels.
    """
    if kernel.shape[:2] != options.kernel_size or kernel.shape[2] != maps.shape[2]:
        raise WrongRequest(
            f"The kernel must be {by(options.kernel_size)} for {maps.shape[2]} channels. "
            f"Received: {by(kernel.shape[:2])} for {kernel.shape[2]}."
        )
    result = np.zeros((*options.output_size(maps.shape[:2]), kernel.shape[3]))
    for (row, column), pixels in _taps(maps, options, fill=0.0):
        result += pixels @ kernel[row, column]
    return result if bias is None else result + bias


def pool(maps: NDArray[np.float64], mode: str, options: WindowOptions) -> NDArray[np.float64]:
    """Subsample each channel on its own: no weights, no bias, the depth stays.

    Args:
        maps: [height, width, channels].
        mode: ``"max"`` and ``"average"`` look at real pixels only, as Keras does; to ``"sum"`` padding adds zero.
        options: without dilation.

    Returns:
        Float64 [height, width, channels].

    Raises:
        WrongRequest: an unknown mode, a dilation, or a window that does not fit.
    """
    if mode not in MODES:
        raise WrongRequest(f"The mode must be one of {', '.join(MODES)}. Received: {mode!r}.")
    if options.dilation != (1, 1):
        # A spread window at the border could hold no real pixel at all: nothing to take the maximum of.
        raise WrongRequest(f"Pooling takes no dilation. Received: {by(options.dilation)}. Leave it out.")
    size = options.output_size(maps.shape[:2])
    if mode == "max":
        result = np.full((*size, maps.shape[2]), -np.inf)
        for _, pixels in _taps(maps, options, fill=-np.inf):
            np.maximum(result, pixels, out=result)
        return result
    result = sum((pixels for _, pixels in _taps(maps, options, fill=0.0)), np.zeros((*size, maps.shape[2])))
    if mode == "sum":
        return result
    real = np.ones((*maps.shape[:2], 1))
    return result / sum((pixels for _, pixels in _taps(real, options, fill=0.0)), np.zeros((*size, 1)))


MOST_STEPS = 20_000
"""Windows written as JSON or text; more teaches nothing, and would fill the memory."""

MOST_NUMBERS = 2_000_000
"""Numbers written as JSON, those of every window counted."""


@brief
@dataclass(frozen=True)
class Calculation:
    """One kernel, or one pooling window, over one matrix.

    Args:
        maps: the matrix, [height, width, channels].
        options: how the window moves.
        result: [height, width, 1] of a kernel: what it makes of the channels is summed; of pooling [..., channels].
        kernel: [kernel_height, kernel_width], laid on every channel; None for pooling.
        mode: of pooling; empty for a kernel.
        bias: added to every sum.
        relu: whether what is negative then becomes zero.
    """

    maps: NDArray[np.float64]
    options: WindowOptions
    result: NDArray[np.float64]
    kernel: NDArray[np.float64] | None = None
    mode: str = ""
    bias: float = 0.0
    relu: bool = False

    @property
    def count(self) -> int:
        """Windows there are."""
        return self.result.shape[0] * self.result.shape[1]

    def step(self, position: int) -> Step:
        """The window at that place in reading order, from 0."""
        kernel = None if self.kernel is None else self.kernel[..., None]
        return window_step(self.maps, kernel, options=self.options, at=divmod(position, self.result.shape[1]))

    def steps(self) -> Iterator[Step]:
        """Every window, in reading order."""
        return (self.step(position) for position in range(self.count))

    def check_steps(self) -> None:
        """Refuse to write out more windows than anybody reads.

        Raises:
            WrongRequest: says how many there are, and how to have fewer.
        """
        numbers = self.maps.size + self.count * self.options.kernel_size[0] * self.options.kernel_size[1] * 2
        if self.count > MOST_STEPS or numbers > MOST_NUMBERS:
            raise WrongRequest(
                f"{self.count:,} windows over {self.maps.shape[0]:,}x{self.maps.shape[1]:,} pixels are too many to "
                f"write out one by one (at most {MOST_STEPS:,}, and {MOST_NUMBERS:,} numbers). Take a part with ",
                Option("region", "0,0,28,28"),
                ", or a larger ",
                Option("stride"),
                ".",
            )

    def to_json(self) -> dict[str, Any]:
        """The matrix, the result and every window as plain lists; single channels are [height][width].

        Raises:
            WrongRequest: there is too much of it.
        """
        self.check_steps()
        document: dict[str, Any] = {"matrix": plain(self.maps)}
        if self.kernel is None:
            document |= {"window": list(self.options.kernel_size), "mode": self.mode}
        else:
            document |= {"kernel": self.kernel.tolist(), "bias": self.bias, "relu": self.relu}
        document |= {
            "stride": list(self.options.stride),
            "padding": self.options.padding,
            "dilation": list(self.options.dilation),
            "result": plain(self.result),
        }
        return {**document, "steps": [self._step_to_json(step) for step in self.steps()]}

    def _step_to_json(self, step: Step) -> dict[str, Any]:
        document: dict[str, Any] = {"row": step.row, "column": step.column}
        value = plain(self.result[step.row : step.row + 1, step.column : step.column + 1])[0][0]
        if self.kernel is not None:
            numbers = {"window": plain(step.window), "products": plain(step.products), "sum": step.sum}
            return {**document, **numbers, "value": value}
        # Pooling looks past the padding, where a zero would be a number like any other.
        marked = step.window.astype(object)
        marked[~step.inside] = None
        return {**document, "window": plain(marked), "value": value}

    def _brief(self) -> Iterator[str]:
        what = f"{self.mode} pooling" if self.kernel is None else f"kernel {by(self.kernel.shape)}"
        yield f"Calculation: {what} over {by(self.maps.shape)}, {self.count:,} windows"
        yield f"result {by(self.result.shape)}, {self.result.min():.4g} to {self.result.max():.4g}"


def calculate_convolution(
    maps: NDArray[np.float64], kernel: NDArray[np.float64], *, options: WindowOptions, bias: float = 0.0,
    relu: bool = False,
) -> Calculation:  # fmt: skip
    """One kernel, laid on every channel of the matrix; the channels' sums are added.

    Args:
        maps: the matrix, [height, width, channels].
        kernel: [kernel_height, kernel_width].
        options: how the kernel moves.
        bias: added to every sum.
        relu: then set to 0 what is negative.

    Raises:
        WrongRequest: the kernel does not fit.
    """
    weights = np.repeat(kernel[..., None, None], maps.shape[2], axis=2)
    result = convolve(maps, weights, options=options, bias=np.array([bias]))
    return Calculation(maps, options, np.maximum(result, 0) if relu else result, kernel, bias=bias, relu=relu)


def calculate_pooling(maps: NDArray[np.float64], mode: str, *, options: WindowOptions) -> Calculation:
    """Pooling of each channel on its own.

    Args:
        maps: the matrix, [height, width, channels].
        mode: one of `MODES`.
        options: how the window moves.

    Raises:
        WrongRequest: as `pool`.
    """
    return Calculation(maps, options, pool(maps, mode, options), mode=mode)


def plain(values: NDArray[Any]) -> list[Any]:
    """[height, width, channels] as lists; without the last axis where there is one channel."""
    return (values[..., 0] if values.shape[2] == 1 else values).tolist()


def _taps(
    maps: NDArray[np.float64], options: WindowOptions, *, fill: float
) -> Iterator[tuple[tuple[int, int], NDArray[np.float64]]]:
    """For each tap, the pixels that lie under it at all positions: [height, width, channels] of the result."""
    padded = np.pad(maps, (*options.pads(maps.shape[:2]), (0, 0)), constant_values=fill)
    counts = options.output_size(maps.shape[:2])
    ends = [(count - 1) * stride + 1 for count, stride in zip(counts, options.stride, strict=True)]
    for row, column in np.ndindex(*options.kernel_size):
        top, left = row * options.dilation[0], column * options.dilation[1]
        yield (row, column), padded[top : top + ends[0] : options.stride[0], left : left + ends[1] : options.stride[1]]
