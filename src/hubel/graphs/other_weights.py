"""A compiled graph with other weights: the same operations on other numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from hubel.classifier.compiled_graph import CompiledGraph
from hubel.graphs.onnx_reader import read_onnx
from hubel.graphs.stored_weights import WEIGHT, as_stored

_LAYOUTS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    np.asarray,
    *(partial(as_stored, kind=f"{kind}convolution", part="kernel") for kind in ("", "depthwise_", "local_")),
)
"""The orders that a weight may lie in."""


def weight_order(graph: CompiledGraph) -> list[str]:
    """Names of the weights, in the order in which the graph uses them first.

    Args:
        graph: of an artefact, which was checked.
    """
    content = read_onnx(graph.data)
    used = (name for node in content.nodes for name in node.inputs if name.startswith(WEIGHT))
    return [name.removeprefix(WEIGHT) for name in dict.fromkeys(used)]


def with_other_weights(
    graph: CompiledGraph, tensors: Mapping[str, np.ndarray], *, others: Mapping[str, np.ndarray]
) -> CompiledGraph:  # fmt: skip
    """The graph that computes with other weights; the one that was given stays as it is.

    Args:
        graph: of an artefact, which was checked.
        tensors: name → float32 [...], the weights that it has.
        others: the same names and shapes.
    """
    copy = bytearray(graph.data)
    for name, stored in read_onnx(copy).tensors.items():  # ty: ignore[invalid-argument-type]
        weight = name.removeprefix(WEIGHT)
        if name.startswith(WEIGHT) and others[weight] is not tensors[weight]:
            values = stored.values()  # a view into the copy
            values[...] = _layout(tensors[weight], values)(others[weight])
    return replace(graph, data=bytes(copy))


def _layout(weight: np.ndarray, stored: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """How a weight became what is stored."""
    return next(layout for layout in _layouts_of(weight.ndim) if _is(layout(weight), stored))


def _layouts_of(axes: int) -> tuple[Callable[[np.ndarray], np.ndarray], ...]:
    plain, convolution, depthwise, local = _LAYOUTS
    return (plain, *((convolution, depthwise) if axes == 4 else ()), *((local,) if axes in (3, 6) else ()))


def _is(made: np.ndarray, stored: np.ndarray) -> bool:
    return made.shape == stored.shape and np.array_equal(made, stored)
