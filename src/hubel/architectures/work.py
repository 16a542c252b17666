"""The work of a layer: kind → multiply-accumulates of one image, from its shapes and its own attributes.

A multiply-accumulate (MAC) is one product added into a sum; biases are not counted. What is certainly none is listed in
`no_work`; what is neither there nor has a rule is not counted, and said to be so: a total is right or missing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from hubel.architectures.call_arguments import Argument, Shape, SizedCall, step_of
from hubel.architectures.no_work import NO_WORK_LAYERS, NO_WORK_OPS
from hubel.architectures.walk import Call, walk
from hubel.architectures.work_of_ops import OP_RULES, einsum_macs, mixes_images
from hubel.arithmetic.convolution import positions
from hubel.backends.framework import keras
from hubel.errors import UnusableInput


def macs_of(call: Call) -> int | None:
    """Multiply-accumulates of one image; None where they cannot be counted."""
    bare = not isinstance(call.layer, keras.layers.Layer)
    if (bare or call.kind == "Concatenate") and mixes_images(call):
        return None
    if call.kind in (NO_WORK_OPS if bare else NO_WORK_LAYERS):
        return 0
    step = step_of(call)
    if step is None or not step.inputs or (bare and call.kind not in OP_RULES):
        return None
    macs = OP_RULES[call.kind](step) if bare else _macs_of_step(step)
    return None if macs is None else macs * step.entries


def _macs_of_step(step: SizedCall) -> int | None:
    if step.kind in NO_WORK_LAYERS:
        return 0
    if step.kind not in LAYER_RULES or getattr(step.layer, "lora_enabled", False):  # LoRA adds products of its own
        return None
    return LAYER_RULES[step.kind](step)


def _macs_inside(layer: Any, shape: Shape, *, output: Shape) -> int | None:
    """Of a layer or model that another layer applies."""
    if not isinstance(layer, keras.Model):
        return _macs_of_step(SizedCall(layer, (Argument(shape),), output))
    try:
        graph = walk(layer)
    except UnusableInput:
        return None
    counts = [macs_of(call) for call in graph.calls]
    known = [count for count in counts if count is not None]
    return sum(known) if tuple(graph.image_shape) == shape and len(known) == len(counts) else None


def _dense(step: SizedCall) -> int:
    """Each output number is a sum over the last axis."""
    return prod(step.first) * step.layer.units


def _einsum_dense(step: SizedCall) -> int | None:
    """The kernel's sizes follow from the input and the output, also where a quantised kernel is packed."""
    terms, _, result = step.layer.equation.replace(" ", "").partition("->")
    names = terms.split(",")
    sizes = _sizes(names[0], (1, *step.first)) | _sizes(result, (1, *step.output))
    if any(index not in sizes for index in names[1]):
        return None
    return einsum_macs(names, [(1, *step.first), tuple(sizes[index] for index in names[1])], result=result)


def _sizes(indices: str, shape: Shape) -> dict[str, int]:
    """Index → its size; those behind ``...`` are left out."""
    before, _, behind = indices.partition("...")
    ends = dict(zip(before, shape, strict=False))
    return ends | dict(zip(reversed(behind), reversed(shape), strict=False))


def _channels(step: SizedCall) -> int:
    return step.first[0] if getattr(step.layer, "data_format", None) == "channels_first" else step.first[-1]


def _kernel_size(layer: Any) -> int:
    size = layer.kernel_size
    return prod(size) if isinstance(size, (tuple, list)) else int(size)


def _convolution(step: SizedCall) -> int:
    """Each output number is a sum over the taps and the channels of its group; without shared weights alike."""
    return step.outputs * _kernel_size(step.layer) * (_channels(step) // getattr(step.layer, "groups", 1))


def _depthwise(step: SizedCall) -> int:
    """Each output number is a sum over the taps."""
    return step.outputs * _kernel_size(step.layer)


def _separable(step: SizedCall) -> int:
    """The depthwise step, then a sum over its channels for each filter."""
    between = _channels(step) * step.layer.depth_multiplier
    return step.outputs // step.layer.filters * between * (_kernel_size(step.layer) + step.layer.filters)


def _transposed(step: SizedCall) -> int:
    """Every number of the input is multiplied with the whole kernel of each filter, also where that is cut off."""
    return prod(step.first) * _kernel_size(step.layer) * step.layer.filters


def _recurrent(step: SizedCall) -> int | None:
    """A step's work for each place of the sequence."""
    found = _cell(step.layer.cell, step.first[-1])
    return None if found is None else step.first[0] * found[0]


GATES = {"LSTMCell": 4, "GRUCell": 3, "SimpleRNNCell": 1}
"""Kind of cell → its matrices; the products of a gate with a state are added into no sum."""


def _cell(cell: Any, width: int) -> tuple[int, int] | None:
    """(work of one step, numbers it makes): each gate multiplies the input and the state with a matrix."""
    kind = type(cell).__name__
    if kind == "StackedRNNCells":
        total = 0
        for each in cell.cells:
            found = _cell(each, width)
            if found is None:
                return None
            total, width = total + found[0], found[1]
        return total, width
    return (GATES[kind] * cell.units * (width + cell.units), cell.units) if kind in GATES else None


def _recurrent_convolution(step: SizedCall) -> int:
    """Four gates, each a convolution of the frame with the layer's stride and one of the state with stride 1."""
    cell = step.layer.cell
    frame = step.first[1:]
    first = cell.data_format == "channels_first"
    channels, sides = (frame[0], frame[1:]) if first else (frame[-1], frame[:-1])
    places = prod(
        positions(side, kernel, stride=stride, padding=cell.padding, dilation=dilation)
        for side, kernel, stride, dilation in zip(
            sides, cell.kernel_size, cell.strides, cell.dilation_rate, strict=True
        )
    )
    return step.first[0] * places * _kernel_size(cell) * (channels + cell.filters) * 4 * cell.filters


def _both_directions(step: SizedCall) -> int | None:
    """Forward and backward layer."""
    layers = (step.layer.forward_layer, step.layer.backward_layer)
    forward, backward = (_macs_inside(layer, step.first, output=step.output) for layer in layers)
    return None if forward is None or backward is None else forward + backward


def _for_each_time(step: SizedCall) -> int | None:
    """The inner layer's or model's work, as often as there are places in time."""
    inside = _macs_inside(step.layer.layer, step.first[1:], output=step.output[1:])
    return None if inside is None else step.first[0] * inside


def _wrapped(step: SizedCall) -> int | None:
    """The inner layer's work; that of finding the norm is of training."""
    return _macs_inside(step.layer.layer, step.first, output=step.output)


def _attention(step: SizedCall) -> int | None:
    """Scores, where they are products, and the sum of the values with these weights.

    [places, size] each; the inputs are query, value, and key, which is the value if left out (Luong et al. 2015).
    """
    return _attended(step, multiplied=step.layer.score_mode == "dot")


def _additive_attention(step: SizedCall) -> int | None:
    """A score is a sum over tanh(query + key), with a weight for each summand (Bahdanau et al. 2015) or without."""
    return _attended(step, multiplied=step.layer.use_scale)


def _attended(step: SizedCall, *, multiplied: bool) -> int | None:
    """Of the layers that take a list of query, value and perhaps key."""
    shapes = [value.shape for value in step.named.get("inputs", ())]
    if len(shapes) < 2:
        return None
    query, value, key = shapes[0], shapes[1], shapes[-1]
    pairs = prod(query[:-1]) * value[-2]
    return pairs * (key[-1] if multiplied else 0) + pairs * value[-1]


def _heads(step: SizedCall) -> int | None:
    """Projections of query, key, value and result, scores, and weighted sums (Vaswani et al. 2017, section 3.2.2)."""
    given = _query_key_value(step)
    if given is None:
        return None
    layer, (query, key, value) = step.layer, given
    axes = [axis - 1 for axis in layer._attention_axes]  # of one image; the layer has counted the batch
    sizes = layer.num_heads * layer.key_dim, layer.num_heads * (layer.value_dim or layer.key_dim)
    pairs = prod(query[:-1]) * prod(value[axis] for axis in axes)
    projected = prod(query) * sizes[0] + prod(key) * sizes[0] + prod(value) * sizes[1] + step.outputs * sizes[1]
    gate = prod(query) * sizes[1] if getattr(layer, "use_gate", getattr(layer, "_use_gate", False)) else 0
    return projected + gate + pairs * sum(sizes)


def _grouped_heads(step: SizedCall) -> int | None:
    """As with all heads, but several heads of the query share a projection of key and value (Ainslie et al. 2023)."""
    given = _query_key_value(step)
    if given is None:
        return None
    layer, (query, key, value) = step.layer, given
    many, few = layer.num_query_heads * layer.head_dim, layer.num_key_value_heads * layer.head_dim
    projected = prod(query) * many + prod(key) * few + prod(value) * few + step.outputs * many
    gate = prod(query) * many if layer.use_gate else 0
    return projected + gate + 2 * prod(query[:-1]) * value[0] * many


def _query_key_value(step: SizedCall) -> tuple[Shape, Shape, Shape] | None:
    query, value = step.of("query"), step.of("value")
    if query is None or value is None:
        return None
    return query.shape, (step.of("key") or value).shape, value.shape


def _dot(step: SizedCall) -> int:
    """Each output number is a sum over the axis that both inputs lose; a batch of one image is axis 0."""
    axes = step.layer.axes
    axis = axes if isinstance(axes, int) else axes[0]
    return step.outputs * step.inputs[0].whole[axis]


def _both_ways(step: SizedCall) -> int | None:
    """Looked up, or, in reverse, each vector multiplied with all of the table."""
    if len(step.first) != len(step.output):
        return 0
    return step.outputs * step.first[-1]


LAYER_RULES: dict[str, Callable[[SizedCall], int | None]] = {
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "LocallyConnected2D"), _convolution),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _depthwise),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _separable),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _transposed),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "RNN"), _recurrent),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), _recurrent_convolution),
    "Bidirectional": _both_directions,
    "TimeDistributed": _for_each_time,
    "SpectralNormalization": _wrapped,
    "Attention": _attention,
    "AdditiveAttention": _additive_attention,
    "MultiHeadAttention": _heads,
    "GroupedQueryAttention": _grouped_heads,
    "Dot": _dot,
    "ReversibleEmbedding": _both_ways,
}
"""Kind of layer → its rule."""
