"""The work of bare Keras operations: kind → multiply-accumulates of one image, from the shapes alone.

Source: the definition of each product in NumPy (`matmul`, `dot`, `tensordot`, `inner`, `einsum`), and for convolutions
`hubel.arithmetic.convolution`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from hubel.architectures.call_arguments import Argument, Shape, SizedCall, node_of
from hubel.architectures.no_work import REORDERING_OPS
from hubel.architectures.walk import Call


def mixes_images(call: Call) -> bool:
    """Whether an operation may join or divide the images of a batch: then nothing behind it is of one image."""
    node = node_of(call)
    if node is None or not node.input_tensors:
        return True
    batch = tuple(node.input_tensors[0].shape[:1])
    axis = getattr(call.layer, "axis", None)
    if axis == 0 or (isinstance(axis, (tuple, list)) and 0 in axis):
        return True
    if call.kind in REORDERING_OPS and _count(call.input_shapes[0]) != _count(call.output_shapes[0]):
        return True
    return any(tuple(tensor.shape[:1]) != batch for tensor in node.output_tensors)


def _count(shape: Sequence[int | None]) -> int | None:
    return None if None in shape else prod(int(size or 0) for size in shape)


def _two(step: SizedCall) -> tuple[Argument, Argument]:
    first, second = step.inputs[:2]
    return first, second


def matmul(step: SizedCall) -> int | None:
    """Each output is a sum over the last axis of the first factor."""
    first, second = _two(step)
    if not second.fixed and len(second.whole) <= 2:  # the second factor is summed over its batch
        return None
    return step.outputs * first.whole[-1]


def dot(step: SizedCall) -> int | None:
    """As `numpy.dot`: the last axis of the first factor against the last but one of the second; of numbers, none."""
    first, second = (value.whole for value in _two(step))
    if not first or not second:
        return 0
    if not step.inputs[1].fixed and len(second) <= 2:
        return None
    return prod(first) * prod(second) // first[-1]


def inner(step: SizedCall) -> int:
    """As `numpy.inner`: the last axis of both."""
    first, second = (value.whole for value in _two(step))
    return prod(first) * prod(second) // first[-1] if first and second else 0


def tensordot(step: SizedCall) -> int | None:
    """As `numpy.tensordot`: the sizes of all axes, those summed over once; without any, an outer product, none."""
    (first, second), axes = _two(step), step.layer.axes
    if isinstance(axes, int):
        axes = (list(range(len(first.whole) - axes, len(first.whole))), list(range(axes)))
    pairs = [[side] if isinstance(side, int) else list(side) for side in axes]
    for value, side in zip((first, second), pairs, strict=True):
        if not value.fixed and 0 in [axis % len(value.whole) for axis in side]:
            return None
    if not pairs[0]:
        return 0
    return prod(first.whole) * prod(second.whole) // prod(first.whole[axis] for axis in pairs[0])


def einsum(step: SizedCall) -> int | None:
    """One product for each combination of indices; None for more than two factors, whose order decides."""
    values = step.inputs
    terms, arrow, result = step.layer.subscripts.replace(" ", "").partition("->")
    names = terms.split(",")
    if not arrow or len(values) > 2 or len(names) != len(values):
        return None
    if any(not value.fixed and name[:1] != result[:1] for name, value in zip(names, values, strict=True)):
        return None  # summed or moved over the batch
    return einsum_macs(names, [value.whole for value in values], result=result)


def einsum_macs(names: Sequence[str], shapes: Sequence[Sequence[int]], *, result: str) -> int:
    """Multiply-accumulates of an Einstein sum of at most two factors.

    Args:
        names: indices of each factor, ``...`` for all that are not named.
        shapes: of each factor.
        result: indices of the result.

    Returns:
        One for each combination of the indices, where an index that both factors have is summed over; without one, the
        products are added into no sum. An index that only one factor has and the result lacks is summed before.
    """
    unnamed = [len(shape) - len(name.replace("...", "")) for name, shape in zip(names, shapes, strict=True)]
    sizes = [
        dict(zip(name.replace("...", _places(count)), shape, strict=True))
        for name, shape, count in zip(names, shapes, unnamed, strict=True)
    ]
    kept = set(result.replace("...", _places(max(unnamed))))
    summed = set.intersection(*(set(size) for size in sizes)) - kept
    largest = [max(size.get(index, 1) for size in sizes) for index in kept | summed]
    return prod(largest) if summed and len(sizes) > 1 else 0


def _places(count: int) -> str:
    """Indices for the axes behind ``...``, the last axis always the same: letters that no equation has."""
    return "".join(chr(0x1000 + place) for place in reversed(range(count)))


def _kernel(step: SizedCall, name: str) -> Shape | None:
    """Shape of a kernel kept in the network; None of one that is computed, whose first axis Keras takes for a batch."""
    value = step.of(name)
    return value.shape if value is not None and value.fixed else None


def conv(step: SizedCall) -> int | None:
    """Each output number is a sum over the taps and channels of a kernel [*size, channels of a group, filters]."""
    kernel = _kernel(step, "kernel")
    return None if kernel is None else step.outputs * prod(kernel[:-1])


def depthwise_conv(step: SizedCall) -> int | None:
    """Each output number is a sum over the taps of a kernel [*size, channels, multiplier]."""
    kernel = _kernel(step, "kernel")
    return None if kernel is None else step.outputs * prod(kernel[:-2])


def separable_conv(step: SizedCall) -> int | None:
    """The depthwise step, then at each place a matrix [channels, filters]."""
    depthwise, pointwise = _kernel(step, "depthwise_kernel"), _kernel(step, "pointwise_kernel")
    if depthwise is None or pointwise is None:
        return None
    places = step.outputs // pointwise[-1]
    return places * (prod(depthwise) + prod(pointwise))


def conv_transpose(step: SizedCall) -> int | None:
    """Each number of the input is multiplied with a whole kernel [*size, filters, channels] of its channel."""
    kernel = _kernel(step, "kernel")
    return None if kernel is None else prod(step.first) * prod(kernel[:-1])


def dot_product_attention(step: SizedCall) -> int | None:
    """Scores of each query with each key, and the values' sum with these weights: [places, heads, size] each."""
    query, key, value = (step.of(name) for name in ("query", "key", "value"))
    if query is None or key is None or value is None:
        return None
    return prod(query.shape) * key.shape[0] + prod(query.shape[:-1]) * value.shape[0] * value.shape[-1]


def average(step: SizedCall) -> int:
    """With weights, each number is multiplied once and added up; without, it is only added."""
    return prod(step.first) if len(step.inputs) > 1 else 0


def grey(step: SizedCall) -> int:
    """A weight for each of red, green and blue."""
    return prod(step.first)


OP_RULES: dict[str, Callable[[SizedCall], int | None]] = {
    "Matmul": matmul,
    "Dot": dot,
    "Inner": inner,
    "Tensordot": tensordot,
    "Einsum": einsum,
    "Conv": conv,
    "DepthwiseConv": depthwise_conv,
    "SeparableConv": separable_conv,
    "ConvTranspose": conv_transpose,
    "DotProductAttention": dot_product_attention,
    "Average": average,
    "RGBToGrayscale": grey,
}
"""Kind of a bare operation → its rule."""
