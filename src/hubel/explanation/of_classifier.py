"""A classifier → what explanations may ask of it; a framework is loaded by the first that needs one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hubel.arrays import Features, Heat, Image, Images, Logits
from hubel.catalogue import Later
from hubel.classifier.answering import Answering
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.errors import WrongRequest
from hubel.explanation.catalogue import USUAL, find_explanation
from hubel.explanation.faithfulness import Scores, score_beside
from hubel.explanation.subject import NO_MAPS, Derivatives, Question, Subject
from hubel.wishes import MIRROR

KerasGradients: Callable[..., Any] = Later("hubel.engines.keras_gradients", "KerasGradients")


def subject_of(classifier: Answering, *, layer: str | None = None) -> Subject:
    """What explanations may ask of a classifier.

    Args:
        classifier: a run's, or that of a model file.
        layer: whose maps are looked at, as a user says it; None for the last.
    """
    inside = _Inside(classifier)
    foreign = isinstance(classifier, ForeignClassifier)
    return Subject(
        compute_logits=inside.compute_centred_logits if foreign else classifier.compute_logits,
        classes=len(classifier.class_names),
        load_derivatives=lambda: inside.derivatives,
        embed=None if foreign else inside.embed,
        compute_maps=inside.compute_maps if layer is None else inside.compute_maps_of(layer),
        temperature=classifier.calibration.temperature,
        layer=layer,
    )


def mark(classifier: Answering, image: Image, class_index: int, *, method: str = USUAL) -> Heat:
    """The heat map of an image that is at the working size already: float32 [height, width].

    Args:
        classifier: a run's, or that of a model file.
        image: uint8 [height, width, 3].
        class_index: of the class whose evidence is looked for.
        method: a name in `EXPLANATIONS`.
    """
    return find_explanation(method).compute(subject_of(classifier), image, question=Question(class_index))


def mark_and_score(
    classifier: Answering, image: Image, class_index: int, *, method: str = USUAL
) -> tuple[Heat, Scores]:
    """The heat map of an image that is at the working size already, and what it is worth, beside one random map.

    Args:
        classifier: a run's, or that of a model file.
        image: uint8 [height, width, 3].
        class_index: of the class whose evidence is looked for.
        method: a name in `EXPLANATIONS`.

    Returns:
        The map, float32 [height, width]; its score.
    """
    subject, question = subject_of(classifier), Question(class_index)
    heat = find_explanation(method).compute(subject, image, question=question)
    return heat, score_beside(subject, image, heat=heat, question=question, count=1)


@dataclass(frozen=True)
class _Inside:
    """What is behind a subject."""

    classifier: Answering

    def compute_centred_logits(self, pixels: Images) -> Logits:
        """Of a model file: less their mean, so that after a softmax they are its logits but for a common constant."""
        logits = self.classifier.compute_logits(pixels)
        return logits - logits.mean(axis=1, keepdims=True)

    def embed(self, pixels: Images) -> Features:
        """What enters the last dense layer."""
        return self.classifier.engine.compute(pixels, wanted="features").features

    def compute_maps(self, pixels: Images) -> np.ndarray:
        """The last maps, of the compiled graph where there is one."""
        plain = getattr(self.classifier.engine, "plain", self.classifier.engine)
        compute: Callable[[Images], np.ndarray | None] | None = getattr(plain, "compute_maps", None)
        if compute is None:
            return self.compute_maps_of(None)(pixels)
        return self._of_both(lambda images: _or_none_there(compute(images)), pixels)

    def compute_maps_of(self, layer: str | None) -> Callable[[Images], np.ndarray]:
        """The maps of a layer, through the framework."""
        return lambda pixels: self._of_both(lambda images: self._keras.compute_maps(images, layer=layer), pixels)

    def _of_both(self, compute: Callable[[Images], np.ndarray], pixels: Images) -> np.ndarray:
        made = compute(pixels)
        if self.classifier.tta != MIRROR:
            return made
        return np.concatenate([made, compute(pixels[:, :, ::-1])[:, :, ::-1]], axis=-1)

    @cached_property
    def derivatives(self) -> Derivatives:
        """Of the logits that the classifier answers with."""
        return Mirrored(self._keras) if self.classifier.tta == MIRROR else self._keras

    @cached_property
    def _keras(self) -> Any:
        model = self.classifier.model
        if not isinstance(self.classifier, ForeignClassifier):
            return KerasGradients(model)
        scale, channels = self.classifier.pixel_scale, self.classifier.channels
        return KerasGradients(
            model,
            arrange=lambda values: scale.arrange_values(values, channels=channels),
            spread=scale.spread_gradients,
            scale=scale.scale,
        )


def _or_none_there(maps: np.ndarray | None) -> np.ndarray:
    if maps is None:
        raise WrongRequest(NO_MAPS)
    return maps


@dataclass(frozen=True)
class Mirrored:
    """Derivatives of the mean of the logits for an image and for its mirror image.

    Args:
        plain: those of the network.
    """

    plain: Derivatives

    def gradients(self, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """d(logits · weights) / d(pixels): float32 [batch, height, width, 3].

        Args:
            images: uint8 or float32 [batch, height, width, 3], 0 to 255.
            weights: float32 [classes].
        """
        seen = self.plain.gradients(images, weights)
        mirrored = self.plain.gradients(images[:, :, ::-1], weights)
        return (seen + mirrored[:, :, ::-1]) / np.float32(2)

    def maps_and_gradients(
        self, images: np.ndarray, weights: np.ndarray, *, layer: str | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """The maps of both, those of the mirror image turned back, as channels side by side.

        Args:
            images: as of `gradients`.
            weights: as of `gradients`.
            layer: its name; None for the last one that makes maps on each way to the logits.

        Returns:
            Of each layer, twice float32 [batch, rows, columns, channels].
        """
        sides = (
            self.plain.maps_and_gradients(images, weights, layer=layer),
            self.plain.maps_and_gradients(images[:, :, ::-1], weights, layer=layer),
        )
        return [
            (_beside(seen[0], mirrored[0]), _beside(seen[1], mirrored[1]) / np.float32(2))
            for seen, mirrored in zip(*sides, strict=True)
        ]


def _beside(seen: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    return np.concatenate([seen, mirrored[:, :, ::-1]], axis=-1)
