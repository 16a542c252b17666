"""How large each value of an ONNX file will be, worked out before anything is computed.

A graph of allowed operations could still ask for any amount of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np

from hubel.graphs.onnx_reader import INT64, OnnxContent, OnnxNode

BATCH = "batch"
Shape: TypeAlias = tuple[int | str, ...]
"""Sides of a value; the batch has a name instead of a number, and every value of the network has it."""
MOST_PADDING = 64


def value_shapes(content: OnnxContent, image: Shape, *, most_numbers: int) -> dict[str, Shape]:
    """The shape of every value.

    Args:
        content: of the file.
        image: of its input.
        most_numbers: that a value may have for one image.

    Returns:
        Name → shape, of the input, the constants and what each operation makes.

    Raises:
        ValueError: an operation is not allowed, does not fit what it is given, or makes too much; it is named.
    """
    shapes: dict[str, Shape] = {content.inputs[0].name: image}
    shapes |= {name: tensor.shape for name, tensor in content.tensors.items()}
    if len(shapes) != 1 + len(content.tensors):
        raise ValueError("a tensor has the name of the input")
    for node in content.nodes:
        where = f"operation {node.name!r} ({node.kind[:40]})"
        rule = OPERATIONS.get(node.kind)
        if rule is None or not set(node.attributes) <= rule.attributes:
            raise ValueError(f"{where} is not one that Hubel writes")
        if len(node.outputs) != 1 or node.outputs[0] in shapes:
            raise ValueError(f"{where} does not make one new value")
        if not node.inputs or not set(node.inputs) <= set(shapes):
            raise ValueError(f"{where} takes a value that is not there yet")
        try:
            made = rule.shape(_Known(node, shapes, content))
        except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{where} does not fit what it is given") from error
        if made.count(BATCH) != 1 or not all(side == BATCH or (type(side) is int and side >= 1) for side in made):
            raise ValueError(f"{where} makes something of the shape {made}")
        if count(made) > most_numbers:
            raise ValueError(f"{where} makes {count(made):,} numbers; {most_numbers:,} are allowed")
        shapes[node.outputs[0]] = made
    return shapes


def count(shape: Shape) -> int:
    """Numbers of a value for one image."""
    return prod(side for side in shape if isinstance(side, int))


@dataclass(frozen=True)
class _Known:
    """An operation, and what is known of its inputs."""

    node: OnnxNode
    shapes: dict[str, Shape]
    content: OnnxContent

    def shape(self, place: int = 0) -> Shape:
        return self.shapes[self.node.inputs[place]]

    def sides(self, place: int = 0) -> list[int]:
        """Height and width of maps [batch, channels, height, width]."""
        batch, _, height, width = self.shape(place)
        if batch != BATCH or not isinstance(height, int) or not isinstance(width, int):
            raise ValueError("no maps")
        return [height, width]

    def numbers(self, place: int) -> list[int]:
        """Whole numbers that stand in the file."""
        tensor = self.content.tensors[self.node.inputs[place]]
        if tensor.numbers != INT64:
            raise ValueError("no whole numbers")
        return [int(each) for each in np.ravel(tensor.values())]

    def get(self, name: str, other: Any = None) -> Any:
        return self.node.attributes.get(name, other)


def _same(known: _Known) -> Shape:
    """An operation on each number; further inputs are broadcast and make nothing larger."""
    for place in range(1, len(known.node.inputs)):
        if _broadcast(known.shape(), known.shape(place)) != known.shape():
            raise ValueError("another shape")
    return known.shape()


def _together(known: _Known) -> Shape:
    made = known.shape()
    for place in range(1, len(known.node.inputs)):
        made = _broadcast(made, known.shape(place))
    return made


def _broadcast(one: Shape, other: Shape) -> Shape:
    length = max(len(one), len(other))
    pairs = zip((1,) * (length - len(one)) + one, (1,) * (length - len(other)) + other, strict=True)
    made = []
    for a, b in pairs:
        if a != b and 1 not in (a, b):
            raise ValueError("shapes that do not fit")
        made.append(b if a == 1 else a)
    return tuple(made)


def _normalised(known: _Known) -> Shape:
    channels = known.shape()[1] if known.node.kind == "BatchNormalization" else known.shape()[-1]
    if any(known.shape(place) != (channels,) for place in range(1, len(known.node.inputs))):
        raise ValueError("not one number for each channel")
    return known.shape()


def _transpose(known: _Known) -> Shape:
    order = known.get("perm")
    if sorted(order) != list(range(len(known.shape()))):
        raise ValueError("not an order")
    return tuple(known.shape()[place] for place in order)


def _slid(known: _Known, taps: Sequence[int]) -> list[int]:
    sides, strides, pads = known.sides(), known.get("strides"), known.get("pads")
    dilations = known.get("dilations", [1, 1])
    if [len(each) for each in (sides, taps, strides, dilations, pads)] != [2, 2, 2, 2, 4]:
        raise ValueError("not two axes")
    if min(*strides, *dilations, *taps) < 1 or min(pads) < 0 or max(pads) > MOST_PADDING:
        raise ValueError("no such window")
    reach = [(tap - 1) * apart + 1 for tap, apart in zip(taps, dilations, strict=True)]
    return [(side + pads[axis] + pads[axis + 2] - reach[axis]) // strides[axis] + 1 for axis, side in enumerate(sides)]


def _convolution(known: _Known) -> Shape:
    filters, channels, *taps = (int(side) for side in known.content.tensors[known.node.inputs[1]].shape)
    groups = known.get("group")
    if (
        known.shape()[1] != channels * groups
        or filters % groups
        or known.shapes.get((*known.node.inputs, "")[2]) not in (None, (filters,))
    ):
        raise ValueError("another number of channels")
    return (BATCH, filters, *_slid(known, taps))


def _pooling(known: _Known) -> Shape:
    if known.get("ceil_mode") != 0:
        raise ValueError("rounds up")
    return (BATCH, known.shape()[1], *_slid(known, known.get("kernel_shape")))


def _global(known: _Known) -> Shape:
    known.sides()
    return (BATCH, known.shape()[1], 1, 1)


def _pad(known: _Known) -> Shape:
    amounts, rank = known.numbers(1), len(known.shape())
    if (
        len(amounts) != 2 * rank
        or len(known.node.inputs) != 2
        or not all(0 <= each <= MOST_PADDING for each in amounts)
    ):
        raise ValueError("no such padding")
    return tuple(
        side if not amounts[axis] + amounts[axis + rank] else int(side) + amounts[axis] + amounts[axis + rank]
        for axis, side in enumerate(known.shape())
    )


def _flatten(known: _Known) -> Shape:
    batch, *others = known.shape()
    if known.get("axis") != 1 or batch != BATCH:
        raise ValueError("not the axes behind the batch")
    return (BATCH, count(tuple(others)))


def _reshape(known: _Known) -> Shape:
    first, *others = known.numbers(1)
    if first != 0 or known.shape()[0] != BATCH or prod(others) != count(known.shape()):
        raise ValueError("another number of values")
    return (BATCH, *others)


def _concat(known: _Known) -> Shape:
    shapes = [known.shape(place) for place in range(len(known.node.inputs))]
    axis = known.get("axis")
    if not 1 <= axis < len(shapes[0]) or len({(*each[:axis], *each[axis + 1 :]) for each in shapes}) != 1:
        raise ValueError("shapes that do not fit")
    return (*shapes[0][:axis], sum(int(each[axis]) for each in shapes), *shapes[0][axis + 1 :])


def _slice(known: _Known) -> Shape:
    made = list(known.shape())
    starts, stops, axes = (known.numbers(place) for place in (1, 2, 3))
    for start, stop, axis in zip(starts, stops, axes, strict=True):
        if not 1 <= axis < len(made) or not 0 <= start < stop <= int(made[axis]):
            raise ValueError("out of bounds")
        made[axis] = stop - start
    return tuple(made)


def _matmul(known: _Known) -> Shape:
    *before, inner = known.shape()
    *stacked, rows, columns = known.shape(1)
    if inner != rows or (stacked and stacked != before[:-1]):
        raise ValueError("shapes that do not fit")
    return (*before, columns)


def _gemm(known: _Known) -> Shape:
    if len(known.shape()) != 2 or known.shape(2) != known.shape(1)[1:]:
        raise ValueError("no dense layer")
    return _matmul(known)


def _mean(known: _Known) -> Shape:
    if known.numbers(1) != [2, 3]:
        raise ValueError("not the mean over all places")
    known.sides()
    return (BATCH, known.shape()[1], 1, 1) if known.get("keepdims") else (BATCH, known.shape()[1])


@dataclass(frozen=True)
class _Operation:
    """What is allowed of an operation, and what it makes."""

    shape: Callable[[_Known], Shape]
    attributes: frozenset[str] = frozenset()


_WINDOW = frozenset({"kernel_shape", "strides", "pads", "ceil_mode"})
OPERATIONS = {
    "Cast": _Operation(_same, frozenset({"to"})),
    **{
        name: _Operation(_same) for name in ("Identity", "Relu", "Clip", "Sigmoid", "HardSwish", "Gelu", "Tanh", "Sqrt")
    },
    "HardSigmoid": _Operation(_same, frozenset({"alpha", "beta"})),
    "Softmax": _Operation(_same, frozenset({"axis"})),
    **{name: _Operation(_together) for name in ("Add", "Sub", "Mul", "Sum")},
    "BatchNormalization": _Operation(_normalised, frozenset({"epsilon"})),
    "LayerNormalization": _Operation(_normalised, frozenset({"epsilon", "axis"})),
    "Transpose": _Operation(_transpose, frozenset({"perm"})),
    "Conv": _Operation(_convolution, frozenset({"strides", "pads", "dilations", "group"})),
    "MaxPool": _Operation(_pooling, _WINDOW),
    "AveragePool": _Operation(_pooling, _WINDOW | {"count_include_pad"}),
    "GlobalAveragePool": _Operation(_global),
    "GlobalMaxPool": _Operation(_global),
    "Pad": _Operation(_pad),
    "Flatten": _Operation(_flatten, frozenset({"axis"})),
    "Reshape": _Operation(_reshape),
    "Concat": _Operation(_concat, frozenset({"axis"})),
    "Slice": _Operation(_slice),
    "MatMul": _Operation(_matmul),
    "Gemm": _Operation(_gemm),
    "ReduceMean": _Operation(_mean, frozenset({"keepdims"})),
}
"""The operations that Hubel writes, all of ONNX's own domain, with the attributes that it gives them."""
