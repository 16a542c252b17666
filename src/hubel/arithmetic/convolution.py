"""Output size, parameters and multiply-accumulates of one layer."""

from __future__ import annotations

from math import prod

from hubel.errors import WrongRequest

PADDINGS = ("valid", "same")


def positions(input_size: int, kernel_size: int, *, stride: int = 1, padding: str = "valid", dilation: int = 1) -> int:
    """Positions a kernel or a pooling window takes along one axis: the output size along that axis.

    Args:
        input_size: pixels along the axis, at least 1.
        kernel_size: taps along the axis, at least 1.
        stride: pixels between positions, at least 1.
        padding: ``"valid"`` (none) or ``"same"`` (output = input / stride, rounded up).
        dilation: pixels between taps, at least 1.

    Returns:
        Positions along the axis; 0 where the kernel does not fit.

    Source: Dumoulin & Visin 2016, arXiv:1603.07285, relationships 5 and 15.
    """
    if padding not in PADDINGS:
        raise WrongRequest(f"Padding must be 'valid' or 'same'. Received: {padding!r}.")
    if padding == "same":
        return -(-input_size // stride)
    reach = (kernel_size - 1) * dilation + 1
    return max(0, (input_size - reach) // stride + 1)


def convolution_parameters(kernel_size: tuple[int, int], in_channels: int, filters: int, *, bias: bool = True) -> int:
    """Weights and biases of a convolution: each filter is shared over all positions."""
    return prod(kernel_size) * in_channels * filters + (filters if bias else 0)


def convolution_macs(
    kernel_size: tuple[int, int], in_channels: int, filters: int, output_size: tuple[int, int], *, groups: int = 1
) -> int:
    """Multiply-accumulates of one image: one per weight and output position; biases are not counted.

    Args:
        kernel_size: (height, width).
        in_channels: channels of the input.
        filters: feature maps of the output.
        output_size: (height, width) of the output.
        groups: parts the channels are divided into; each filter sees ``in_channels / groups`` of them.
    """
    return prod(kernel_size) * (in_channels // groups) * filters * prod(output_size)


def depthwise_macs(kernel_size: tuple[int, int], channels: int, output_size: tuple[int, int]) -> int:
    """Multiply-accumulates of a depthwise convolution: one kernel for each channel."""
    return prod(kernel_size) * channels * prod(output_size)


def dense_parameters(inputs: int, units: int, *, bias: bool = True) -> int:
    """Weights and biases of a dense layer: every input is connected to every unit."""
    return inputs * units + (units if bias else 0)
