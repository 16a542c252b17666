"""How a model begins and ends: does it scale its pixels itself, and what do its outputs mean?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.architectures.walk import Call, Graph
from hubel.backends.framework import keras
from hubel.classifier.model_output import ModelOutput

SCALING = frozenset({"Rescaling", "Normalization", "TrueDivide", "Divide", "Multiply", "Subtract", "Add"})
"""Kinds of layers and operations that scale pixels, where they stand first."""
LOOKED_THROUGH = frozenset({"Resizing", "CenterCrop", "ZeroPadding2D", "Identity", "Dropout", "GetItem", "Stack"})
"""Kinds before them that change no value; so do the random ones, in prediction."""
TO_PROBABILITIES = ("softmax", "sigmoid")
"""Activations after which logits are none."""
SAME_NUMBERS = frozenset({"Activation", "Dropout", "Flatten", "Reshape", "Identity", "Cast"})
"""Kinds that may follow an activation without changing what the numbers mean; "Activation" where it is linear."""
MOST_SPREAD = 20.0
"""From the value of black to that of white, of pixels that are scaled: ImageNet's deviations give less than 5."""
CAFFE_BLACK = (-130.0, -90.0)
"""The value of black where only ImageNet's mean is taken off."""


def read_output(graph: Graph) -> ModelOutput:
    """What the numbers at the end of a model mean."""
    makers = {place: call for call in graph.calls for place in call.outputs}
    call = makers.get(graph.outputs[0])
    if call is None:
        return ModelOutput(tuple(graph.image_shape), None, len(graph.outputs))
    shape = call.output_shapes[call.outputs.index(graph.outputs[0])]
    last = _last_activated(graph)
    name = None if last is None else _activation(last)
    return ModelOutput(shape, name if name in TO_PROBABILITIES else None, len(graph.outputs))


@dataclass(frozen=True)
class LogitsEnd:
    """Where the logits of a model are.

    Args:
        place: of their value in the graph.
        call: that must be computed for it; None where that is the image itself.
        activated: the layer whose own activation makes probabilities of them, and must be left out; None where it is
            a layer of its own, or there is none.
    """

    place: int
    call: Call | None
    activated: Any | None


def find_logits(graph: Graph) -> LogitsEnd:
    """The value from which a model makes probabilities; its output where it does not."""
    last = _last_activated(graph)
    if last is None or _activation(last) not in TO_PROBABILITIES:
        makers = {place: call for call in graph.calls for place in call.outputs}
        return LogitsEnd(graph.outputs[0], makers.get(graph.outputs[0]), None)
    if last.kind in ("Softmax", "Sigmoid", "Activation"):
        return LogitsEnd(last.inputs[0], last, None)
    return LogitsEnd(last.outputs[0], last, last.layer)


def _last_activated(graph: Graph) -> Call | None:
    """The last call that does more than pass numbers on."""
    makers = {place: call for call in graph.calls for place in call.outputs}
    call = makers.get(graph.outputs[0])
    while call is not None and _activation(call) in (None, "linear") and call.kind in SAME_NUMBERS:
        call = makers.get(call.inputs[0])
    return call


def _activation(call: Call) -> str | None:
    """The name of the activation that a layer or operation ends in, in lower case."""
    if call.kind in ("Softmax", "Sigmoid"):
        return call.kind.lower()
    activation = getattr(call.layer, "activation", None)
    return None if activation is None else str(getattr(activation, "__name__", activation)).lower()


def scales_its_pixels(graph: Graph) -> bool:
    """Whether a model begins with what turns 0 to 255 into small numbers: then pixels are given as they are."""
    first = next((call for call in graph.calls if not _is_looked_through(call)), None)
    if first is None or first.kind not in SCALING or len(first.inputs) != 1:
        return False
    black, white = (_applied(first, value) for value in (0.0, 255.0))
    by_mean_alone = all(CAFFE_BLACK[0] < value < CAFFE_BLACK[1] for value in black)
    return by_mean_alone or bool(np.abs(white - black).max() <= MOST_SPREAD)


def _is_looked_through(call: Call) -> bool:
    return call.kind in LOOKED_THROUGH or call.kind.startswith("Random")


def _applied(call: Call, value: float) -> np.ndarray:
    """What a layer makes of one pixel of a grey value."""
    channels = int(call.input_shapes[0][-1] or 3)
    tensor = keras.ops.convert_to_tensor(np.full((1, 1, 1, channels), value, np.float32))
    return np.asarray(keras.ops.convert_to_numpy(call.apply([tensor])[0]), np.float64).ravel()
