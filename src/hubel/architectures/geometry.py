"""What a layer does to places: its window, and which pixels of the image each position of its output sees."""

from __future__ import annotations

from typing import Any

from hubel.architectures.field_rules import calls_for_each_output, rule_of
from hubel.architectures.field_windows import MOST_POSITIONS
from hubel.architectures.walk import Call, Graph
from hubel.arithmetic.receptive_field import ReceptiveField
from hubel.arithmetic.sliding import WindowOptions
from hubel.errors import UnusableInput

Fields = tuple[ReceptiveField, ReceptiveField]
"""Along the height and the width."""

POOLING = ("MaxPooling2D", "AveragePooling2D", "SumPooling2D")
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
LOCAL = "LocallyConnected2D"
TRANSPOSED = "Conv2DTranspose"
WINDOWED = (*POOLING, *CONVOLUTIONS, LOCAL)

_POOL_EVERYTHING = "GlobalAveragePooling2D GlobalMaxPooling2D Flatten"
TAKES_ALL = frozenset([*_POOL_EVERYTHING.split(), "GroupNormalization"])


def window_of(call: Call) -> WindowOptions | None:
    """The window of a layer over a map; None for kinds without one.

    Raises:
        UnusableInput: the layer puts channels before height and width.
    """
    layer = call.layer
    if getattr(layer, "data_format", None) == "channels_first" and len(call.input_shapes[0]) == 3:
        raise UnusableInput(
            f"The layer {call.name!r} puts channels before height and width; Hubel follows models with channels last. "
            "Build it with data_format='channels_last'."
        )
    size = getattr(layer, "pool_size" if call.kind in POOLING else "kernel_size", None)
    if call.kind not in (*WINDOWED, TRANSPOSED) or size is None:
        return None
    strides = getattr(layer, "strides", None) or (size if call.kind in POOLING else 1)
    padding = str(getattr(layer, "padding", "valid")).lower()
    return WindowOptions(_pair(size), _pair(strides), padding, _pair(getattr(layer, "dilation_rate", 1)))


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    height, width = value
    return int(height), int(width)


def image_size(graph: Graph) -> tuple[int, int]:
    """(height, width) of what the graph takes: of one frame, where it takes a video."""
    height, width = (int(size or 0) for size in graph.image_shape[_first_axis(graph) - 1 :][:2])
    return height, width


def _first_axis(graph: Graph) -> int:
    """Of the rows; the batch is axis 0. Videos have frames in front of them."""
    return max(1, len(graph.image_shape) - 2)


def receptive_fields(graph: Graph, *, without_gates: bool = False) -> dict[int, Fields]:
    """What each position of each value sees of the image.

    Args:
        graph: of `walk`.
        without_gates: leave out what is pooled over the whole map and multiplied with each place of it, as in a
            squeeze-and-excitation block; with it every position behind the first block sees everything.

    Returns:
        place of a value → its fields along height and width. Vectors have stride 0: each of their numbers sees the
        same pixels. A value behind a kind of layer that is not known here is left out.

    Raises:
        UnusableInput: a layer puts channels before height and width.
    """
    if len(graph.image_shape) < 2 or None in graph.image_shape:
        return {}
    axis, ndim = _first_axis(graph), len(graph.image_shape) + 1
    height, width = image_size(graph)
    if max(height, width) > MOST_POSITIONS:
        return {}
    fields: dict[int, Fields] = {
        graph.image: (
            ReceptiveField.of_image(height, axis=axis, ndim=ndim),
            ReceptiveField.of_image(width, axis=axis + 1, ndim=ndim),
        )
    }
    for call in graph.calls:
        taken = [fields[place] for place in call.inputs if place in fields]
        if not taken or len(taken) < len(call.inputs):
            continue
        for part in calls_for_each_output(call):
            made = _fields_after(part, taken, without_gates=without_gates)
            if made is not None:
                fields[part.outputs[0]] = made
    return fields


def _fields_after(call: Call, taken: list[Fields], *, without_gates: bool) -> Fields | None:
    window_of(call)  # refuses channels first
    shapes = (*call.input_shapes, *call.output_shapes)
    rule = rule_of(call, without_gates=without_gates)
    if rule is None or any(not size for shape in shapes for size in shape):  # a size is open
        return None
    height, width = (rule(call, [fields[axis] for fields in taken]) for axis in (0, 1))
    return None if height is None or width is None else (height, width)
