"""A built model → one row for each layer: shapes, costs, and what it sees of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from hubel.architectures.geometry import (
    CONVOLUTIONS,
    LOCAL,
    POOLING,
    TRANSPOSED,
    Fields,
    Window,
    receptive_fields,
    window_of,
)
from hubel.architectures.walk import Call, Graph, walk
from hubel.arithmetic.convolution import (
    convolution_connections,
    convolution_macs,
    dense_connections,
    dense_parameters,
    depthwise_macs,
    separable_macs,
)
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

__all__ = ["LayerRow", "Total", "count_macs", "layer_rows", "layer_table", "receptive_fields", "total_of"]

ACTIVATION_BYTES = 4
"""Of one number, a float32."""


@dataclass(frozen=True)
class LayerRow:
    """One layer, for one image. Pairs are along height and width; None where a kind has no such thing.

    Args:
        name: as in the model; inside a nested model, behind the model's name and a slash.
        kind: Keras' class name.
        output: (height, width, channels); (1, 1, units) of a vector.
        kernel: size of the kernel or of the pooling window.
        stride: input positions between two output positions.
        padding: ``"valid"`` or ``"same"``.
        parameters: weights and biases, trained or not; 0 where the layer was used before, so that they add up.
        macs: multiply-accumulates of convolutions and dense layers; 0 for others.
        connections: from numbers of the input to numbers of the output, taps on padding left out.
        activation_bytes: of the output, as float32.
        receptive_field: pixels of the image that one position sees, also those that would lie outside of it; None
            also where it is not known.
        receptive_field_stride: pixels from one position's field to the next one's; 0 where all see the same, None
            where it varies, as behind a resize.
        receptive_field_start: first pixel that position (0, 0) sees; negative in the padding.
        dense_parameters: weights and biases of the dense layer that would map the same input to as many outputs, for
            kinds with weights over a map or vector.
        reused: this layer was used before.
    """

    name: str
    kind: str
    output: tuple[int, int, int]
    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None
    padding: str | None
    parameters: int
    macs: int
    connections: int | None
    activation_bytes: int
    receptive_field: tuple[int, int] | None
    receptive_field_stride: tuple[int | None, int | None] | None
    receptive_field_start: tuple[int, int] | None
    dense_parameters: int | None
    reused: bool = False


@dataclass(frozen=True)
class Total:
    """Sums over all rows; ``dense_parameters`` is that of a network in which every layer with weights is dense."""

    parameters: int
    macs: int
    activation_bytes: int
    dense_parameters: int


def layer_table(model: keras.Model) -> list[LayerRow]:
    """Every layer in the order of computation; a nested model's layers stand in its place.

    Raises:
        UnusableInput: the model's layers cannot be followed, or its input size is open.
    """
    return layer_rows(walk(model))


def layer_rows(graph: Graph) -> list[LayerRow]:
    """The rows of a walked model, one for each of its calls.

    Raises:
        UnusableInput: the model's input size is open.
    """
    _check_size(graph)
    fields = receptive_fields(graph)
    seen: set[int] = set()
    rows = []
    for call in graph.calls:
        rows.append(_row(call, fields.get(call.outputs[0]) if call.outputs else None, reused=id(call.layer) in seen))
        seen.add(id(call.layer))
    return rows


def total_of(rows: Sequence[LayerRow]) -> Total:
    """The sums."""
    return Total(
        sum(row.parameters for row in rows),
        sum(row.macs for row in rows),
        sum(row.activation_bytes for row in rows),
        sum(row.dense_parameters or 0 for row in rows if not row.reused),
    )


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one image's forward pass.

    Raises:
        UnusableInput: as `layer_table`.
    """
    graph = walk(model)
    _check_size(graph)
    return sum(_macs(call) for call in graph.calls)


def _check_size(graph: Graph) -> None:
    if None in graph.image_shape:
        raise UnusableInput(
            f"The model takes images of any size {list(graph.image_shape)}, and its numbers depend on it. "
            "Give one: --input 224x224x3."
        )


def as_map(shape: Sequence[int | None]) -> tuple[int, int, int]:
    """A value's shape as (height, width, channels): (1, 1, units) of a vector, (1, places, channels) of a sequence."""
    sizes = [int(size or 0) for size in shape]
    height, width, channels = [1, 1, 1, *sizes][-3:] if len(sizes) < 4 else (sizes[0], prod(sizes[1:-1]), sizes[-1])
    return height, width, channels


def _row(call: Call, fields: Fields | None, *, reused: bool) -> LayerRow:
    window = window_of(call)
    parameters = getattr(call.layer, "count_params", None)
    return LayerRow(
        name=call.name,
        kind=call.kind,
        output=as_map(call.output_shapes[0]),
        kernel=None if window is None else window.size,
        stride=None if window is None else window.stride,
        padding=None if window is None else window.padding,
        parameters=parameters() if parameters is not None and not reused else 0,
        macs=_macs(call),
        connections=_connections(call, window),
        activation_bytes=sum(_count(shape) for shape in call.output_shapes) * ACTIVATION_BYTES,
        receptive_field=None if fields is None else (fields[0].size, fields[1].size),
        receptive_field_stride=None if fields is None else (fields[0].stride, fields[1].stride),
        receptive_field_start=None if fields is None else (fields[0].start, fields[1].start),
        dense_parameters=_dense_instead(call),
        reused=reused,
    )


def _count(shape: Sequence[int | None]) -> int:
    return prod(int(size or 0) for size in shape)


def _dense_instead(call: Call) -> int | None:
    if call.kind not in (*CONVOLUTIONS, LOCAL, TRANSPOSED, "Dense"):
        return None
    return dense_parameters(_count(call.input_shapes[0]), _count(call.output_shapes[0]))


def _macs(call: Call) -> int:
    layer, inputs, output = call.layer, call.input_shapes[0] if call.input_shapes else (), call.output_shapes[0]
    places, channels = tuple(int(size or 0) for size in output[:-1]), int(output[-1] or 0) if output else 0
    if call.kind == "Dense":
        return int(inputs[-1] or 0) * channels * prod(places)
    window = window_of(call)
    if window is None or call.kind in POOLING:
        return 0
    in_channels, size = int(inputs[-1] or 0), (places[0], places[1])
    if call.kind == "DepthwiseConv2D":
        return depthwise_macs(window.size, channels, size)
    if call.kind == "SeparableConv2D":
        return separable_macs(window.size, in_channels, channels, size, multiplier=layer.depth_multiplier)
    if call.kind == TRANSPOSED:  # every input position is multiplied with the whole kernel
        height, width, _ = as_map(inputs)
        return convolution_macs(window.size, in_channels, channels, (height, width))
    return convolution_macs(window.size, in_channels, channels, size, groups=getattr(layer, "groups", 1))


def _connections(call: Call, window: Window | None) -> int | None:
    if call.kind == "Dense":
        return dense_connections(int(call.input_shapes[0][-1] or 0), _count(call.output_shapes[0]))
    if window is None or call.kind == TRANSPOSED:
        return None
    height, width, in_channels = as_map(call.input_shapes[0])
    pairs, filters = window.pairs((height, width)), as_map(call.output_shapes[0])[2]
    if call.kind in POOLING or call.kind == "DepthwiseConv2D":
        return prod(pairs) * filters
    if call.kind == "SeparableConv2D":
        between = in_channels * call.layer.depth_multiplier
        return prod(pairs) * between + between * _count(call.output_shapes[0])
    return convolution_connections(pairs, in_channels, filters, groups=getattr(call.layer, "groups", 1))
