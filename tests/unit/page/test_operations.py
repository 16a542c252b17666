"""Each operation of the page against plain loops over its definition, on odd shapes; with vectors and without."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from tests.node import NEEDS_NODE, run_module

from hubel.arithmetic.convolution import padding_amounts

pytestmark = NEEDS_NODE
RUN = """
import { OPERATIONS } from "./engine/operations.js";
import { fastestOperations } from "./engine/simd.js";
import { sizeOf, wholeOf } from "./engine/regions.js";
const value = ({ shape, data }) => ({ shape, data: Float32Array.from(data) });
const fast = fastestOperations();
const made = given.map(({ step, inputs, weights }) => [OPERATIONS, fast].map((operations) => {
  const out = new Float32Array(sizeOf(step.shape)).fill(NaN);
  const parts = Object.fromEntries(Object.entries(weights).map(([part, each]) => [part, value(each)]));
  operations[step.kind](step, inputs.map(value), parts, out, wholeOf(step.shape));
  return Array.from(out);
}));
console.log(JSON.stringify({ vectors: fast !== OPERATIONS, made }));
"""


@dataclass(frozen=True)
class Case:
    """A step, what it is given, and what it must make."""

    kind: str
    inputs: list[np.ndarray]
    expected: np.ndarray
    attributes: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        def value(array: np.ndarray) -> dict[str, Any]:
            return {"shape": list(array.shape), "data": array.ravel().tolist()}

        step = {"kind": self.kind, "shape": list(self.expected.shape), "attributes": self.attributes}
        weights = {part: value(each) for part, each in self.weights.items()}
        return {"step": step, "inputs": [value(each) for each in self.inputs], "weights": weights}


def drawn(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(0, 1, shape).astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Sliding:
    """A window over a map, with its padding as a graph writes it down."""

    size: tuple[int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    padding: list[list[int]]

    @property
    def places(self) -> tuple[int, int]:
        rows, columns = (
            (side + sum(around) - (taps - 1) * apart - 1) // stride + 1
            for side, around, taps, apart, stride in zip(
                self.size, self.padding, self.window, self.dilation, self.strides, strict=True
            )
        )
        return rows, columns

    def windows(self, x: np.ndarray, *, empty: float = 0.0) -> Iterator[tuple[int, int, np.ndarray]]:
        """(row, column, [window height, window width, channels]) of each place."""
        padded = np.pad(x, [*self.padding, [0, 0]], constant_values=empty)
        for row, column in np.ndindex(self.places):
            top, left = row * self.strides[0], column * self.strides[1]
            down, across = (np.arange(taps) * apart for taps, apart in zip(self.window, self.dilation, strict=True))
            yield row, column, padded[top + down][:, left + across]

    def attributes(self) -> dict[str, Any]:
        return {"strides": list(self.strides), "dilation": list(self.dilation), "padding": self.padding}


def sliding(rng: np.random.Generator, *, dilated: bool = True, strided: bool = True) -> Sliding:
    def pair(low: int, high: int) -> tuple[int, int]:
        first, second = rng.integers(low, high, 2).tolist()
        return first, second

    size, window = pair(7, 13), pair(1, 4)
    strides, dilation = pair(1, 4) if strided else (1, 1), pair(1, 3) if dilated else (1, 1)
    padding = str(rng.choice(["same", "valid"]))
    amounts = [
        list(padding_amounts(side, taps, stride=stride, padding=padding, dilation=apart))
        for side, taps, stride, apart in zip(size, window, strides, dilation, strict=True)
    ]
    return Sliding(size, window, strides, dilation, amounts)


def convolution(rng: np.random.Generator) -> Case:
    slide, groups = sliding(rng), int(rng.choice([1, 1, 2, 3]))
    taken, per_group = rng.integers(1, 90 // groups), int(rng.integers(1, 12))
    x, kernel = drawn(rng, *slide.size, groups * taken), drawn(rng, *slide.window, taken, groups * per_group)
    bias = drawn(rng, groups * per_group)
    out = np.empty((*slide.places, groups * per_group))
    for row, column, window in slide.windows(x):
        for filter_ in range(groups * per_group):
            group = filter_ // per_group
            seen = window[..., group * taken : (group + 1) * taken]
            out[row, column, filter_] = bias[filter_] + (seen * kernel[..., filter_]).sum()
    return Case("convolution", [x], out, slide.attributes() | {"groups": groups}, {"kernel": kernel, "bias": bias})


def depthwise_convolution(rng: np.random.Generator) -> Case:
    slide, channels, multiplier = sliding(rng), int(rng.choice([3, 4, 8, 12])), int(rng.choice([1, 1, 2]))
    x, kernel = drawn(rng, *slide.size, channels), drawn(rng, *slide.window, channels, multiplier)
    out = np.empty((*slide.places, channels * multiplier))
    for row, column, window in slide.windows(x):
        for filter_ in range(channels * multiplier):
            channel, which = divmod(filter_, multiplier)
            out[row, column, filter_] = (window[..., channel] * kernel[..., channel, which]).sum()
    return Case("depthwise_convolution", [x], out, slide.attributes(), {"kernel": kernel})


def local_convolution(rng: np.random.Generator) -> Case:
    slide, channels, filters = sliding(rng, dilated=False, strided=False), int(rng.integers(1, 4)), 3
    x, kernel = drawn(rng, *slide.size, channels), drawn(rng, *slide.places, *slide.window, channels, filters)
    bias, out = drawn(rng, *slide.places, filters), np.empty((*slide.places, filters))
    for row, column, window in slide.windows(x):
        for filter_ in range(filters):
            product = window * kernel[row, column, ..., filter_]
            out[row, column, filter_] = bias[row, column, filter_] + product.sum()
    weights = {"kernel": kernel, "bias": bias}
    return Case("local_convolution", [x], out, {"padding": slide.padding}, weights)


def pooling(rng: np.random.Generator, kind: str) -> Case:
    slide = sliding(rng, dilated=False)
    x = drawn(rng, *slide.size, 5)
    join = {"max_pooling": np.nanmax, "average_pooling": np.nanmean, "sum_pooling": np.nansum}[kind]
    out = np.empty((*slide.places, 5))
    for row, column, window in slide.windows(x, empty=np.nan):
        out[row, column] = join(window.reshape(-1, 5), axis=0)
    attributes = slide.attributes() | {"window": list(slide.window)}
    return Case(kind, [x], out, attributes)


def normalisation(rng: np.random.Generator, kind: str) -> Case:
    x, scale, offset, epsilon = drawn(rng, 5, 7, 6), drawn(rng, 6), drawn(rng, 6), 1e-3
    mean, variance = drawn(rng, 6), np.abs(drawn(rng, 6)) + 0.2
    weights = {"scale": scale, "offset": offset}
    if kind == "batch_normalisation":
        weights |= {"mean": mean, "variance": variance.astype(np.float32)}
    else:
        mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    bare = (x - mean) / np.sqrt(variance + epsilon)
    if rng.random() < 0.5:
        return Case(kind, [x], bare * scale + offset, {"epsilon": epsilon}, weights)
    left = {part: weight for part, weight in weights.items() if part not in ("scale", "offset")}
    return Case(kind, [x], bare, {"epsilon": epsilon}, left)


def dense(rng: np.random.Generator) -> Case:
    inputs, units, places = int(rng.integers(1, 300)), int(rng.integers(1, 20)), ((), (4, 5))[rng.integers(2)]
    x, kernel, bias = drawn(rng, *places, inputs), drawn(rng, inputs, units), drawn(rng, units)
    return Case("dense", [x], np.einsum("...i,iu->...u", x, kernel) + bias, {}, {"kernel": kernel, "bias": bias})


def plain_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Those without a choice of shapes."""
    x, y, gate = drawn(rng, 5, 7, 6), drawn(rng, 5, 7, 6), drawn(rng, 1, 1, 6)
    yield Case("add", [x, y, x], 2 * x + y)
    yield Case("add", [x], x + 2.5, {"number": 2.5})
    yield Case("multiply", [x, gate], x * gate)
    yield Case("multiply", [gate, x], x * gate)
    yield Case("multiply", [x, gate.ravel()], x * gate)
    yield Case("multiply", [x], x / 6, {"number": 1 / 6})
    yield Case("concatenate", [x, y[..., :2], y], np.concatenate([x, y[..., :2], y], axis=-1))
    yield Case("pad", [x], np.pad(x, [(1, 2), (0, 3), (0, 0)]), {"padding": [[1, 2], [0, 3]]})
    yield Case("reshape", [x], x.ravel())
    yield Case("rescale", [x], x * 0.5 - 1, {"scale": [0.5], "offset": [-1.0]})
    scale, offset = np.array([0.5, 2, 1, 3, 4, 5]), np.arange(6.0)
    yield Case("rescale", [x], x * scale + offset, {"scale": scale.tolist(), "offset": offset.tolist()})
    yield Case("scale_channels", [x], x * gate, {}, {"scale": gate.ravel()})
    yield Case("global_average", [x], x.mean(axis=(0, 1)))
    yield Case("global_max", [x], x.max(axis=(0, 1)))
    yield Case("softmax", [x], np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True))
    first = x[..., :4]
    yield Case("summarise_map", [x], np.concatenate([first.mean(axis=(0, 1)), first.std(axis=(0, 1))]), {"channels": 4})
    wide = 4 * x
    sigmoid, hard = 1 / (1 + np.exp(-wide)), np.clip(wide / 6 + 0.5, 0, 1)
    normal = np.vectorize(lambda each: 0.5 * (1 + math.erf(each / math.sqrt(2))))(wide)
    yield Case("relu", [wide], np.maximum(wide, 0), {"max_value": None})
    yield Case("relu", [wide], np.clip(wide, 0, 6), {"max_value": 6.0})
    for kind, expected in {
        "sigmoid": sigmoid, "hard_sigmoid": hard, "swish": wide * sigmoid, "hard_swish": wide * hard,
        "gelu": wide * normal, "tanh": np.tanh(wide),
    }.items():  # fmt: skip
        yield Case(kind, [wide], expected)


def all_cases() -> Iterator[Case]:
    rng = np.random.default_rng(11)
    yield from plain_cases(rng)
    for _ in range(25):
        yield convolution(rng)
        yield depthwise_convolution(rng)
    for _ in range(8):
        yield local_convolution(rng)
        yield dense(rng)
        for kind in ("max_pooling", "average_pooling", "sum_pooling"):
            yield pooling(rng, kind)
        for kind in ("batch_normalisation", "layer_normalisation"):
            yield normalisation(rng, kind)


CASES = list(all_cases())


@pytest.fixture(scope="module")
def made() -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each case, what the plain operation made, and the fastest."""
    printed = run_module(RUN, given=[case.to_json() for case in CASES])
    assert printed["vectors"]
    shapes = [case.expected.shape for case in CASES]
    return [
        (np.reshape(plain, shape), np.reshape(fast, shape))
        for (plain, fast), shape in zip(printed["made"], shapes, strict=True)
    ]


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
def test_an_operation_is_what_it_says(kind: str, made: list[tuple[np.ndarray, np.ndarray]]):
    for case, (plain, fast) in zip(CASES, made, strict=True):
        if case.kind == kind:
            largest = max(1.0, np.abs(case.expected).max())
            np.testing.assert_allclose(plain, case.expected, rtol=2e-7, atol=3e-7 * largest, equal_nan=False)
            np.testing.assert_allclose(fast, case.expected, rtol=2e-7, atol=2e-6 * largest, equal_nan=False)


def test_every_kind_of_a_graph_is_computed_and_tested():
    from hubel.graphs.network_graph import KINDS

    kinds = run_module(
        'import { OPERATIONS } from "./engine/operations.js";\nconsole.log(JSON.stringify(Object.keys(OPERATIONS)));'
    )
    assert set(kinds) == set(KINDS) == {case.kind for case in CASES}
