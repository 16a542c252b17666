"""What answers for images, whoever trained it: file in, class name out."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, Images, Logits, Probabilities
from hubel.backends.framework import keras
from hubel.classifier.engine import Engine
from hubel.classifier.prediction import Prediction, make_predictions
from hubel.classifier.prediction_sets import PredictionSets, place_of
from hubel.corpus.example_images import read_image
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


UNCALIBRATED = Calibration()
"""Probabilities as the model gives them, and no abstention."""


class Answering(abc.ABC):
    """A model with all that is needed to answer for an image file; what differs by its origin is abstract."""

    if TYPE_CHECKING:  # fields of the dataclasses below: an abstract property would stand in their way

        @property
        def model(self) -> keras.Model:
            """[batch, height, width, channels] float32 → [batch, outputs]."""
            ...

        @property
        def class_names(self) -> tuple[str, ...]:
            """In the order of the logits."""
            ...

        @property
        def preprocessing(self) -> Preprocessing:
            """Brings an image to the size the model works at."""
            ...

        @property
        def calibration(self) -> Calibration:
            """Temperature and abstention threshold."""
            ...

        @property
        def is_calibrated(self) -> bool:
            """They were fitted by Hubel, or would have been, had there been validation images."""
            ...

        @property
        def sets(self) -> PredictionSets | None:
            """The thresholds of prediction sets, where they were fitted."""
            ...

        @property
        def why_no_sets(self) -> str:
            """What is said where prediction sets are asked for and there are none."""
            ...

    @property
    @abc.abstractmethod
    def engine(self) -> Engine:
        """Computes the logits."""

    @property
    @abc.abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """What each number that the model makes stands for; empty where that is not known."""

    @property
    @abc.abstractmethod
    def makes_logits(self) -> bool:
        """The numbers that the model makes become probabilities by a softmax, which is not in the model."""

    @abc.abstractmethod
    def assumptions(self) -> tuple[str, ...]:
        """What its answers rest on and nobody can check, one sentence each."""

    @abc.abstractmethod
    def scale(self, values: Any) -> Any:
        """Values of 0 to 255 with the model's own channels → what it takes; of an array or a tensor."""

    @abc.abstractmethod
    def show(self, values: np.ndarray) -> Image:
        """Values of 0 to 255 with the model's own channels → uint8 [height, width, 3], for people."""

    @abc.abstractmethod
    def to_input(self, pixels: Images) -> np.ndarray:
        """What the model is given: uint8 [..., height, width, 3] at the working size → float32 [..., channels]."""

    @abc.abstractmethod
    def compute(self, pixels: Images) -> tuple[Logits, np.ndarray | None]:
        """Logits [batch, classes], and the off-corpus scores [batch] where it has them."""

    def predict(
        self, images: ImageInput | Iterable[ImageInput], *, coverage: float | None = None
    ) -> Prediction | list[Prediction]:
        """Name what is on an image, or on each of several.

        Args:
            images: a path, the bytes of an image file, a Pillow image, or a uint8 array [height, width, 3]; or any
                iterable of these, which gives a list.
            coverage: 0.50, 0.51 … 0.99: give also the set of classes an image may be; on images like those of the
                corpus the true class is in that share of the sets. The classifier abstains unless the set is one class.

        Raises:
            UnreadableImage: the image cannot be decoded; the message names the file.
            WrongRequest: none of the kinds above.
        """
        self.check_coverage(coverage)
        if (
            not isinstance(images, Iterable)
            or isinstance(images, (str, bytes, PillowImage.Image))
            or (isinstance(images, np.ndarray) and images.ndim < 4)
        ):
            return self.predict_pixels(self.read_pixels(images)[None], coverage=coverage)[0]
        predictions: list[Prediction] = []
        waiting: list[Image] = []
        for image in images:
            waiting.append(self.read_pixels(image))
            if len(waiting) == _BATCH:
                predictions += self.predict_pixels(np.stack(waiting), coverage=coverage)
                waiting = []
        return predictions + (self.predict_pixels(np.stack(waiting), coverage=coverage) if waiting else [])

    def read_pixels(self, image: ImageInput) -> Image:
        """The pixels that reach the model: uint8 [height, width, 3] at the working size."""
        if isinstance(image, (str, Path)):
            try:
                return read_pixels(read_image(image), self.preprocessing)
            except UnreadableImage as error:
                raise UnreadableImage(error.code, f"{image}: {error.reason}") from error
        if isinstance(image, bytes):
            return read_pixels(image, self.preprocessing)
        if isinstance(image, PillowImage.Image):
            return prepare_image(from_pillow(image, self.preprocessing.rule), self.preprocessing)
        if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[-1] == 3:
            return prepare_image(image, self.preprocessing)
        got = f"{image.dtype} {list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise WrongRequest(
            "An image is a path, the bytes of a file, a Pillow image, or a uint8 array [height, width, 3]. "
            f"Received: {got}."
        )

    def check_coverage(self, coverage: float | None) -> None:
        """See that a coverage can be promised.

        Raises:
            WrongRequest: it is none of 0.50, 0.51 … 0.99, or this classifier has no prediction sets.
        """
        if coverage is None:
            return
        place_of(coverage)
        if self.sets is None:
            raise WrongRequest(self.why_no_sets)

    def predict_pixels(self, pixels: Images, *, coverage: float | None = None) -> list[Prediction]:
        """Predictions for images that are at the working size already: uint8 [batch, height, width, 3]."""
        logits, scores = self.compute(pixels)
        probabilities = softmax(logits, temperature=self.calibration.temperature)
        sets = None if coverage is None or self.sets is None else self.sets.find(probabilities, coverage)
        threshold = self.calibration.abstention_threshold
        return make_predictions(
            probabilities, self.class_names, abstention_threshold=threshold, sets=sets, off_corpus_scores=scores
        )

    def compute_probabilities(self, pixels: Images) -> Probabilities:
        """Calibrated probabilities [batch, classes] of uint8 [batch, height, width, 3]."""
        return softmax(self.compute(pixels)[0], temperature=self.calibration.temperature)


def softmax(logits: np.ndarray, *, temperature: float = 1.0) -> Probabilities:
    """float64 probabilities of logits / temperature, over the last axis."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
