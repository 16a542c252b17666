"""How a model begins and ends: does it scale its pixels itself, and what are the numbers that it makes?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.architectures.walk import Call, Graph
from hubel.arrays import Logits
from hubel.backends.framework import keras

SCALING = frozenset({"Rescaling", "Normalization", "TrueDivide", "Divide", "Multiply", "Subtract", "Add"})
"""Kinds of layers and operations that scale pixels, where they stand first."""
LOOKED_THROUGH = frozenset({"Resizing", "CenterCrop", "ZeroPadding2D", "Identity", "Dropout", "GetItem", "Stack"})
"""Kinds before them that change no value; so do the random ones, in prediction."""
SAME_NUMBERS = frozenset({"Dropout", "Flatten", "Reshape", "Identity", "Cast"})
"""Kinds behind an activation that leave it what it is."""
MOST_SPREAD = 20.0
"""From the value of black to that of white, of pixels that are scaled: ImageNet's deviations give less than 5."""
CAFFE_BLACK = (-130.0, -90.0)
"""The value of black where only ImageNet's mean is taken off."""
_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class ModelOutput:
    """The numbers that a model makes of an image.

    Args:
        shape: of them.
        activation: ``"softmax"``, ``"sigmoid"``, or None where neither is at the end.
        outputs: how many such outputs it has.
    """

    shape: tuple[int | None, ...]
    activation: str | None
    outputs: int = 1

    @property
    def count(self) -> int:
        """How many numbers; 0 where they are no vector."""
        return int(self.shape[0] or 0) if len(self.shape) == 1 else 0

    @property
    def is_vector(self) -> bool:
        """There is one number for each class, or one for two."""
        return self.outputs == 1 and self.count > 0 and not (self.count == 1 and self.activation == "softmax")

    @property
    def classes(self) -> int:
        """How many classes they tell apart: a single number tells two."""
        return max(2, self.count) if self.is_vector else 0

    @property
    def why_not(self) -> str:
        """Why it is none, and what to do."""
        if self.outputs != 1:
            return f"it has {self.outputs} outputs. Save the part with the one that names classes as a model."
        if self.count == 1:
            return "a softmax over a single number is always 1. Train it with a sigmoid, or with two outputs."
        size = "x".join("?" if side is None else str(side) for side in self.shape)
        return f"it makes {size} numbers of an image, not one for each class. Give a model with its last layer."

    def to_logits(self, outputs: np.ndarray) -> Logits:
        """What the model makes [batch, count] → logits [batch, classes]: their softmax is its probabilities."""
        values = outputs.astype(np.float64)
        if self.count > 1:
            return values if self.activation is None else np.log(np.maximum(values, _SMALLEST))
        if self.activation is None:
            return np.concatenate([np.zeros_like(values), values], axis=1)
        return np.log(np.maximum(np.concatenate([1 - values, values], axis=1), _SMALLEST))

    def describe(self, class_names: Sequence[str]) -> str:
        """What its numbers are taken for, in a sentence."""
        if self.count == 1:
            what = "probability" if self.activation else "logit, since no activation is at its end,"
            return f"The model's single output is taken as the {what} of {class_names[1]!r}."
        return {
            "softmax": "The model ends in a softmax: its outputs are taken as probabilities.",
            "sigmoid": "Each output has a sigmoid of its own: divided by their sum, they are taken as probabilities.",
        }.get(
            self.activation or "",
            "The model ends in neither softmax nor sigmoid: its outputs are taken as logits.",
        )


def read_output(graph: Graph) -> ModelOutput:
    """What the numbers at the end of a model are."""
    makers = {place: call for call in graph.calls for place in call.outputs}
    call = makers.get(graph.outputs[0])
    if call is None:
        return ModelOutput(tuple(graph.image_shape), None, len(graph.outputs))
    shape = call.output_shapes[call.outputs.index(graph.outputs[0])]
    while call is not None and _activation(call) in (None, "linear") and _keeps_numbers(call):
        call = makers.get(call.inputs[0])
    name = None if call is None else _activation(call)
    return ModelOutput(shape, name if name in ("softmax", "sigmoid") else None, len(graph.outputs))


def _keeps_numbers(call: Call) -> bool:
    return call.kind in SAME_NUMBERS or call.kind == "Activation"


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
