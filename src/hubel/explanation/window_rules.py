"""Rules of layers that compute from a window of their input, or from all of it: convolutions, pooling, dense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubel.architectures.geometry import Window, window_of
from hubel.explanation.worked_value import Numbers, Patch, Position, Term, WorkedValue, activated, number, plus


def take_patch(place: Position, channels: range) -> Patch:
    """The window that a value is computed from.

    Args:
        place: the value.
        channels: of the input.
    """
    values, window = place.inputs[0], window_of(place.call)
    if window is None:  # one tap
        window = Window((1, 1), (1, 1), "valid", (1, 1))
    before = window.padding_before((values.shape[0], values.shape[1]))
    rows, columns = (
        tuple(
            place.index[axis] * window.stride[axis] - before[axis] + tap * window.dilation[axis]
            for tap in range(window.size[axis])
        )
        for axis in (0, 1)
    )
    inside = np.array([[0 <= r < values.shape[0] and 0 <= c < values.shape[1] for c in columns] for r in rows])
    taken = np.zeros((*window.size, len(channels)))
    for row, column in zip(*np.nonzero(inside), strict=True):
        taken[row, column] = values[rows[row], columns[column], channels.start : channels.stop]
    return Patch(taken, inside, rows, columns, tuple(channels))


def convolution(place: Position) -> WorkedValue:
    """Conv2D, groups and dilation included."""
    kernel = place.weight("kernel")  # [height, width, channels of a group, filters]
    groups, each = place.call.layer.groups, kernel.shape[2]
    group = place.filter_index // (kernel.shape[3] // groups)
    return _weighted(
        place,
        take_patch(place, range(group * each, (group + 1) * each)),
        kernel=kernel[..., place.filter_index],
        bias=float(place.weight("bias", default=0.0)[..., place.filter_index]) if place.call.layer.use_bias else None,
    )


def depthwise(place: Position) -> WorkedValue:
    """Each channel has kernels of its own and is not added to others."""
    kernel = place.weight("kernel")  # [height, width, channels, kernels for each channel]
    channel, which = divmod(place.filter_index, kernel.shape[3])
    bias = float(place.weight("bias")[place.filter_index]) if place.call.layer.use_bias else None
    return _weighted(
        place,
        take_patch(place, range(channel, channel + 1)),
        kernel=kernel[:, :, channel : channel + 1, which],
        bias=bias,
    )


def locally_connected(place: Position) -> WorkedValue:
    """A convolution whose kernel, and bias, belongs to this place alone."""
    row, column, index = place.index
    kernel = place.weight("kernel")[row, column, ..., index]
    bias = float(place.weight("bias")[place.index]) if place.call.layer.use_bias else None
    return _weighted(place, take_patch(place, range(kernel.shape[2])), kernel=kernel, bias=bias)


def _weighted(place: Position, patch: Patch, *, kernel: Numbers, bias: float | None) -> WorkedValue:
    patch = replace(patch, kernel=kernel)
    products = np.asarray(patch.products)
    total = float(products.sum())
    value = total + (bias or 0.0)
    with_bias = f" {plus(bias)} (bias) = {number(value)}" if bias is not None else ""
    working = WorkedValue(
        value,
        float(np.abs(products).sum()) + abs(bias or 0.0),
        f"sum of {products.size} products {number(total)}{with_bias}",
        bias=bias,
        patch=patch,
    )
    return activated(working, place.call.layer.activation, call=place.call, all_units=None)


def separable(place: Position) -> WorkedValue:
    """A depthwise convolution, then a weighted sum of its maps."""
    depth = place.weight("depthwise_kernel")  # [height, width, channels, kernels for each channel]
    each = depth.shape[3]
    plain = take_patch(place, range(depth.shape[2]))
    patch = replace(
        plain,
        values=np.repeat(plain.values, each, axis=-1),
        channels=tuple(channel for channel in plain.channels for _ in range(each)),
        kernel=depth.reshape(*depth.shape[:2], -1),
    )
    sums, absolute = np.asarray(patch.channel_sums), np.abs(np.asarray(patch.products)).sum(axis=(0, 1))
    weights = place.weight("pointwise_kernel")[0, 0, :, place.filter_index]
    products = sums * weights
    total = float(products.sum())
    bias = float(place.weight("bias")[place.filter_index]) if place.call.layer.use_bias else None
    value = total + (bias or 0.0)
    with_bias = f" {plus(bias)} (bias) = {number(value)}" if bias is not None else ""
    working = WorkedValue(
        value,
        float((absolute * np.abs(weights)).sum()) + abs(bias or 0.0),
        f"each channel's sum times its weight, added up: {number(total)}{with_bias}",
        bias=bias,
        patch=patch,
        terms=_terms([f"sum of map {index}" for index in range(len(sums))], sums, weights=weights),
    )
    return activated(working, place.call.layer.activation, call=place.call, all_units=None)


def dense(place: Position) -> WorkedValue:
    """A weighted sum of all inputs; over a map, of all channels at the place."""
    kernel, layer = place.weight("kernel"), place.call.layer
    values = place.inputs[0][place.index[:-1]]
    weights = kernel[:, place.filter_index]
    total = float(values @ weights)
    biases = place.weight("bias") if layer.use_bias else None
    bias = None if biases is None else float(biases[place.filter_index])
    value = total + (bias or 0.0)
    with_bias = f" {plus(bias)} (bias) = {number(value)}" if bias is not None else ""
    working = WorkedValue(
        value,
        float(np.abs(values * weights).sum()) + abs(bias or 0.0),
        f"sum of {len(values)} products {number(total)}{with_bias}",
        bias=bias,
        terms=_terms([f"input {index}" for index in range(len(values))], values, weights=weights),
    )
    others = values @ kernel + (0.0 if biases is None else biases)
    return activated(working, layer.activation, call=place.call, all_units=lambda: others)


def _terms(labels: list[str], values: Numbers, *, weights: Numbers) -> tuple[Term, ...]:
    return tuple(
        Term(label, float(value), float(weight), float(value * weight))
        for label, value, weight in zip(labels, values, weights, strict=True)
    )


def pooling(place: Position) -> WorkedValue:
    """The largest, the mean or the sum of a window; padding does not count."""
    patch = take_patch(place, range(place.filter_index, place.filter_index + 1))
    return _pooled(place.call.kind.removesuffix("ing2D").removesuffix("Pool"), patch)


def global_pooling(place: Position) -> WorkedValue:
    """The largest or the mean of a whole map."""
    values = place.inputs[0][..., place.filter_index : place.filter_index + 1]
    height, width = values.shape[:2]
    inside = np.ones((height, width), np.bool_)
    patch = Patch(values, inside, tuple(range(height)), tuple(range(width)), (place.filter_index,))
    return _pooled("Max" if "Max" in place.call.kind else "Average", patch)


def _pooled(how: str, patch: Patch) -> WorkedValue:
    counted = patch.values[patch.inside].ravel()
    absolute = float(np.abs(counted).sum())
    if how == "Max":
        value = float(counted.max())
        return WorkedValue(value, abs(value), f"largest of {counted.size} values: {number(value)}", patch=patch)
    total = float(counted.sum())
    text = f"sum of {counted.size} values {number(total)}"
    if how == "Sum":
        return WorkedValue(total, absolute, text, patch=patch)
    value = total / counted.size
    text += f", / {counted.size} = {number(value)}"
    return WorkedValue(value, absolute / counted.size, text, patch=patch)
