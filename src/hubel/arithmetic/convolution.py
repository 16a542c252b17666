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

    Raises:
        WrongRequest: an unknown padding.

    Source: Dumoulin & Visin 2016, arXiv:1603.07285, relationships 5 and 15.
    """
    if padding not in PADDINGS:
        raise WrongRequest(f"Padding must be 'valid' or 'same'. Received: {padding!r}.")
    if padding == "same":
        return -(-input_size // stride)
    reach = (kernel_size - 1) * dilation + 1
    return max(0, (input_size - reach) // stride + 1)


def convolution_parameters(kernel_size: tuple[int, int], in_channels: int, *, filters: int, bias: bool = True) -> int:
    """Weights and biases of a convolution: each filter is shared over all positions.

    Args:
        kernel_size: (height, width).
        in_channels: channels of the input; of a group, where there are several.
        filters: feature maps of the output.
        bias: one for each filter.
    """
    return prod(kernel_size) * in_channels * filters + (filters if bias else 0)


def convolution_macs(
    kernel_size: tuple[int, int], in_channels: int, *, filters: int, output_size: tuple[int, int]
) -> int:
    """Multiply-accumulates of one image: one per weight and output position; biases are not counted.

    Args:
        kernel_size: (height, width).
        in_channels: channels of the input.
        filters: feature maps of the output.
        output_size: (height, width) of the output.
    """
    return prod(kernel_size) * in_channels * filters * prod(output_size)


def dense_parameters(inputs: int, units: int, *, bias: bool = True) -> int:
    """Weights and biases of a dense layer: every input is connected to every unit.

    Args:
        inputs: numbers that go in.
        units: numbers that come out.
        bias: one for each unit.
    """
    return inputs * units + (units if bias else 0)


def padding_amounts(
    input_size: int, kernel_size: int, *, stride: int = 1, padding: str = "valid", dilation: int = 1
) -> tuple[int, int]:
    """Pixels of zeros that are added before and after, along one axis.

    With ``"same"`` an odd one goes after, as in TensorFlow and Keras (ONNX: SAME_UPPER).

    Args:
        input_size: pixels along the axis, at least 1.
        kernel_size: taps along the axis, at least 1.
        stride: pixels between positions, at least 1.
        padding: ``"valid"`` or ``"same"``.
        dilation: pixels between taps, at least 1.
    """
    count = positions(input_size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    if padding == "valid":
        return 0, 0
    reach = (kernel_size - 1) * dilation + 1
    total = max(0, (count - 1) * stride + reach - input_size)
    return total // 2, total - total // 2


def tap_pairs(input_size: int, kernel_size: int, *, stride: int = 1, padding: str = "valid", dilation: int = 1) -> int:
    """Pairs of an output position and a tap that lies on a pixel, not on padding, along one axis.

    Args:
        input_size: pixels along the axis, at least 1.
        kernel_size: taps along the axis, at least 1.
        stride: pixels between positions, at least 1.
        padding: ``"valid"`` or ``"same"``.
        dilation: pixels between taps, at least 1.
    """
    before, _ = padding_amounts(input_size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    count = positions(input_size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return sum(
        sum(0 <= place * stride - before + tap * dilation < input_size for tap in range(kernel_size))
        for place in range(count)
    )


def convolution_connections(pairs: tuple[int, int], in_channels: int, *, filters: int, groups: int = 1) -> int:
    """Connections from input numbers to output numbers, of a convolution and of a locally connected layer alike.

    Args:
        pairs: `tap_pairs` along height and width.
        in_channels: channels of the input.
        filters: feature maps of the output.
        groups: parts the channels are divided into.
    """
    return prod(pairs) * (in_channels // groups) * filters


def dense_connections(inputs: int, units: int) -> int:
    """Connections of a dense layer: every input with every unit.

    Args:
        inputs: numbers that go in.
        units: numbers that come out.
    """
    return inputs * units


def locally_connected_parameters(
    kernel_size: tuple[int, int], in_channels: int, *, filters: int, output_size: tuple[int, int], bias: bool = True
) -> int:
    """Weights and biases where every position has a kernel, and a bias for each filter, of its own.

    Args:
        kernel_size: (height, width).
        in_channels: channels of the input.
        filters: feature maps of the output.
        output_size: (height, width) of the output.
        bias: one for each filter at each position.
    """
    return prod(output_size) * convolution_parameters(kernel_size, in_channels, filters=filters, bias=bias)
