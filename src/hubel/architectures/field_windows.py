"""Layers that take a few places along each axis: windows, frames, resizes and rearrangements, as taps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.architectures.walk import Call
from hubel.arithmetic.convolution import padding_amounts
from hubel.arithmetic.receptive_field import Shape
from hubel.arithmetic.taps import Taps, adaptive_taps, resized_taps, transposed_taps, window_taps

ByAxis = dict[int, Taps]
Maker = Callable[[Call, Shape, Shape], "ByAxis | None"]
"""(call, shape of the input, shape of the output), both with the batch → taps along each axis; None: cannot say."""

MOST_POSITIONS, MOST_TAPS = 100_000, 10_000_000
"""Along one axis; what goes beyond, as a file may ask for, is not followed."""

PAD_MODES = ("constant", "reflect", "symmetric", "edge")


@dataclass(frozen=True)
class Windows:
    """What a layer takes along each axis of its input, the batch counted; and whether it adds channels up."""

    taps: ByAxis
    mixes_channels: bool


def taps_of(call: Call) -> Windows | None:
    """What a layer of one of the kinds below takes; None where it cannot be said."""
    if getattr(call.layer, "data_format", None) == "channels_first":
        return None
    before, after = ((1, *(int(size or 0) for size in each[0])) for each in (call.input_shapes, call.output_shapes))
    if max(after) > MOST_POSITIONS or _largest_window(call) * max(*before, *after) > MOST_TAPS:
        return None
    make = WINDOW_LAYERS.get(call.kind) or WINDOW_OPERATIONS[call.kind]
    found = make(call, before, after)
    if found is None or any(len(taps.places) != after[axis] for axis, taps in found.items()):
        return None
    return Windows(found, "Conv" in call.kind or call.kind.startswith("Local"))


def _largest_window(call: Call) -> int:
    sizes = (getattr(call.layer, name, None) for name in ("kernel_size", "pool_size"))
    return max(_pair_for_each(next((size for size in sizes if size), 1), 1))


def _pair_for_each(value: Any, axes: int) -> tuple[int, ...]:
    return tuple(map(int, value)) if isinstance(value, (tuple, list)) else (int(value),) * axes


def _convolution(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    size = getattr(call.layer, "kernel_size", None) or _kernel_size(call)
    return (
        None if size is None else _slid(call, before, after=after, size=size, strides=getattr(call.layer, "strides", 1))
    )


def _kernel_size(call: Call) -> tuple[int, ...] | None:
    """Of a bare operation, whose kernel is an argument."""
    args, kwargs = call.arguments
    kernels = [*args[1:2], *(value for name, value in kwargs.items() if name in ("kernel", "depthwise_kernel"))]
    shape = tuple(getattr(kernels[0], "shape", ())) if kernels else ()
    return shape[:-2] if len(shape) == len(call.input_shapes[0]) + 1 and None not in shape[:-2] else None


def _pooling(call: Call, before: Shape, after: Shape) -> ByAxis:
    size = call.layer.pool_size
    return _slid(call, before, after=after, size=size, strides=call.layer.strides or size)


def _slid(call: Call, before: Shape, *, after: Shape, size: Any, strides: Any) -> ByAxis:
    axes, padding = len(before) - 2, str(getattr(call.layer, "padding", "valid")).lower()
    sizes, strides = _pair_for_each(size, axes), _pair_for_each(strides, axes)
    dilations = _pair_for_each(getattr(call.layer, "dilation_rate", 1), axes)
    found = {}
    for axis, (taps, stride, dilation) in enumerate(zip(sizes, strides, dilations, strict=True), 1):
        frame = (taps - 1) * dilation  # "causal": all of it before the first
        if padding != "causal":
            frame, _ = padding_amounts(before[axis], taps, stride=stride, padding=padding, dilation=dilation)
        found[axis] = window_taps(after[axis], taps, stride=stride, padding_before=frame, dilation=dilation)
    return found


def _transposed_convolution(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    layer, axes = call.layer, len(before) - 2
    if layer.output_padding is not None:
        return None
    strides, dilations = _pair_for_each(layer.strides, axes), _pair_for_each(layer.dilation_rate, axes)
    each = zip(_pair_for_each(layer.kernel_size, axes), strides, dilations, strict=True)
    return {
        axis: transposed_taps(
            before[axis], after[axis], kernel_size=taps, stride=stride, padding=layer.padding, dilation=dilation
        )
        for axis, (taps, stride, dilation) in enumerate(each, 1)
    }


def _framed(call: Call, _before: Shape, after: Shape) -> ByAxis:
    """A frame of zeros is put around the map, or one is cut off."""
    adds = call.kind.startswith("Zero")
    amounts = call.layer.padding if adds else call.layer.cropping
    amounts = amounts if isinstance(amounts[0], (tuple, list)) else (amounts,)
    return {
        axis: window_taps(after[axis], 1, padding_before=first if adds else -first)
        for axis, (first, _) in enumerate(amounts, 1)
    }


def _enlarged(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    interpolation = getattr(call.layer, "interpolation", "nearest")
    sizes = _pair_for_each(call.layer.size, len(before) - 2)
    if interpolation != "nearest":
        return _resized_each(before, after, interpolation=interpolation)
    return {axis: Taps.of(np.repeat(np.arange(before[axis]), size)[:, None]) for axis, size in enumerate(sizes, 1)}


def _resized(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    layer, parts = call.layer, None
    if len(before) != 4:  # without a batch
        return None
    if layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio:
        parts = _fitting_parts(before[1:3], after[1:3], pads=layer.pad_to_aspect_ratio)
    antialias = getattr(layer, "antialias", False)
    return _resized_each(before, after, interpolation=layer.interpolation, antialias=antialias, parts=parts)


def _resized_each(
    before: Shape, after: Shape, *, interpolation: str, antialias: bool = False,
    parts: list[tuple[int, int]] | None = None,
) -> ByAxis | None:  # fmt: skip
    found = {}
    for axis in (1, 2):
        taps = resized_taps(
            before[axis],
            after[axis],
            interpolation=interpolation,
            antialias=antialias,
            part=None if parts is None else parts[axis - 1],
        )
        if taps is None:
            return None
        found[axis] = taps
    return found


def _fitting_parts(size: Shape, target: Shape, *, pads: bool) -> list[tuple[int, int]]:
    """First place and number of those along each axis that have the target's aspect ratio together.

    Keras pads both ends alike, so that an odd place is missing.
    """
    parts = []
    for axis in (0, 1):
        fitting = int(np.float32(size[1 - axis] * target[axis]) / np.float32(target[1 - axis]))
        if pads:
            more = max(0, fitting - size[axis]) // 2
            parts.append((-more, size[axis] + 2 * more))
        else:
            length = max(1, min(size[axis], fitting))
            parts.append(((size[axis] - length) // 2, length))
    return parts


def _centre(_call: Call, before: Shape, after: Shape) -> ByAxis | None:
    if len(before) != 4:  # without a batch
        return None
    if before[1] < after[1] or before[2] < after[2]:
        parts = _fitting_parts(before[1:3], after[1:3], pads=False)
        return _resized_each(before, after, interpolation="bilinear", parts=parts)
    return {axis: window_taps(after[axis], 1, padding_before=-((before[axis] - after[axis]) // 2)) for axis in (1, 2)}


def _adaptive(_call: Call, before: Shape, after: Shape) -> ByAxis:
    return {axis: adaptive_taps(before[axis], after[axis]) for axis in range(1, len(before) - 1)}


def _padded(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    layer, axes = call.layer, len(before)
    width = layer.pad_width
    amounts = [tuple(width[0])] * axes if len(width) == 1 else [tuple(each) for each in width]
    if any(amounts[0]) or layer.mode not in PAD_MODES:
        return None
    if layer.mode == "constant":
        return {axis: window_taps(after[axis], 1, padding_before=amounts[axis][0]) for axis in range(1, axes)}
    return {
        axis: Taps.of(np.pad(np.arange(before[axis]), amounts[axis], mode=layer.mode)[:, None])
        for axis in range(1, axes)
    }


def _rearranged(call: Call, before: Shape, _after: Shape) -> ByAxis | None:
    """Flip, roll and repeat along one axis or several."""
    layer = call.layer
    axis = 1 if call.kind == "Fliplr" else layer.axis
    if axis is None:
        return None
    axes = [int(each) % len(before) for each in (axis if isinstance(axis, (tuple, list)) else [axis])]
    if 0 in axes:
        return None
    found = {}
    for each in axes:
        places = np.arange(before[each])
        if call.kind.startswith("Flip"):
            places = places[::-1]
        elif not isinstance(amount := layer.shift if call.kind == "Roll" else layer.repeats, int):
            return None
        else:
            places = np.roll(places, amount) if call.kind == "Roll" else np.repeat(places, amount)
        found[each] = Taps.of(places[:, None])
    return found


def _tiled(call: Call, before: Shape, after: Shape) -> ByAxis | None:
    repeats = _pair_for_each(call.layer.repeats, 1)
    if len(repeats) > len(before) or len(before) != len(after):
        return None
    repeats = (*[1] * (len(before) - len(repeats)), *repeats)
    if repeats[0] != 1:
        return None
    return {
        axis: Taps.of(np.tile(np.arange(before[axis]), times)[:, None])
        for axis, times in enumerate(repeats)
        if times != 1
    }


WINDOW_LAYERS: dict[str, Maker] = {
    **{f"{kind}{rank}D": _convolution for kind in ("Conv", "DepthwiseConv", "SeparableConv") for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _transposed_convolution for rank in (1, 2, 3)},
    **{f"{kind}Pooling{rank}D": _pooling for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"Adaptive{kind}Pooling{rank}D": _adaptive for kind in ("Average", "Max") for rank in (1, 2, 3)},
    **{f"{kind}{rank}D": _framed for kind in ("Cropping", "ZeroPadding") for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _enlarged for rank in (1, 2, 3)},
    "CenterCrop": _centre,
    "LocallyConnected2D": _convolution,
    "Resizing": _resized,
    "SumPooling2D": _pooling,
}
WINDOW_OPERATIONS: dict[str, Maker] = {
    **dict.fromkeys(("Conv", "DepthwiseConv", "SeparableConv"), _convolution),
    **dict.fromkeys(("AveragePool", "MaxPool"), _pooling),
    **dict.fromkeys(("AdaptiveAveragePool", "AdaptiveMaxPool"), _adaptive),
    **dict.fromkeys(("Flip", "Fliplr", "Repeat", "Roll"), _rearranged),
    "Pad": _padded,
    "Resize": _resized,
    "Tile": _tiled,
}
