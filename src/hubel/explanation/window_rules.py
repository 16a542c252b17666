"""Rules of layers that compute from a window of their input, or from all of it: convolutions, pooling, dense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubel.architectures.geometry import window_of
from hubel.arithmetic.sliding import WindowOptions, window_step
from hubel.explanation.worked_value import Numbers, Patch, Position, Rule, Term, WorkedValue, activated, number, plus


def take_patch(place: Position, channels: range) -> Patch:
    """The window that a value is computed from.

    Args:
        place: the value.
        channels: of the input.
    """
    window = window_of(place.call) or WindowOptions((1, 1))  # one tap
    values = place.inputs[0][..., channels.start : channels.stop]
    step = window_step(values, options=window, at=(place.index[0], place.index[1]))
    rows, columns = (
        tuple(first + tap * gap for tap in range(size))
        for first, gap, size in zip((step.top, step.left), window.dilation, window.kernel_size, strict=True)
    )
    return Patch(step.window, step.inside, rows, columns, tuple(channels))


def convolution(place: Position) -> WorkedValue:
    """Conv2D, groups and dilation included."""
    kernel = place.weight("kernel")  # [height, width, channels of a group, filters]
    each = kernel.shape[2]
    group = place.filter_index // (kernel.shape[3] // place.call.layer.groups)
    patch = take_patch(place, range(group * each, (group + 1) * each))
    return _weighted(place, patch, kernel=kernel[..., place.filter_index], bias=_bias(place, place.filter_index))


def depthwise(place: Position) -> WorkedValue:
    """Each channel has kernels of its own and is not added to others."""
    kernel = place.weight("kernel")  # [height, width, channels, kernels for each channel]
    channel, which = divmod(place.filter_index, kernel.shape[3])
    patch = take_patch(place, range(channel, channel + 1))
    own = kernel[:, :, channel : channel + 1, which]
    return _weighted(place, patch, kernel=own, bias=_bias(place, place.filter_index))


def locally_connected(place: Position) -> WorkedValue:
    """A convolution whose kernel, and bias, belongs to this place alone."""
    row, column, index = place.index
    kernel = place.weight("kernel")[row, column, ..., index]
    patch = take_patch(place, range(kernel.shape[2]))
    return _weighted(place, patch, kernel=kernel, bias=_bias(place, place.index))


def _bias(place: Position, index: int | tuple[int, ...]) -> float | None:
    return float(place.weight("bias")[index]) if place.call.layer.use_bias else None


def _weighted(place: Position, patch: Patch, *, kernel: Numbers, bias: float | None) -> WorkedValue:
    patch = replace(patch, kernel=kernel)
    products = np.asarray(patch.products)
    total, absolute = float(products.sum()), float(np.abs(products).sum())
    text = f"sum of {products.size} products {number(total)}"
    working = _with_bias(total, bias, absolute=absolute, text=text)
    return activated(replace(working, patch=patch), place.call.layer.activation, call=place.call, all_units=None)


def _with_bias(total: float, bias: float | None, *, absolute: float, text: str) -> WorkedValue:
    """A sum of products, and the bias added to it."""
    value = total + (bias or 0.0)
    added = f" {plus(bias)} (bias) = {number(value)}" if bias is not None else ""
    return WorkedValue(value, absolute + abs(bias or 0.0), text + added, bias=bias)


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
    total, absolute = float((sums * weights).sum()), float((absolute * np.abs(weights)).sum())
    text = f"each channel's sum times its weight, added up: {number(total)}"
    working = _with_bias(total, _bias(place, place.filter_index), absolute=absolute, text=text)
    working = replace(working, patch=patch, terms=_terms("sum of map", sums, weights=weights))
    return activated(working, place.call.layer.activation, call=place.call, all_units=None)


def dense(place: Position) -> WorkedValue:
    """A weighted sum of all inputs; over a map, of all channels at the place."""
    kernel, layer = place.weight("kernel"), place.call.layer
    values = place.inputs[0][place.index[:-1]]
    weights = kernel[:, place.filter_index]
    total, absolute = float(values @ weights), float(np.abs(values * weights).sum())
    text = f"sum of {len(values)} products {number(total)}"
    working = _with_bias(total, _bias(place, place.filter_index), absolute=absolute, text=text)
    working = replace(working, terms=_terms("input", values, weights=weights))
    others = values @ kernel + (place.weight("bias") if layer.use_bias else 0.0)
    return activated(working, layer.activation, call=place.call, all_units=lambda: others)


def _terms(name: str, values: Numbers, *, weights: Numbers) -> tuple[Term, ...]:
    return tuple(
        Term(f"{name} {index}", float(value), float(weight), float(value * weight))
        for index, (value, weight) in enumerate(zip(values, weights, strict=True))
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


WINDOW_RULES: dict[str, Rule] = {
    "Conv2D": convolution,
    "DepthwiseConv2D": depthwise,
    "SeparableConv2D": separable,
    "LocallyConnected2D": locally_connected,
    "Dense": dense,
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D", "SumPooling2D"), pooling),
    **dict.fromkeys(("GlobalAveragePooling2D", "GlobalMaxPooling2D"), global_pooling),
}
