"""How each kind of layer computes one value: name of the Keras class → rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.explanation.window_rules import WINDOW_RULES
from hubel.explanation.worked_value import (
    Position,
    Rule,
    Term,
    WorkedValue,
    activate,
    elu,
    gelu,
    name_of,
    number,
    plus,
    relu,
    softmax_at,
)


def _normalised(place: Position, mean: float, *, variance: float) -> WorkedValue:
    """(x - mean) / √(variance + epsilon), times gamma, plus beta."""
    epsilon = float(place.call.layer.epsilon)
    deviation, root = math.sqrt(variance + epsilon), f"√({number(variance)} + {number(epsilon)})"
    gamma, beta = (float(_last(place, name, default)) for name, default in (("gamma", 1.0), ("beta", 0.0)))
    value = (place.x - mean) / deviation * gamma + beta
    size = abs(gamma) / deviation * (abs(place.x) + abs(mean)) + abs(beta)
    text = f"({number(place.x)} {plus(-mean)}) / {root} × {number(gamma)} {plus(beta)} = {number(value)}"
    parts = {"x": place.x, "mean": mean, "√(variance + epsilon)": deviation, "gamma": gamma, "beta": beta}
    return WorkedValue(value, size, text, bias=beta, terms=tuple(map(_alone, parts, parts.values())))


def _last(place: Position, name: str, default: float) -> Any:
    values = place.weight(name, default=default)
    return values if values.ndim == 0 else values.ravel()[place.filter_index]


def _alone(label: str, value: float) -> Term:
    return Term(label, value, None, value)


def batch_normalisation(place: Position) -> WorkedValue:
    """With the statistics of training, as in prediction."""
    _check_last_axis(place)
    mean, variance = float(_last(place, "moving_mean", 0.0)), float(_last(place, "moving_variance", 1.0))
    return _normalised(place, mean, variance=variance)


def layer_normalisation(place: Position) -> WorkedValue:
    """With the mean and the variance of all channels at the place.

    Raises:
        UnusableInput: it works along other axes, or scales by the root mean square.
    """
    _check_last_axis(place)
    if getattr(place.call.layer, "rms_scaling", False):
        raise UnusableInput(f"{place.call.name} scales by the root mean square, which Hubel cannot trace.")
    values = place.inputs[0][place.index[:-1]]
    return _normalised(place, float(values.mean()), variance=float(values.var()))


def _check_last_axis(place: Position) -> None:
    axis = place.call.layer.axis
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if axes not in ([-1], [len(place.index)]):
        raise UnusableInput(f"{place.call.name} works along the axes {axes}; Hubel traces the last axis only.")


def activation_layer(place: Position) -> WorkedValue:
    """A layer, or an operation, that is an activation."""
    name = name_of(getattr(place.call.layer, "activation", None))
    return softmax(place) if name == "softmax" else operation_activation(place, name=name)


def operation_activation(place: Position, *, name: str) -> WorkedValue:
    """An activation that is an operation of ``keras.ops``.

    Args:
        place: of its value.
        name: of the activation, as Keras has it.
    """
    return _function(place, name, value=activate(name, place.x, call=place.call))


def _function(place: Position, name: str, *, value: float) -> WorkedValue:
    text = f"{name}({number(place.x)}) = {number(value)}"
    terms = (_alone("x", place.x),)
    return WorkedValue(value, abs(place.x), text, before=place.x, activation=name, terms=terms)


def relu_layer(place: Position) -> WorkedValue:
    """ReLU with its options."""
    layer = place.call.layer
    options = {
        "max_value": None if layer.max_value is None else float(layer.max_value),
        "negative_slope": float(layer.negative_slope),
        "threshold": float(layer.threshold),
    }
    said = ", ".join(f"{name} {number(value)}" for name, value in options.items() if value)
    return _function(place, f"relu with {said}" if said else "relu", value=relu(place.x, **options))  # type: ignore[arg-type]


def leaky_relu_layer(place: Position) -> WorkedValue:
    """Below 0 it is not cut off but flatter."""
    slope = float(place.call.layer.negative_slope)
    return _function(place, f"relu with negative_slope {number(slope)}", value=relu(place.x, negative_slope=slope))


def elu_layer(place: Position) -> WorkedValue:
    """Below 0 it levels off."""
    return _function(place, "elu", value=elu(place.x, alpha=float(place.call.layer.alpha)))


def gelu_operation(place: Position) -> WorkedValue:
    """As an operation, exact or by tanh."""
    return _function(place, "gelu", value=gelu(place.x, approximate=bool(place.call.layer.approximate)))


def softmax(place: Position) -> WorkedValue:
    """Over the last axis."""
    if hasattr(place.call.layer, "axis"):
        _check_last_axis(place)
    values = place.inputs[0][place.index[:-1]]
    value, text = softmax_at(values, place.filter_index)
    terms = tuple(_alone(f"unit {index}", float(each)) for index, each in enumerate(values))
    size = value * (1 + float(np.abs(values).max()))
    return WorkedValue(value, size, text, before=place.x, activation="softmax", terms=terms)


def rescaling(place: Position) -> WorkedValue:
    """Scale and offset, one for all channels or one for each."""
    scale, offset = (_spread(place, getattr(place.call.layer, name)) for name in ("scale", "offset"))
    value = place.x * scale + offset
    text = f"{number(place.x)} × {number(scale)} {plus(offset)} = {number(value)}"
    terms = (Term("x", place.x, scale, place.x * scale), _alone("offset", offset))
    return WorkedValue(value, abs(place.x * scale) + abs(offset), text, bias=offset, terms=terms)


def _spread(place: Position, values: Any) -> float:
    """A number for all places, or an array of fewer axes, at this place."""
    shape = place.inputs[0].shape
    array = np.asarray(keras.ops.convert_to_numpy(values), np.float64)
    return float(np.broadcast_to(array.reshape(array.shape[-len(shape) :]), shape)[place.index])


def normalization(place: Position) -> WorkedValue:
    """By a mean and a variance that are given or were measured."""
    layer = place.call.layer
    mean, variance = _spread(place, layer.mean), _spread(place, layer.variance)
    deviation = max(math.sqrt(variance), keras.config.epsilon())
    if layer.invert:
        value = mean + place.x * deviation
        text = f"{number(place.x)} × {number(deviation)} {plus(mean)} = {number(value)}"
        return WorkedValue(value, abs(mean) + abs(place.x * deviation), text, terms=(_alone("x", place.x),))
    value = (place.x - mean) / deviation
    text = f"({number(place.x)} {plus(-mean)}) / {number(deviation)} = {number(value)}"
    return WorkedValue(value, (abs(place.x) + abs(mean)) / deviation, text, terms=(_alone("x", place.x),))


def layer_scale(place: Position) -> WorkedValue:
    """A factor for each channel."""
    gamma = float(_last(place, "gamma", 1.0))
    value = place.x * gamma
    text = f"{number(place.x)} × {number(gamma)} = {number(value)}"
    return WorkedValue(value, abs(value), text, terms=(Term("x", place.x, gamma, value),))


def combined(place: Position, *, sign: str) -> WorkedValue:
    """Branches that are added, multiplied and so on, number by number; small maps are spread over large ones.

    Args:
        place: of the value.
        sign: between the branches, a key of ``_COMBINED``.
    """
    values = [_branch(place, each) for each in place.inputs]
    labels = [f"branch {place_}" for place_ in range(1, len(values) + 1)]
    if len(values) == 1:
        values, labels = _with_constant(place, sign)
    value, size = _COMBINED[sign](values)
    text = f" {sign} ".join(number(each) for each in values)
    text = f"{sign} of {', '.join(map(number, values))}" if sign.isalpha() else text
    return WorkedValue(value, size, f"{text} = {number(value)}", terms=tuple(map(_alone, labels, values)))


def _branch(place: Position, values: np.ndarray) -> float:
    where = [0 if size == 1 else each for size, each in zip(values.shape, place.index, strict=True)]
    return float(values[tuple(where)])


def _with_constant(place: Position, sign: str) -> tuple[list[float], list[str]]:
    """An operation with a number that is built in, which is read off by giving it 0 and 1 as input."""
    at = [_apply(place, probe) for probe in (0.0, 1.0)]
    x = place.x
    if sign == "+":
        return [x, at[0]], ["x", "constant"]
    if sign == "×":
        return [x, at[1]], ["x", "constant"]
    if sign == "-":
        return ([x, -at[0]], ["x", "constant"]) if at[1] > at[0] else ([at[0], x], ["constant", "x"])
    if sign == "/":
        two = _apply(place, 2.0)
        return ([x, 1 / at[1]], ["x", "constant"]) if abs(two) > abs(at[1]) else ([at[1], x], ["constant", "x"])
    raise UnusableInput(f"{place.call.name} takes the {sign} of a map and a constant, which Hubel cannot trace.")


def _apply(place: Position, value: float) -> float:
    probe = np.full((1, *place.inputs[0].shape), value, np.float32)
    (made,) = place.call.apply([keras.ops.convert_to_tensor(probe)])
    return float(keras.ops.convert_to_numpy(made)[0][place.index])


_COMBINED: dict[str, Callable[[list[float]], tuple[float, float]]] = {
    "+": lambda values: (sum(values), sum(map(abs, values))),
    "-": lambda values: (values[0] - values[1], sum(map(abs, values))),
    "×": lambda values: (math.prod(values), abs(math.prod(values))),
    "/": lambda values: (values[0] / values[1], abs(values[0] / values[1])),
    "mean": lambda values: (sum(values) / len(values), sum(map(abs, values)) / len(values)),
    "largest": lambda values: (max(values), abs(max(values))),
    "smallest": lambda values: (min(values), abs(min(values))),
}
"""Sign → value, and the sum of the absolute values of what was added up."""


def concatenate(place: Position) -> WorkedValue:
    """One of the branches, side by side.

    Raises:
        UnusableInput: the value lies beyond all branches.
    """
    axis = place.call.layer.axis
    axis = axis - 1 if axis > 0 else axis + len(place.index)
    index = list(place.index)
    for branch, values in enumerate(place.inputs, 1):
        if index[axis] < values.shape[axis]:
            where = tuple(index)
            return _copied(float(values[where]), f"branch {branch} at {_said(where)}")
        index[axis] -= values.shape[axis]
    raise UnusableInput(f"{place.call.name}: its branches are smaller than its output.")


def identity(place: Position) -> WorkedValue:
    """A layer that does something in training only."""
    return _copied(place.x, "the input at the same place, unchanged when predicting")


def reshaped(place: Position) -> WorkedValue:
    """The same numbers in another shape, in row-major order."""
    values = place.inputs[0]
    shape = tuple(int(size or 1) for size in place.call.output_shapes[0])
    flat = int(np.ravel_multi_index(place.index, shape))
    where = tuple(int(each) for each in np.unravel_index(flat, values.shape))
    return _copied(float(values[where]), f"the input at {_said(where)}")


def framed(place: Position, *, sign: int) -> WorkedValue:
    """A frame of zeros put around a map, or a frame cut off.

    Args:
        place: of the value.
        sign: 1 for a frame put around, -1 for one cut off.
    """
    layer = place.call.layer
    (above, _), (before, _) = layer.padding if sign > 0 else layer.cropping
    row, column = place.index[0] - sign * above, place.index[1] - sign * before
    values = place.inputs[0]
    if 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:
        where = (row, column, place.filter_index)
        return _copied(float(values[where]), f"the input at {_said(where)}")
    return WorkedValue(0.0, 0.0, "0, in the padding")


def _copied(value: float, text: str) -> WorkedValue:
    return WorkedValue(value, abs(value), f"{text}: {number(value)}", terms=(_alone("x", value),))


def _said(index: tuple[int, ...]) -> str:
    if len(index) == 3:
        return f"row {index[0]}, column {index[1]}, channel {index[2]}"
    return " ".join(["place", *map(str, index)])


_OPERATIONS = {
    "Relu": "relu", "Relu6": "relu6", "Sigmoid": "sigmoid", "Silu": "silu", "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu", "Tanh": "tanh",
}  # fmt: skip
"""Class of an operation of ``keras.ops`` → the activation that it is."""

RULES: dict[str, Rule] = {
    **WINDOW_RULES,
    "BatchNormalization": batch_normalisation,
    "LayerNormalization": layer_normalisation,
    "Normalization": normalization,
    "Rescaling": rescaling,
    "LayerScale": layer_scale,
    "Activation": activation_layer,
    "ReLU": relu_layer,
    "LeakyReLU": leaky_relu_layer,
    "ELU": elu_layer,
    "Softmax": softmax,
    **{kind: partial(operation_activation, name=name) for kind, name in _OPERATIONS.items()},
    "Gelu": gelu_operation,
    "Add": partial(combined, sign="+"),
    "Subtract": partial(combined, sign="-"),
    "Multiply": partial(combined, sign="×"),
    **dict.fromkeys(("Divide", "TrueDivide"), partial(combined, sign="/")),
    "Average": partial(combined, sign="mean"),
    "Maximum": partial(combined, sign="largest"),
    "Minimum": partial(combined, sign="smallest"),
    "Concatenate": concatenate,
    **dict.fromkeys(("Dropout", "SpatialDropout2D", "StochasticDepth", "Identity"), identity),
    **dict.fromkeys(("GaussianNoise", "GaussianDropout", "ActivityRegularization"), identity),
    **dict.fromkeys(("Flatten", "Reshape"), reshaped),
    "ZeroPadding2D": partial(framed, sign=1),
    "Cropping2D": partial(framed, sign=-1),
}
