"""Classifier: model + preprocessing + class names + calibration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from hubel.architectures.catalogue import Blueprint
from hubel.arrays import Image, Images, Probabilities
from hubel.backends.framework import keras
from hubel.classifier.engine import Engine, KerasEngine
from hubel.classifier.prediction import Prediction, make_predictions
from hubel.corpus.trees.folder import read_file
from hubel.errors import UnreadableImage, WrongRequest
from hubel.images.decode import from_pillow
from hubel.images.preprocessing import Preprocessing, prepare_image, read_pixels

ImageInput: TypeAlias = str | Path | bytes | PillowImage.Image | np.ndarray
_BATCH = 256
"""Images held as pixels at once."""


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities one can rely on.

    Args:
        temperature: logits are divided by it before softmax; fitted on the validation split.
        abstention_threshold: below this confidence a prediction is marked ``abstained``.
    """

    temperature: float = 1.0
    abstention_threshold: float = 0.0

    def __post_init__(self) -> None:
        if not (0.01 <= self.temperature <= 100 and 0 <= self.abstention_threshold <= 1):
            raise WrongRequest(
                "Calibration needs a temperature from 0.01 to 100 and a threshold from 0 to 1. "
                f"Received: {self.temperature!r}, {self.abstention_threshold!r}."
            )


@dataclass(frozen=True)
class Classifier:
    """File in, class name out.

    Args:
        model: [batch, height, width, 3] float32, 0 to 255 → logits [batch, classes].
        blueprint: the architecture it was built from.
        class_names: in the order of the logits.
        preprocessing: the same as in training.
        calibration: temperature and abstention threshold.
        provenance: where it comes from; plain data.
    """

    model: keras.Model
    blueprint: Blueprint
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    calibration: Calibration = Calibration()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def engine(self) -> Engine:
        """Computes the logits."""
        return KerasEngine(self.model)

    def predict(self, images: ImageInput | Iterable[ImageInput]) -> Prediction | list[Prediction]:
        """Name what is on an image, or on each of several.

        Args:
            images: a path, the bytes of an image file, a Pillow image, or a uint8 array [height, width, 3]; or any
                iterable of these, which gives a list.

        Raises:
            UnreadableImage: the image cannot be decoded; the message names the file.
            WrongRequest: none of the kinds above.
        """
        if (
            not isinstance(images, Iterable)
            or isinstance(images, (str, bytes, PillowImage.Image))
            or (isinstance(images, np.ndarray) and images.ndim < 4)
        ):
            return self.predict_pixels(self.read_pixels(images)[None])[0]
        predictions: list[Prediction] = []
        waiting: list[Image] = []
        for image in images:
            waiting.append(self.read_pixels(image))
            if len(waiting) == _BATCH:
                predictions += self.predict_pixels(np.stack(waiting))
                waiting = []
        return predictions + (self.predict_pixels(np.stack(waiting)) if waiting else [])

    def read_pixels(self, image: ImageInput) -> Image:
        """The pixels that reach the model: uint8 [height, width, 3] at the working size."""
        if isinstance(image, (str, Path)):
            try:
                return read_pixels(read_file(Path(image)), self.preprocessing)
            except UnreadableImage as error:
                raise UnreadableImage(error.code, f"{image}: {error.reason}") from error
        if isinstance(image, bytes):
            return read_pixels(image, self.preprocessing)
        if isinstance(image, PillowImage.Image):
            return prepare_image(from_pillow(image), self.preprocessing)
        if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[-1] == 3:
            return prepare_image(image, self.preprocessing)
        got = f"{image.dtype} {list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise WrongRequest(
            "An image is a path, the bytes of a file, a Pillow image, or a uint8 array [height, width, 3]. "
            f"Received: {got}."
        )

    def predict_pixels(self, pixels: Images) -> list[Prediction]:
        """Predictions for images that are at the working size already: uint8 [batch, height, width, 3]."""
        probabilities = self.compute_probabilities(pixels)
        threshold = self.calibration.abstention_threshold
        return make_predictions(probabilities, self.class_names, abstention_threshold=threshold)

    def compute_probabilities(self, pixels: Images) -> Probabilities:
        """Calibrated probabilities [batch, classes] of uint8 [batch, height, width, 3]."""
        return softmax(self.engine.compute_logits(pixels), temperature=self.calibration.temperature)


def softmax(logits: np.ndarray, *, temperature: float = 1.0) -> Probabilities:
    """float64 probabilities of logits / temperature, over the last axis."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
