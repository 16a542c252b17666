"""A network as a list of operations on maps with the channels last: no framework, and nothing that is hidden in one.

Whoever runs it needs the kinds below and nothing else. What a framework works out by itself, such as the zeros that
"same" adds at the borders, is written down in numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

IMAGE = "image"
"""The value that every network begins with: red, green and blue, 0 to 255."""
LOGITS, FEATURES, MAPS = "logits", "features", "maps"
OUTPUTS = (LOGITS, FEATURES, MAPS)
"""What a network gives: see `hubel.classifier.engine.Outputs`. One without feature maps has no maps."""
KINDS = {
    "rescale": "x · scale + offset; one number each, or one for each channel",
    "pad": "zeros around a map: padding [[above, below], [left, right]]",
    "convolution": "kernel [height, width, channels / groups, filters], bias; strides, dilation, padding, groups",
    "depthwise_convolution": "kernel [height, width, channels, multiplier], bias; filters of one channel together",
    "local_convolution": "kernel [rows, columns, height, width, channels, filters], bias for each place; padding",
    "batch_normalisation": "(x - mean) / √(variance + epsilon) · scale + offset; scale and offset may be missing",
    "layer_normalisation": "the same over the channels of each place, with their own mean and variance",
    "scale_channels": "x · scale [channels]",
    "dense": "x · kernel [inputs, units] + bias [units]; of a map at each place",
    "max_pooling": "the largest of each window; window, strides, padding, which never is the largest",
    "average_pooling": "the mean of what lies in each window; padding does not count",
    "sum_pooling": "the sum of each window",
    "global_average": "the mean of each channel",
    "global_max": "the largest of each channel",
    "add": "the sum of the inputs, or of one input and a number",
    "multiply": "the product of the inputs, or of one input and a number; a map of one place counts for all places",
    "concatenate": "the channels of all inputs, one after the other",
    "reshape": "the same numbers in their order, in another shape",
    "relu": "the part above 0, at most max_value where that is not None",
    "sigmoid": "1 / (1 + e⁻ˣ)",
    "hard_sigmoid": "x / 6 + 0.5, from 0 to 1",
    "swish": "x · sigmoid(x)",
    "hard_swish": "x · hard_sigmoid(x)",
    "gelu": "x · Φ(x), with the normal distribution Φ",
    "tanh": "the hyperbolic tangent",
    "softmax": "eˣ as a share of the sum over the channels",
    "summarise_map": "mean, then deviation of each of the first channels over all places: channels",
}
"""Every kind of operation: what it computes, its weights and its attributes."""


@dataclass(frozen=True)
class GraphStep:
    """One operation.

    Args:
        name: of the layer, and of the value that it makes; each is there once.
        kind: a name in `KINDS`.
        inputs: names of the values it takes: of earlier steps, or `IMAGE`.
        shape: of what it makes of one image: (height, width, channels) or (units,).
        attributes: numbers and lists of them, as JSON has them.
        weights: the weight's part in the operation → its name in `NetworkGraph.weights`.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    weights: Mapping[str, str]


@dataclass(frozen=True)
class NetworkGraph:
    """A network: uint8 images in, logits, features and summaries of feature maps out.

    Args:
        image_size: (height, width) in pixels.
        steps: in an order in which each finds its inputs made.
        outputs: a name in `OUTPUTS` → the value that it is.
        weights: name → float32 array [...], named as in an artefact.
        layers: name of each layer of the model → the steps that it became, none where it does nothing in prediction;
            and the value that it makes.
    """

    image_size: tuple[int, int]
    steps: tuple[GraphStep, ...]
    outputs: Mapping[str, str]
    weights: Mapping[str, np.ndarray]
    layers: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def shape_of(self, value: str) -> tuple[int, ...]:
        """Of one image: what a step makes, or `IMAGE` itself."""
        if value == IMAGE:
            return (*self.image_size, 3)
        return next(step.shape for step in self.steps if step.name == value)

    def to_json(self) -> dict[str, Any]:
        """Plain data; the weights lie beside it, and are named."""
        return {
            "image_size": list(self.image_size),
            "steps": [asdict(step) | {"inputs": list(step.inputs), "shape": list(step.shape)} for step in self.steps],
            "outputs": dict(self.outputs),
        }
