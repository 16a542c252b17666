"""What a layer does to places: its window, and which pixels of the image each position of its output sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hubel.architectures.walk import Call, Graph
from hubel.arithmetic.convolution import padding_amounts, tap_pairs
from hubel.arithmetic.receptive_field import ReceptiveField, join
from hubel.errors import UnusableInput

Fields = tuple[ReceptiveField, ReceptiveField]
"""Along the height and the width."""

POOLING = ("MaxPooling2D", "AveragePooling2D", "SumPooling2D")
CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
LOCAL = "LocallyConnected2D"
TRANSPOSED = "Conv2DTranspose"
WINDOWED = (*POOLING, *CONVOLUTIONS, LOCAL)

_CHANGE_NUMBERS = """
Activation ActivityRegularization AlphaDropout BatchNormalization Dense Dropout ELU GaussianDropout GaussianNoise Gelu
HardSigmoid HardSilu Identity LayerScale LeakyReLU LeakyRelu Normalization PReLU RandomBrightness RandomContrast
RandomFlip ReLU Relu Relu6 Rescaling Sigmoid Silu Softmax SpatialDropout2D StochasticDepth Tanh
"""
_COMBINE_BRANCHES = "Add Average Divide Maximum Minimum Multiply Subtract TrueDivide"
POINTWISE = frozenset(f"{_CHANGE_NUMBERS} {_COMBINE_BRANCHES}".split())
"""Each position of the output depends on the same position of the inputs; a dense layer on a map is one of them."""

_POOL_EVERYTHING = "GlobalAveragePooling2D GlobalMaxPooling2D Flatten"
TAKES_ALL = frozenset([*_POOL_EVERYTHING.split(), "GroupNormalization"])


@dataclass(frozen=True)
class Window:
    """A kernel or a pooling window, each pair along height and width.

    Args:
        size: taps.
        stride: input positions between two output positions.
        padding: ``"valid"`` or ``"same"``.
        dilation: input positions between taps.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: str
    dilation: tuple[int, int]

    def padding_before(self, input_size: tuple[int, int]) -> tuple[int, int]:
        """Rows above and columns to the left that are added."""
        above, left = (padding_amounts(size, **self._along(axis))[0] for axis, size in enumerate(input_size))
        return above, left

    def pairs(self, input_size: tuple[int, int]) -> tuple[int, int]:
        """Pairs of an output position and a tap on a pixel, along each axis."""
        rows, columns = (tap_pairs(size, **self._along(axis)) for axis, size in enumerate(input_size))
        return rows, columns

    def _along(self, axis: int) -> dict[str, Any]:
        return {
            "kernel_size": self.size[axis],
            "stride": self.stride[axis],
            "padding": self.padding,
            "dilation": self.dilation[axis],
        }


def window_of(call: Call) -> Window | None:
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
    return Window(_pair(size), _pair(strides), padding, _pair(getattr(layer, "dilation_rate", 1)))


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    height, width = value
    return int(height), int(width)


def receptive_fields(graph: Graph) -> dict[int, Fields]:
    """What each position of each value sees of the image.

    Returns:
        place of a value → its fields along height and width. Vectors have stride 0: each of their numbers sees the
        same pixels. A value behind a kind of layer that is not known here is left out.
    """
    if len(graph.image_shape) < 2 or None in graph.image_shape[:2]:
        return {}
    height, width = (ReceptiveField.of_image(int(size or 0)) for size in graph.image_shape[:2])
    fields: dict[int, Fields] = {graph.image: (height, width)}
    for call in graph.calls:
        taken = [fields[place] for place in call.inputs if place in fields]
        made = _fields_after(call, taken) if taken and len(taken) == len(call.inputs) else None
        if made is not None:
            fields.update(dict.fromkeys(call.outputs, made))
    return fields


def _fields_after(call: Call, taken: list[Fields]) -> Fields | None:
    window = window_of(call)
    if call.kind in WINDOWED and window is not None:
        return _behind_window(taken[0], window, call)
    if call.kind in ("ZeroPadding2D", "Cropping2D"):
        return _behind_frame(taken[0], call)
    if call.kind in TAKES_ALL or (call.kind == "LayerNormalization" and not _last_axis_only(call)):
        return _whole(taken[0], call.input_shapes[0])
    return _joined(taken, call) if _keeps_places(call) else None


def _keeps_places(call: Call) -> bool:
    before, after = call.input_shapes[0], call.output_shapes[0]
    if call.kind == "Reshape":
        one_place = len(before) == 1 or before[:-1] == (1, 1)
        return one_place or before[:2] == after[:2]
    if call.kind in ("Concatenate", "LayerNormalization"):
        return _last_axis_only(call)
    return call.kind in POINTWISE


def _last_axis_only(call: Call) -> bool:
    axis = call.layer.axis
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return axes in ([-1], [len(call.output_shapes[0])])


def _behind_window(taken: Fields, window: Window, call: Call) -> Fields:
    before = window.padding_before(_size(call.input_shapes[0]))
    count = _size(call.output_shapes[0])
    height, width = (
        taken[axis].through(
            window.size[axis],
            positions=count[axis],
            stride=window.stride[axis],
            padding_before=before[axis],
            dilation=window.dilation[axis],
        )
        for axis in (0, 1)
    )
    return height, width


def _behind_frame(taken: Fields, call: Call) -> Fields:
    """A frame of zeros is put around the map, or one is cut off."""
    sign = 1 if call.kind == "ZeroPadding2D" else -1
    amounts = call.layer.padding if sign == 1 else call.layer.cropping
    count = _size(call.output_shapes[0])
    height, width = (
        taken[axis].through(1, positions=count[axis], padding_before=sign * amounts[axis][0]) for axis in (0, 1)
    )
    return height, width


def _joined(taken: list[Fields], call: Call) -> Fields:
    output = call.output_shapes[0]
    branches = [
        tuple(
            field.everywhere() if len(shape) == 3 and len(output) == 3 and shape[axis] != output[axis] else field
            for axis, field in enumerate(fields)
        )
        for fields, shape in zip(taken, call.input_shapes, strict=True)
    ]
    height, width = (join([branch[axis] for branch in branches]) for axis in (0, 1))
    return height, width


def _whole(taken: Fields, shape: tuple[int | None, ...]) -> Fields:
    counts = _size(shape) if len(shape) > 1 else (1, 1)
    height, width = (field.whole(count) for field, count in zip(taken, counts, strict=True))
    return height, width


def _size(shape: tuple[int | None, ...]) -> tuple[int, int]:
    height, width = shape[:2]
    return int(height or 0), int(width or 0)
