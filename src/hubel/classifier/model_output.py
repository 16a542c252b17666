"""What the outputs of somebody else's model mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Logits

_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class ModelOutput:
    """The numbers that a model makes from an image.

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
        """Why it is not a vector, and what to do."""
        if self.outputs != 1:
            return f"it has {self.outputs} outputs. Save the part that ends in the one for the classes as a model."
        if self.count == 1:
            return "a softmax over a single number is always 1. Train it with a sigmoid, or with two outputs."
        size = "x".join("?" if side is None else str(side) for side in self.shape)
        return f"it makes {size} numbers from an image, not one for each class. Give a model with its last layer."

    def to_logits(self, outputs: np.ndarray) -> Logits:
        """What the model makes [batch, count] → logits [batch, classes]: their softmax is its probabilities."""
        values = outputs.astype(np.float64)
        if self.count > 1:
            return values if self.activation is None else np.log(np.maximum(values, _SMALLEST))
        if self.activation is None:
            return np.concatenate([np.zeros_like(values), values], axis=1)
        return np.log(np.maximum(np.concatenate([1 - values, values], axis=1), _SMALLEST))

    def describe(self, class_names: Sequence[str]) -> str:
        """How its numbers are read, in a sentence."""
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
