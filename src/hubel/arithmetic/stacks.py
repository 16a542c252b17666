"""Several small kernels in a row against the one large kernel that sees the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubel.arithmetic.convolution import convolution_macs, convolution_parameters
from hubel.errors import WrongRequest

MOST_LAYERS, MOST_CHANNELS, LARGEST_KERNEL = 100, 65_536, 99


@dataclass(frozen=True)
class Stack:
    """Convolutions in a row, stride 1, each with as many filters as channels, against one convolution.

    Args:
        layers: how many in a row.
        kernel_size: height and width of each kernel.
        channels: of the input and of every layer.
        sees: height and width of what one position sees: the size of the one large kernel.
        parameters: weights and biases of the stack.
        single_parameters: of the one large kernel.
        macs_per_position: multiply-accumulates of the stack for one position of its output.
        single_macs_per_position: of the one large kernel.
    """

    layers: int
    kernel_size: int
    channels: int
    sees: int
    parameters: int
    single_parameters: int
    macs_per_position: int
    single_macs_per_position: int

    @property
    def ratio(self) -> float:
        """Parameters of the stack as a share of those of the one kernel."""
        return self.parameters / self.single_parameters

    def to_json(self) -> dict[str, Any]:
        """Plain data, the ratio too."""
        return {**vars(self), "ratio": self.ratio}


def make_stack(layers: int, *, kernel_size: int = 3, channels: int = 64) -> Stack:
    """Compare kernels in a row with the one that sees as much.

    Args:
        layers: how many small kernels.
        kernel_size: height and width of each in pixels.
        channels: of every layer.

    Raises:
        WrongRequest: a number is out of bounds.
    """
    bounds = {"layers": (layers, MOST_LAYERS), "kernel": (kernel_size, LARGEST_KERNEL)}
    for name, (value, most) in {**bounds, "channels": (channels, MOST_CHANNELS)}.items():
        if not 1 <= value <= most:
            raise WrongRequest(f"A stack's {name} must be a number from 1 to {most}. Received: {value}.")
    size = layers * (kernel_size - 1) + 1
    small, large = (kernel_size, kernel_size), (size, size)
    return Stack(
        layers,
        kernel_size,
        channels,
        size,
        layers * convolution_parameters(small, channels, filters=channels),
        convolution_parameters(large, channels, filters=channels),
        layers * convolution_macs(small, channels, filters=channels, output_size=(1, 1)),
        convolution_macs(large, channels, filters=channels, output_size=(1, 1)),
    )


def stack_table(*, kernel_size: int = 3, channels: int = 64, deepest: int = 5) -> list[Stack]:
    """Stacks of one layer, of two, and so on.

    Args:
        kernel_size: height and width of each kernel in pixels.
        channels: of every layer.
        deepest: how many layers the last stack has.

    Raises:
        WrongRequest: a number is out of bounds.
    """
    return [make_stack(layers, kernel_size=kernel_size, channels=channels) for layers in range(1, deepest + 1)]
