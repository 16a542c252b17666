"""A built model → one row for each layer: shapes, costs, and what it sees of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from hubel.architectures.call_shapes import text_of
from hubel.architectures.geometry import (
    CONVOLUTIONS,
    LOCAL,
    POOLING,
    TRANSPOSED,
    Fields,
    receptive_fields,
    window_of,
)
from hubel.architectures.walk import Call, Graph, walk
from hubel.architectures.work import macs_of
from hubel.arithmetic.convolution import convolution_connections, dense_connections, dense_parameters
from hubel.arithmetic.sliding import WindowOptions
from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option, Remedy

WEIGHTED = (
    *CONVOLUTIONS, LOCAL, TRANSPOSED, "Dense", "EinsumDense", "Conv1D", "Conv3D", "DepthwiseConv1D", "SeparableConv1D",
    "Conv1DTranspose", "Conv3DTranspose",
)  # fmt: skip
"""Kinds with weights over a map, a sequence or a vector: a dense layer could take their place."""
ACTIVATION_BYTES = 4
"""Of one number, a float32."""


@dataclass(frozen=True)
class LayerRow:
    """One layer, for one image. Pairs are along height and width; None where a kind has no such thing.

    Args:
        name: as in the model; inside a nested model, behind the model's name and a slash.
        kind: Keras' class name.
        output: (height, width, channels); (1, 1, units) of a vector, (1, places, channels) of a sequence; of a video
            or a volume as many sizes as there are axes.
        kernel: size of the kernel or of the pooling window.
        stride: input positions between two output positions.
        padding: ``"valid"`` or ``"same"``.
        parameters: weights and biases, trained or not; 0 where the layer was used before, so that they add up.
        macs: multiply-accumulates, see `hubel.architectures.work`; None where they cannot be counted.
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
        receptive_field_without_gates: as ``receptive_field``, but without what is pooled over the whole map and
            multiplied with each place of it, as squeeze-and-excitation does.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None
    padding: str | None
    parameters: int
    macs: int | None
    connections: int | None
    activation_bytes: int
    receptive_field: tuple[int, int] | None
    receptive_field_stride: tuple[int | None, int | None] | None
    receptive_field_start: tuple[int, int] | None
    dense_parameters: int | None
    reused: bool = False
    receptive_field_without_gates: tuple[int, int] | None = None


@dataclass(frozen=True)
class Total:
    """Sums over all rows.

    Args:
        parameters: weights and biases.
        macs: multiply-accumulates; None where those of a layer cannot be counted.
        activation_bytes: of all outputs.
        dense_parameters: of a network in which every layer with weights is dense.
    """

    parameters: int
    macs: int | None
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
    fields, ungated = receptive_fields(graph), receptive_fields(graph, without_gates=True)
    seen: set[int] = set()
    rows = []
    for call in graph.calls:
        known = [each.get(call.outputs[0]) if call.outputs else None for each in (fields, ungated)]
        rows.append(_row(call, *known, reused=id(call.layer) in seen))
        seen.add(id(call.layer))
    return rows


def total_of(rows: Sequence[LayerRow]) -> Total:
    """The sums."""
    return Total(
        sum(row.parameters for row in rows),
        None if uncounted(rows) else least_macs(rows),
        sum(row.activation_bytes for row in rows),
        sum(row.dense_parameters or 0 for row in rows if not row.reused),
    )


def uncounted(rows: Sequence[LayerRow]) -> list[LayerRow]:
    """The rows whose work cannot be counted."""
    return [row for row in rows if row.macs is None]


def least_macs(rows: Sequence[LayerRow]) -> int:
    """The multiply-accumulates that are counted: all of them, or fewer than there are."""
    return sum(row.macs or 0 for row in rows)


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one image's forward pass, of a model whose every layer is counted, as our own are.

    Raises:
        UnusableInput: as `layer_table`, or a layer's work cannot be counted.
    """
    graph = walk(model)
    _check_size(graph)
    counts = [(call.name, macs_of(call)) for call in graph.calls]
    unknown = [name for name, count in counts if count is None]
    if unknown:
        raise UnusableInput(
            f"The work of the layer {unknown[0]!r} cannot be counted. ",
            Command("anatomy", ("RUN",)),
            " shows the others.",
        )
    return sum(count or 0 for _, count in counts)


def _check_size(graph: Graph) -> None:
    if None in graph.image_shape:
        raise UnusableInput(
            f"The model takes images of any size, {text_of(graph.image_shape)}, and its numbers depend on the size.",
            Remedy("Give one: ", Option("input", "224x224"), "."),
        )


def as_map(shape: Sequence[int | None]) -> tuple[int, ...]:
    """A value's shape as people read it.

    Returns:
        (height, width, channels) of a map, (1, 1, units) of a vector, (1, places, channels) of a sequence; what has
        more axes, as a video, keeps them.
    """
    sizes = [int(size or 0) for size in shape]
    return tuple([1] * (3 - len(sizes)) + sizes)


def _row(call: Call, fields: Fields | None, ungated: Fields | None, *, reused: bool) -> LayerRow:
    window = window_of(call)
    parameters = getattr(call.layer, "count_params", None)
    return LayerRow(
        name=call.name,
        kind=call.kind,
        output=as_map(call.output_shapes[0]),
        kernel=None if window is None else window.kernel_size,
        stride=None if window is None else window.stride,
        padding=None if window is None else window.padding,
        parameters=parameters() if parameters is not None and not reused else 0,
        macs=macs_of(call),
        connections=_connections(call, window),
        activation_bytes=sum(_count(shape) for shape in call.output_shapes) * ACTIVATION_BYTES,
        receptive_field=None if fields is None else (fields[0].size, fields[1].size),
        receptive_field_stride=None if fields is None else (fields[0].stride, fields[1].stride),
        receptive_field_start=None if fields is None else (fields[0].start, fields[1].start),
        dense_parameters=_dense_instead(call),
        reused=reused,
        receptive_field_without_gates=None if ungated is None else (ungated[0].size, ungated[1].size),
    )


def _count(shape: Sequence[int | None]) -> int:
    return prod(int(size or 0) for size in shape)


def _dense_instead(call: Call) -> int | None:
    if call.kind not in WEIGHTED:
        return None
    return dense_parameters(_count(call.input_shapes[0]), _count(call.output_shapes[0]))


def _connections(call: Call, window: WindowOptions | None) -> int | None:
    if call.kind == "Dense":
        return dense_connections(int(call.input_shapes[0][-1] or 0), _count(call.output_shapes[0]))
    if window is None or call.kind == TRANSPOSED:
        return None
    height, width, in_channels = as_map(call.input_shapes[0])[-3:]
    pairs, filters = window.pairs((height, width)), as_map(call.output_shapes[0])[2]
    if call.kind in POOLING or call.kind == "DepthwiseConv2D":
        return prod(pairs) * filters
    if call.kind == "SeparableConv2D":
        between = in_channels * call.layer.depth_multiplier
        return prod(pairs) * between + between * _count(call.output_shapes[0])
    return convolution_connections(pairs, in_channels, filters=filters, groups=getattr(call.layer, "groups", 1))
