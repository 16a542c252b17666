"""What names images, whoever trained it: file in, class name out."""

from __future__ import annotations

import abc
import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hubel.arrays import Features, Image, Images, Logits, Probabilities
from hubel.catalogue import Later
from hubel.classifier.engine import Engine
from hubel.classifier.given import ImageInput, at_place, each_image, is_one_image, to_model_pixels
from hubel.classifier.mirrored import MirroredEngine
from hubel.classifier.prediction import Prediction, make_predictions
from hubel.classifier.prediction_sets import PredictionSets, place_of
from hubel.errors import UnreadableImage, WrongRequest
from hubel.images.array_images import ArrayRule
from hubel.images.preprocessing import Preprocessing
from hubel.wishes import MIRROR, NO_TTA

groups_of: Callable[..., Iterator[list[Any]]] = Later("hubel.classifier.read_ahead", "groups_of")
read_ahead: Callable[..., Iterator[tuple[list[Any], list[Any]]]] = Later("hubel.classifier.read_ahead", "read_ahead")
group_size: Callable[[Preprocessing], int] = Later("hubel.classifier.read_ahead", "group_size")


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
    """A model with all that it takes to name an image file; what depends on its origin is abstract."""

    is_calibrated: ClassVar[bool]
    """The calibration was fitted by Hubel, or would have been, had there been validation images."""
    why_no_sets: ClassVar[str]
    """What to say to somebody who asks for prediction sets where there are none."""

    if TYPE_CHECKING:  # fields of the dataclasses below: an abstract property would stand in their way

        @property
        def engine(self) -> Engine:
            """Computes the logits."""
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
        def sets(self) -> PredictionSets | None:
            """The thresholds of prediction sets, where they were fitted."""
            ...

    @property
    def folder(self) -> Path | None:
        """Where it was loaded from; None of one that was not."""
        return None

    @property
    def model(self) -> Any:
        """The `keras.Model`: float32 [batch, height, width, channels] → [batch, outputs].

        With `tta` an answer is the mean of what it gives for an image and for its mirror image.
        """
        return self.engine.model

    @property
    def tta(self) -> str:
        """``"mirror"`` where each answer is the mean of an image and its mirror image, else ``"none"``."""
        return MIRROR if isinstance(self.engine, MirroredEngine) else NO_TTA

    @property
    @abc.abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """What each output of the model stands for; empty where that is unknown."""

    @property
    @abc.abstractmethod
    def makes_logits(self) -> bool:
        """The outputs of the model become probabilities by a softmax, which the model does not contain."""

    @abc.abstractmethod
    def assumptions(self) -> tuple[str, ...]:
        """What its answers assume and nobody can check, one sentence each."""

    @abc.abstractmethod
    def scale(self, values: Any) -> Any:
        """Values of 0 to 255 with the model's own channels → what it takes; of an array or a tensor."""

    @abc.abstractmethod
    def to_image(self, values: np.ndarray) -> Image:
        """Values of 0 to 255 with the model's own channels → uint8 [height, width, 3], for people."""

    @abc.abstractmethod
    def to_input(self, pixels: Images) -> np.ndarray:
        """What the model is given: uint8 [..., height, width, 3] at the working size → float32 [..., channels]."""

    @abc.abstractmethod
    def compute(self, pixels: Images) -> tuple[Logits, np.ndarray | None]:
        """Logits [batch, classes], and the off-corpus scores [batch] where it has them."""

    @abc.abstractmethod
    def count_features(self) -> int:
        """Numbers that enter the last dense layer for an image.

        Raises:
            WrongRequest: nobody knows which layer that is.
        """

    @abc.abstractmethod
    def compute_features(self, pixels: Images) -> tuple[Logits, np.ndarray | None, Features]:
        """As `compute`, and what enters the last dense layer, float32 [batch, channels].

        Raises:
            WrongRequest: nobody knows which layer that is.
        """

    def compute_logits(self, pixels: Images) -> Logits:
        """Logits [batch, classes] of uint8 [batch, height, width, 3]."""
        return self.engine.compute(pixels).logits

    def predict(
        self,
        images: ImageInput | Iterable[ImageInput],
        *,
        coverage: float | None = None,
        scale: str | None = None,
        channels: str = "rgb",
    ) -> Prediction | list[Prediction]:
        """Name an image, or each of several.

        Args:
            images: a path; the bytes of an image file, or a file open for reading them; a Pillow image; an array or
                tensor [height, width], or [height, width, 1, 3 or 4], whose fourth channel is transparency. Or several
                of these, as any iterable or as an array [n, height, width, channels], which gives a list.
            coverage: 0.50, 0.51 … 0.99: also give the set of classes that an image may have; on images like those of
                the corpus, that share of the sets holds the true class. The classifier abstains unless the set is one
                class.
            scale: ``"0..1"`` or ``"0..255"``: what arrays of floats hold. uint8 needs none, and uint16 is read as a
                16-bit file is.
            channels: ``"bgr"`` for arrays with blue first, as OpenCV reads them.

        Returns:
            One `Prediction`, or a list with one for each image.

        Raises:
            UnreadableImage: an image cannot be decoded; the message names the file, or the place in the list.
            WrongRequest: none of the kinds above, or it needs ``scale`` or ``channels``.
        """
        rule = ArrayRule(scale, channels)
        one = is_one_image(images)
        predictions = list(self._stream(each_image(images), rule, coverage=coverage))
        return predictions[0] if one else predictions

    def predict_stream(
        self,
        images: Iterable[ImageInput],
        *,
        coverage: float | None = None,
        scale: str | None = None,
        channels: str = "rgb",
    ) -> Iterator[Prediction]:
        """Name any number of images, one `Prediction` after another; at most 192 images wait in memory.

        Files and bytes are decoded on every core while the images before them are computed.

        Args:
            images: several, as for `predict`; a generator is asked for no more than is needed.
            coverage: as for `predict`.
            scale: as for `predict`.
            channels: as for `predict`.

        Raises:
            UnreadableImage: an image cannot be decoded; the stream ends there.
            WrongRequest: one image alone, or none of the kinds that `predict` takes.
        """
        rule = ArrayRule(scale, channels)
        if is_one_image(images):
            raise WrongRequest("predict_stream takes several images. For one, use predict, or give a list: [image].")
        self.check_coverage(coverage)
        return self._stream(each_image(images), rule, coverage=coverage)

    def _stream(
        self, images: Iterator[tuple[str, ImageInput]], rule: ArrayRule, *, coverage: float | None
    ) -> Iterator[Prediction]:
        self.check_coverage(coverage)
        for pixels in self.batches(images, rule):
            yield from self.predict_pixels(pixels, coverage=coverage)

    def batches(self, images: Iterator[tuple[str, ImageInput]], rule: ArrayRule) -> Iterator[Images]:
        """The pixels of images, up to 64 together: uint8 [batch, height, width, 3].

        Args:
            images: each with its place, as `each_image` gives them.
            rule: what the caller says of arrays.

        Raises:
            UnreadableImage: an image cannot be decoded; the message names its place.
            WrongRequest: it is of no kind that `predict` takes.
        """

        def read_now(place: str, image: ImageInput) -> Image | Exception:
            try:  # whoever gives an array or an open file may change it before the next one is asked for
                return np.array(self._read(place, image, rule))
            except (UnreadableImage, WrongRequest) as error:
                return error  # raised where its turn comes

        def read(given: tuple[str, Any]) -> Image:
            place, image = given
            if isinstance(image, Exception):
                raise image
            return image if isinstance(image, np.ndarray) else self._read(place, image, rule)

        stay = (str, bytes, os.PathLike)
        items = ((place, image if isinstance(image, stay) else read_now(place, image)) for place, image in images)
        for _, pixels in read_ahead(groups_of(items, group_size(self.preprocessing)), read):
            yield np.stack(pixels)

    def _read(self, place: str, image: ImageInput, rule: ArrayRule) -> Image:
        try:
            return to_model_pixels(image, self.preprocessing, said=rule)
        except (UnreadableImage, WrongRequest) as error:
            raise at_place(place, error) from error

    def read_pixels(self, image: ImageInput) -> Image:
        """The pixels that reach the model: uint8 [height, width, 3] at the working size."""
        return to_model_pixels(image, self.preprocessing)

    def explain(
        self, image: ImageInput, *, method: str | None = None, class_name: str | None = None, against: str | None = None
    ) -> Any:
        """Where in an image the evidence for a class lies, in pixels of that image; as ``hubel explain``.

        Args:
            image: one, of the kinds that ``predict`` takes.
            method: a name that ``hubel explain RUN --list`` shows; by default what an assessment of the run
                recommends, else ``"occlusion"``.
            class_name: whose evidence; by default the class that is answered.
            against: another class: why rather the one than the other?

        Returns:
            A `HeatMap` with ``values``, float32 [height, width], and ``score``.

        Raises:
            HubelError: a subclass says what is wrong and what to change.
        """
        door = importlib.import_module("hubel")  # methods and runs lie above a classifier
        explained: Any = door.explain(self, image, method=method, class_name=class_name, against=against)
        return explained.heat_map

    def show(self, *, height: int = 800) -> Any:
        """The page of this classifier, which lays its network open; a notebook shows it where it stands last in a cell.

        Args:
            height: of the frame that it stands in, in pixels.

        Raises:
            HubelError: a subclass says why there is none.
        """
        door = importlib.import_module("hubel")  # pages lie above a classifier
        return door.show(self, height=height)

    def check_coverage(self, coverage: float | None) -> None:
        """See that a coverage can be promised.

        Raises:
            WrongRequest: it is not one of 0.50, 0.51 … 0.99, or this classifier has no prediction sets.
        """
        if coverage is None:
            return
        place_of(coverage)
        if self.sets is None:
            raise WrongRequest(self.why_no_sets)

    def predict_pixels(self, pixels: Images, *, coverage: float | None = None) -> list[Prediction]:
        """Predictions for images that are already at the working size.

        Args:
            pixels: uint8 [batch, height, width, 3].
            coverage: as for `predict`.
        """
        return self.make_predictions(*self.compute(pixels), coverage=coverage)

    def make_predictions(
        self, logits: Logits, scores: np.ndarray | None, *, coverage: float | None = None
    ) -> list[Prediction]:
        """What `compute` gave → predictions.

        Args:
            logits: float32 [batch, classes].
            scores: off-corpus scores, float64 [batch]; None where there are none.
            coverage: as for `predict`.
        """
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
    """Probabilities over the last axis.

    Args:
        logits: [..., classes].
        temperature: divides the logits.

    Returns:
        float64 [..., classes].
    """
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
