"""How the weights of an artefact lie in the file of its graph: the same numbers, in the order that ONNX wants."""

from __future__ import annotations

import numpy as np

WEIGHT = "weight/"
"""How the name of a tensor begins that is a weight; the rest is its name in the artefact."""


def as_stored(weight: np.ndarray, *, kind: str, part: str) -> np.ndarray:
    """A weight as the file has it.

    Args:
        weight: float32 [...], as Keras has it.
        kind: of the operation, as in `hubel.graphs.network_graph.KINDS`.
        part: in the operation.
    """
    if part == "kernel" and kind == "convolution":
        return weight.transpose(3, 2, 0, 1)  # [filters, channels / groups, height, width]
    if part == "kernel" and kind == "depthwise_convolution":
        height, width, channels, multiplier = weight.shape
        return weight.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    if kind == "local_convolution":
        places = weight.shape[0] * weight.shape[1]
        return weight.reshape(places, -1, weight.shape[-1])  # [places, taps, filters], or [places, 1, filters]
    return weight
