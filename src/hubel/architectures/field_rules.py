"""How each kind of layer passes on what its inputs see of the image. A kind without a rule leaves it unknown.

A rule takes the call and, for one axis of the image, the field of each input; it gives the field of the output, or None
where it cannot say. Axes and shapes count the batch, of one image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from hubel.architectures import field_kinds as kinds
from hubel.architectures.field_windows import WINDOW_LAYERS, WINDOW_OPERATIONS, taps_of
from hubel.architectures.walk import Call
from hubel.arithmetic.receptive_field import ReceptiveField, Shape, concatenate, join
from hubel.arithmetic.taps import Taps
from hubel.backends.framework import keras

Rule = Callable[[Call, list[ReceptiveField]], ReceptiveField | None]

OWN_PACKAGES = ("keras", "hubel")
MULTIPLIES = "Multiply"


def rule_of(call: Call, *, without_gates: bool = False) -> Rule | None:
    """The rule for a call; None for a kind that is not known, or a class of somebody else's.

    Args:
        call: what to look at.
        without_gates: leave out what is pooled over the whole map and multiplied with each place of it.
    """
    if type(call.layer).__module__.partition(".")[0] not in OWN_PACKAGES:
        return None
    if without_gates and call.kind == MULTIPLIES:
        return _multiplied_without_gates
    is_layer = isinstance(call.layer, keras.layers.Layer)
    return (LAYERS if is_layer else OPERATIONS).get(call.kind)


def calls_for_each_output(call: Call) -> list[Call]:
    """A split is as many slices; none for other layers with several outputs, which are not followed."""
    if call.kind != "Split":
        return [call] if len(call.outputs) == 1 else []
    axis, start, found = int(call.layer.axis) % (len(call.input_shapes[0]) + 1), 0, []
    for place, shape in zip(call.outputs, call.output_shapes, strict=True):
        stop = start + _full(shape)[axis]
        key = (*[slice(None)] * axis, slice(start, stop))
        found.append(replace(call, outputs=(place,), output_shapes=(shape,), arguments=((None, key), {})))
        start = stop
    return found


def shapes(call: Call) -> list[Shape]:
    """Of each input, with a batch of one."""
    return [_full(shape) for shape in call.input_shapes]


def _full(shape: Sequence[int | None]) -> Shape:
    return (1, *(int(size or 0) for size in shape))


def _axes(axis: Any, ndim: int) -> list[int] | None:
    """From 0 on; None if the batch is one of them, so that images are mixed."""
    if axis is None:
        return None
    found = [int(each) % ndim for each in (axis if isinstance(axis, (list, tuple)) else [axis])]
    return None if 0 in found else found


def _pointwise(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    output, spread = _full(call.output_shapes[0]), []
    for field, shape in zip(fields, shapes(call), strict=True):
        missing = len(output) - len(shape)
        if missing and not isinstance(call.layer, keras.layers.Layer):
            return None  # the batch would meet an axis of the larger value
        fuller = (shape[0], *[1] * missing, *shape[1:])  # as Keras' merging layers do it
        if len(fuller) != len(output) or any(size not in (1, end) for size, end in zip(fuller, output, strict=True)):
            return None
        spread.append(field.reshaped(shape, fuller).broadcast(fuller, output))
    return join(spread)


def _multiplied_without_gates(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    places = [prod(int(size or 0) for size in shape[:-1]) for shape in call.input_shapes]
    kept = [index for index, count in enumerate(places) if count > 1] or list(range(len(places)))
    shape = tuple(call.input_shapes[index] for index in kept)
    return _pointwise(replace(call, input_shapes=shape), [fields[index] for index in kept])


def _activation(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    function = call.layer.activation
    if getattr(function, "__name__", "") in kinds.MIXES_CHANNELS:
        return fields[0].whole([len(call.input_shapes[0])])
    module = getattr(function, "__module__", None) or type(function).__module__
    return fields[0] if module.partition(".")[0] in OWN_PACKAGES else None


def _along_axes(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    axes = _axes(call.layer.axis, len(call.input_shapes[0]) + 1)
    return None if axes is None else _joined_rest(call, [fields[0].whole(axes), *fields[1:]])


def _joined_rest(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    """Further inputs, such as a scale or a mask, may reach every number."""
    rest = [
        _everywhere(field, shape, axes=len(call.output_shapes[0]))
        for field, shape in zip(fields, shapes(call), strict=True)
    ]
    return join([fields[0], *rest[1:]])


def _everywhere(field: ReceptiveField, shape: Shape, *, axes: int) -> ReceptiveField:
    """Of a value of so many axes, batch left out, whose every number sees all that this one sees."""
    return field.whole(range(1, len(shape))).reshaped((1,) * len(shape), (1,) * (axes + 1))


def _dense(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    return fields[0].whole([len(call.input_shapes[0])])


def _everything(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    axes = len(call.output_shapes[0])
    return join([_everywhere(field, shape, axes=axes) for field, shape in zip(fields, shapes(call), strict=True)])


def _global_pooling(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    before = shapes(call)[0]
    spatial = range(1, len(before) - 1)
    kept = tuple(1 if axis in spatial else size for axis, size in enumerate(before))
    return fields[0].whole(spatial).reshaped(kept, _full(call.output_shapes[0]))


def _reduced(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    before, after = shapes(call)[0], _full(call.output_shapes[0])
    axes = _axes(call.layer.axis, len(before))
    if axes is None or len(fields) > 1:
        return None
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(before))
    return fields[0].whole(axes).reshaped(kept, after) if prod(kept) == prod(after) else None


def _reshaped(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    before, after = shapes(call)[0], _full(call.output_shapes[0])
    if prod(before) != prod(after):
        return None
    return (
        _everything(call, fields) if len(after) == 2 and max(before) != after[1] else fields[0].reshaped(before, after)
    )


def _transposed(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    layer, ndim = call.layer, len(call.input_shapes[0]) + 1
    places = np.empty(range(2, ndim + 2), bool)  # each axis is known by its size
    if call.kind == "Permute":
        order = (0, *layer.dims)
    elif call.kind == "Moveaxis":
        order = [size - 2 for size in np.moveaxis(places, layer.source, layer.destination).shape]
    elif call.kind == "Swapaxes":
        order = [size - 2 for size in np.swapaxes(places, layer.axis1, layer.axis2).shape]
    else:
        order = [axis % ndim for axis in layer.axes or range(ndim)[::-1]]
    return fields[0].transposed(order) if order[0] == 0 else None


def _concatenated(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    each, output = shapes(call), _full(call.output_shapes[0])
    axes = _axes(call.layer.axis, len(output))
    if axes is None or any(len(shape) != len(output) for shape in each):
        return None
    (axis,) = axes
    is_along = any(field.reach.shape[axis + 1] > 1 or (field.spacing and field.along == axis) for field in fields)
    if axis == len(output) - 1 and not is_along:
        return join(fields)  # a place sees what any of its channels sees
    return concatenate(fields, [shape[axis] for shape in each], axis=axis)


def _stacked(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    output = _full(call.output_shapes[0])
    axes = _axes(call.layer.axis, len(output))
    if axes is None or len(fields) != output[axes[0]]:
        return None
    (axis,) = axes
    one = (*output[:axis], 1, *output[axis + 1 :])
    opened = [field.reshaped(shape, one) for field, shape in zip(fields, shapes(call), strict=True)]
    return concatenate(opened, [1] * len(opened), axis=axis)


def _windowed(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    found, field = taps_of(call), fields[0]
    if found is None or len(fields) > 1:
        return None
    for axis, taps in found.taps.items():
        field = field.through(axis, taps, input_size=shapes(call)[0][axis])
    return field.whole([len(call.input_shapes[0])]) if found.mixes_channels else field


def _sliced(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    args, kwargs = call.arguments
    key = kwargs["key"] if "key" in kwargs else args[1]
    key = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    before, after = shapes(call)[0], _full(call.output_shapes[0])
    if not all(_is_plain(each) for each in key):
        return None
    if Ellipsis not in key:
        key = (*key, Ellipsis)
    middle = key.index(Ellipsis)
    used = len([each for each in key if each is not None]) - 1
    key = (*key[:middle], *[slice(None)] * (len(before) - used), *key[middle + 1 :])
    kept = [each for each in key if each is not None]
    if not kept or kept[0] != slice(None) or key[0] is None:
        return None
    field, shape = fields[0], [1]
    for axis, (each, size) in enumerate(zip(kept[1:], before[1:], strict=True), 1):
        places = np.arange(size)[each].reshape(-1, 1)
        step = (each.step or 1) if isinstance(each, slice) else 1
        field = field.through(axis, Taps(places, step), input_size=size)
        shape.append(len(places))
    return field.reshaped(tuple(shape), after) if prod(shape) == prod(after) else None


def _is_plain(part: Any) -> bool:
    """Of a slice's key: known before the model runs, and no mask."""
    if isinstance(part, slice):
        return all(each is None or isinstance(each, int) for each in (part.start, part.stop, part.step))
    return part is None or part is Ellipsis or (isinstance(part, int) and not isinstance(part, bool))


def _repeated_vector(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    (batch, units) = shapes(call)[0]
    opened = (batch, 1, units)
    return fields[0].reshaped((batch, units), opened).broadcast(opened, _full(call.output_shapes[0]))


def _channels_to_places(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    block, field = call.layer.block_size, fields[0]
    for axis in (1, 2):
        size = shapes(call)[0][axis]
        taps = np.arange(size)[:, None]
        taps = np.repeat(taps, block, 0) if call.kind == "DepthToSpace" else taps.reshape(-1, block)
        field = field.through(axis, Taps.of(taps), input_size=size)
    return field.whole([3])


def _pipeline(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    inner = {type(layer).__name__ for layer in call.layer.layers}
    return _pointwise(call, fields) if inner <= kinds.POINTWISE_LAYERS else None


def _wrapped(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    inner = replace(call, layer=call.layer.layer)
    rule = rule_of(inner)
    return None if rule is None else rule(inner, fields)


def _for_each_frame(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    """Where every frame sees the same of the image: as the layer inside does it with one."""
    field, layer = fields[0], call.layer.layer
    inner = replace(
        call, layer=layer, input_shapes=(call.input_shapes[0][1:],), output_shapes=(call.output_shapes[0][1:],)
    )
    rule = rule_of(inner)
    if rule is None or len(fields) > 1 or field.reach.shape[2] > 1 or field.along == 1:
        return None
    made = rule(inner, [replace(field, reach=field.reach[:, :, 0], along=max(0, field.along - 1))])
    return made and replace(made, reach=made.reach[:, :, None], along=made.along + 1 if made.along else 0)


def _whole_image(_call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    """Brightest and darkest pixel of each channel decide."""
    return fields[0].whole([1, 2])


def _multiplied_matrices(call: Call, fields: list[ReceptiveField]) -> ReceptiveField | None:
    each, output = shapes(call), _full(call.output_shapes[0])
    if any(len(shape) != len(output) for shape in each) or len(output) < 3:
        return None
    if len(fields) == 1:  # the other is a constant, in front of it or behind it
        return fields[0].whole([len(output) - 2, len(output) - 1])
    last = len(output) - 1
    parts = [fields[0].whole([last]), fields[1].whole([last - 1])]
    ends = [(*each[0][:-1], 1), (*each[1][:-2], 1, each[1][-1])]
    return join([part.broadcast(end, output) for part, end in zip(parts, ends, strict=True)])


LAYERS: dict[str, Rule] = {
    **dict.fromkeys(kinds.POINTWISE_LAYERS, _pointwise),
    **dict.fromkeys(kinds.TAKES_EVERYTHING, _everything),
    **dict.fromkeys(kinds.GLOBAL_POOLING, _global_pooling),
    **dict.fromkeys(kinds.ALONG_AXES, _along_axes),
    **dict.fromkeys(WINDOW_LAYERS, _windowed),
    "Activation": _activation,
    "AutoContrast": _whole_image,
    "Concatenate": _concatenated,
    "Dense": _dense,
    "Masking": _dense,
    "Permute": _transposed,
    "Pipeline": _pipeline,
    "RepeatVector": _repeated_vector,
    "Reshape": _reshaped,
    "SpectralNormalization": _wrapped,
    "TimeDistributed": _for_each_frame,
}
OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(kinds.POINTWISE_OPERATIONS, _pointwise),
    **dict.fromkeys(kinds.ALONG_AXES, _along_axes),
    **dict.fromkeys(kinds.REDUCTIONS, _reduced),
    **dict.fromkeys(WINDOW_OPERATIONS, _windowed),
    **dict.fromkeys(("Moveaxis", "Swapaxes", "Transpose"), _transposed),
    **dict.fromkeys(("ExpandDims", "Reshape", "Squeeze"), _reshaped),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth"), _channels_to_places),
    "Concatenate": _concatenated,
    "GetItem": _sliced,
    "Split": _sliced,
    "Matmul": _multiplied_matrices,
    "Stack": _stacked,
}
