"""One value of a layer, worked out: the pieces that every rule takes and gives, and the activations in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubel.architectures.walk import Call
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Position:
    """One value of one layer's output, and what the layer computes it from.

    Args:
        call: the layer.
        inputs: float64, each as one image's [height, width, channels] or [units].
        index: of the value in the output: (row, column, filter), or (unit,).
    """

    call: Call
    inputs: tuple[Numbers, ...]
    index: tuple[int, ...]

    @property
    def filter_index(self) -> int:
        """Which feature map or unit."""
        return self.index[-1]

    @property
    def x(self) -> float:
        """The input at the same place."""
        return float(self.inputs[0][self.index])

    def weight(self, name: str, *, default: float | None = None) -> Numbers:
        """A weight of the layer as float64.

        Args:
            name: of the layer's variable.
            default: given as an array of no axes where the layer has no such weight.
        """
        variable = getattr(self.call.layer, name, None)
        if variable is None:
            return np.asarray(default, np.float64)
        return np.asarray(keras.ops.convert_to_numpy(variable), np.float64)


@dataclass(frozen=True)
class Patch:
    """The window of the input that a value is computed from.

    Args:
        values: [taps down, taps across, channels], zeros where it lies on padding.
        inside: bool [taps down, taps across], False on padding.
        rows: of the input, for each tap; below 0 or too large on padding.
        columns: of the input, for each tap.
        channels: of the input, for each of the last axis.
        kernel: weights of the same shape; None for pooling.
    """

    values: Numbers
    inside: NDArray[np.bool_]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    channels: tuple[int, ...]
    kernel: Numbers | None = None

    @property
    def products(self) -> Numbers | None:
        """Of each number with its weight."""
        return None if self.kernel is None else self.values * self.kernel

    @property
    def channel_sums(self) -> Numbers | None:
        """The sum of the products of each channel."""
        return None if self.products is None else self.products.sum(axis=(0, 1))


@dataclass(frozen=True)
class Term:
    """One summand or factor, where there is no window.

    Args:
        label: where it comes from.
        value: the number.
        weight: what it is multiplied with; None where it is taken as it is.
        product: of both.
    """

    label: str
    value: float
    weight: float | None
    product: float


@dataclass(frozen=True)
class WorkedValue:
    """How a value comes about.

    Args:
        value: the result.
        size: sum of the absolute values of what was added up; rounding in float32 is a share of it.
        formula: with the numbers put in, up to the result.
        before: before the activation; None where there is none.
        activation: its name.
        bias: that was added.
        patch: for kinds with a window.
        terms: for others.
    """

    value: float
    size: float
    formula: str
    before: float | None = None
    activation: str | None = None
    bias: float | None = None
    patch: Patch | None = None
    terms: tuple[Term, ...] = ()


Rule = Callable[[Position], WorkedValue]


def number(value: float) -> str:
    """Six digits."""
    return f"{value:.6g}"


def plus(value: float) -> str:
    """A summand with its sign: ``+ 0.5`` or ``- 0.5``."""
    return f"{'-' if value < 0 else '+'} {number(abs(value))}"


def relu(x: float, *, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> float:
    """As Keras' ``relu``.

    Args:
        x: the number.
        negative_slope: below the threshold.
        max_value: cut off above it; None leaves large numbers as they are.
        threshold: below it, a number is taken for negative.
    """
    if x < threshold:
        return negative_slope * (x - threshold)
    return x if max_value is None else min(x, max_value)


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def gelu(x: float, *, approximate: bool = False) -> float:
    """The number times the share of a normal distribution below it.

    Args:
        x: the number.
        approximate: by tanh.

    Source: Hendrycks & Gimpel 2016, arXiv:1606.08415.
    """
    if approximate:
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * math.erfc(-x / math.sqrt(2))


def hard_sigmoid(x: float) -> float:
    """A straight line from 0 at -3 to 1 at 3."""
    return min(max(x / 6 + 0.5, 0.0), 1.0)


def elu(x: float, *, alpha: float = 1.0) -> float:
    """Unchanged above 0; below, it levels off.

    Args:
        x: the number.
        alpha: it levels off at ``-alpha``.
    """
    return x if x > 0 else alpha * math.expm1(x)


ACTIVATIONS: dict[str, Callable[[float], float]] = {
    "linear": float,
    "relu": relu,
    "relu6": lambda x: relu(x, max_value=6.0),
    "leaky_relu": lambda x: relu(x, negative_slope=0.2),
    "elu": elu,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "tanh": math.tanh,
    "gelu": gelu,
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "exponential": math.exp,
}
"""Keras' name → the function; softmax, which needs all units, is `softmax_at`."""


def softmax_at(values: Sequence[float] | Numbers, index: int) -> tuple[float, str]:
    """One number of a softmax, and its formula; the largest value is subtracted so that nothing overflows.

    Args:
        values: of all units.
        index: of the unit.
    """
    scaled = np.asarray(values, np.float64)
    exponentials = np.exp(scaled - scaled.max())
    total = float(exponentials.sum())
    result = float(exponentials[index]) / total
    own, largest, power = (number(float(each)) for each in (scaled[index], scaled.max(), exponentials[index]))
    text = f"e^({own} - {largest}) = {power}; / {number(total)}, the sum over all {len(scaled)} = {number(result)}"
    return result, text


def name_of(activation: Any) -> str:
    """What an activation function is called; an unnamed one is refused where it is looked up."""
    return "linear" if activation is None else str(getattr(activation, "__name__", activation))


def activated(
    working: WorkedValue, activation: Any, *, call: Call, all_units: Callable[[], Numbers] | None
) -> WorkedValue:
    """The same value behind the activation that is built into a layer.

    Args:
        working: up to the activation.
        activation: Keras' function.
        call: the layer, for messages.
        all_units: the values of every unit before the activation, for softmax; None where that is not offered.
    """
    name = name_of(activation)
    if name == "linear":
        return working
    before = working.value
    if name == "softmax" and all_units is not None:
        values = all_units()
        value, text = softmax_at(values, int(np.abs(values - before).argmin()))
        text = f"{working.formula}; softmax: {text}"
    else:
        value = activate(name, before, call=call)
        text = f"{working.formula}; {name} → {number(value)}"
    return replace(working, value=value, formula=text, before=before, activation=name)


def activate(name: str, x: float, *, call: Call) -> float:
    """A named activation of one number.

    Args:
        name: as Keras has it.
        x: the number.
        call: the layer, for the message.

    Raises:
        UnusableInput: the activation is unknown.
    """
    if name not in ACTIVATIONS:
        known = ", ".join(sorted(ACTIVATIONS))
        raise UnusableInput(f"Hubel does not know the activation {name!r} of {call.name}. Known: {known}.")
    return float(ACTIVATIONS[name](x))
