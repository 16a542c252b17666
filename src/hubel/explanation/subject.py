"""What an explanation may ask of a classifier, at its working size: logits, features, maps and gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from hubel.arrays import Features, Images, Logits
from hubel.errors import WrongRequest

NO_MAPS = "This network has no feature maps: no layer of it makes rows, columns and channels."
AT_ONCE = 16
"""Images whose gradients are computed together."""


@dataclass(frozen=True)
class Question:
    """What is explained: the logit of a class, or how far it is above that of another.

    Args:
        class_index: of the class.
        against: of the other class; None for the logit itself.
    """

    class_index: int
    against: int | None = None

    def weights(self, classes: int) -> np.ndarray:
        """The score as a sum of logits: float32 [classes], 1 for the class and -1 for the other."""
        made = np.zeros(classes, np.float32)
        made[self.class_index] = 1
        if self.against is not None:
            made[self.against] -= 1
        return made

    def score(self, logits: Logits) -> np.ndarray:
        """[batch, classes] → float64 [batch]."""
        return logits.astype(np.float64) @ self.weights(logits.shape[1]).astype(np.float64)


class Derivatives(Protocol):
    """Derivatives of logits: what only a framework computes."""

    def gradients(self, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """d(logits · weights) / d(pixels).

        Args:
            images: uint8 or float32 [batch, height, width, 3], 0 to 255.
            weights: float32 [classes].

        Returns:
            float32 [batch, height, width, 3].
        """
        ...

    def maps_and_gradients(
        self, images: np.ndarray, weights: np.ndarray, *, layer: str | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """What layers make, and d(logits · weights) by each.

        Args:
            images: as of `gradients`.
            weights: as of `gradients`.
            layer: its name; None for the last one that makes maps on each way to the logits: nearly always one.

        Returns:
            Of each, twice float32 [batch, rows, columns, channels].

        Raises:
            UnknownName: there is no such layer.
            WrongRequest: it makes no maps, or no layer does.
        """
        ...


@dataclass(frozen=True)
class Subject:
    """A classifier as an explanation sees it.

    Args:
        compute_logits: uint8 [batch, height, width, 3] → [batch, classes], before calibration, from whichever engine.
        classes: how many there are; only gradients ask for that.
        load_derivatives: gives its derivatives, which loads a framework, or raises `PackageMissing`; None for a
            function that has none.
        embed: uint8 [batch, height, width, 3] → float32 [batch, channels]; None where no layer is known for that.
        compute_maps: uint8 [batch, height, width, 3] → its last maps, float32 [batch, rows, columns, channels],
            without a framework where that can be; None for a function that has none.
        temperature: logits are divided by it before softmax.
        layer: the layer whose maps `maps_and_gradients` gives where nobody asks for another; None for the last.
    """

    compute_logits: Callable[[Images], Logits]
    classes: int = 0
    load_derivatives: Callable[[], Derivatives] | None = None
    embed: Callable[[Images], Features] | None = None
    compute_maps: Callable[[Images], np.ndarray] | None = None
    temperature: float = 1.0
    layer: str | None = None

    @cached_property
    def derivatives(self) -> Derivatives:
        """Computes gradients; loads a framework.

        Raises:
            PackageMissing: none is installed; with what to type.
            WrongRequest: there is nothing to differentiate.
        """
        if self.load_derivatives is None:
            raise WrongRequest("This classifier is a plain function: it has no gradients.")
        return self.load_derivatives()

    def compute_scores(self, images: Images, question: Question) -> np.ndarray:
        """The score for each image, float64 [batch].

        Args:
            images: uint8 [batch, height, width, 3].
            question: what the score is.
        """
        return question.score(self.compute_logits(images))

    def compute_probabilities(self, images: Images, question: Question) -> np.ndarray:
        """Calibrated probability of the class, float64 [batch]; with ``against``, as one of the two.

        Args:
            images: uint8 [batch, height, width, 3].
            question: of which class.
        """
        scaled = self.compute_logits(images).astype(np.float64) / self.temperature
        if question.against is not None:
            scaled = scaled[:, [question.class_index, question.against]]
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        place = 0 if question.against is not None else question.class_index
        return exponentials[:, place] / exponentials.sum(axis=1)

    def gradients(self, images: np.ndarray, question: Question) -> np.ndarray:
        """How the score changes with each value of each pixel.

        Args:
            images: uint8 or float32 [batch, height, width, 3], 0 to 255.
            question: what the score is.

        Returns:
            float32 [batch, height, width, 3].

        Raises:
            PackageMissing: no framework is installed.
        """
        weights = question.weights(self.classes)
        parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)]
        return np.concatenate([self.derivatives.gradients(part, weights) for part in parts])

    def maps_and_gradients(
        self, images: np.ndarray, question: Question, *, layer: str | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """What layers make of images, and how the score changes with each number of it.

        Args:
            images: as of `gradients`.
            question: what the score is.
            layer: its name; None for `Subject.layer`.

        Returns:
            Of each layer, twice float32 [batch, rows, columns, channels]: one, or several where the head takes the
            maps of several.

        Raises:
            PackageMissing: no framework is installed.
            UnknownName: there is no such layer.
            WrongRequest: it makes no maps, or no layer does.
        """
        weights = question.weights(self.classes)
        return self.derivatives.maps_and_gradients(images, weights, layer=layer or self.layer)
