"""Classifier: model + preprocessing + class names + calibration, and what recognises images unlike its corpus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hubel.architectures.catalogue import Blueprint
from hubel.arrays import Features, Image, Images, Logits
from hubel.classifier.answering import UNCALIBRATED, Answering, Calibration
from hubel.classifier.engine import Engine
from hubel.classifier.given import ImageInput, each_image
from hubel.classifier.mirrored import MEAN_OF_BOTH
from hubel.classifier.off_corpus import AnyScore, Looks, NearestClass, OffCorpus
from hubel.classifier.prediction_sets import PredictionSets
from hubel.images.array_images import ArrayRule
from hubel.images.preprocessing import Preprocessing
from hubel.images.statistics import describe_pixels
from hubel.text import brief, few_names
from hubel.wishes import MIRROR


@brief
@dataclass(frozen=True)
class Classifier(Answering):
    """File in, class name out.

    Args:
        engine: runs the network.
        blueprint: the architecture it was built from.
        class_names: in the order of the logits.
        preprocessing: the same as in training.
        calibration: temperature and abstention threshold.
        sets: the thresholds of prediction sets; None where there were too few images to fit them.
        off_corpus: recognises images unlike those of training; None where it could not be fitted.
        provenance: where it comes from; plain data.
        artefact: the folder that it was loaded from; None of one that was not.
    """

    engine: Engine
    blueprint: Blueprint
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    calibration: Calibration = UNCALIBRATED
    provenance: Mapping[str, Any] = field(default_factory=dict)
    sets: PredictionSets | None = None
    off_corpus: AnyScore | None = None
    artefact: Path | None = field(default=None, compare=False)
    is_calibrated: ClassVar[bool] = True
    why_no_sets: ClassVar[str] = (
        "This classifier has no prediction sets: they need at least 20 validation images. Train again with more "
        "images (also if a version before 0.4 trained it), or leave the coverage out."
    )

    @property
    def folder(self) -> Path | None:
        """Where it was loaded from."""
        return self.artefact

    @property
    def output_names(self) -> tuple[str, ...]:
        """The classes: the model makes one logit for each."""
        return self.class_names

    @property
    def makes_logits(self) -> bool:
        """Always."""
        return True

    def assumptions(self) -> tuple[str, ...]:
        """None: everything was written down when it was trained."""
        return ()

    def scale(self, values: Any) -> Any:
        """As they are: the model scales them itself."""
        return values

    def to_image(self, values: np.ndarray) -> Image:
        """Values [height, width, 3] as they are: they are red, green and blue."""
        return values

    def to_input(self, pixels: Images) -> np.ndarray:
        """Pixels uint8 [..., height, width, 3] as float32: the model scales them itself."""
        return np.asarray(pixels, np.float32)

    @property
    def no_images(self) -> Images:
        """uint8 [0, height, width, 3]: what an engine makes of it shows how many numbers each output has."""
        return np.zeros((0, *self.preprocessing.size, 3), np.uint8)

    def look(self, pixels: Images) -> tuple[Logits, Looks]:
        """Logits [batch, classes], and what the off-corpus score sees of the images."""
        made = self.engine.compute(pixels, wanted="maps")
        return made.logits, Looks(made.maps, made.features, describe_pixels(pixels))

    def compute(self, pixels: Images) -> tuple[Logits, np.ndarray | None]:
        """Logits [batch, classes], and the off-corpus scores [batch] where it has them."""
        if self.off_corpus is None:
            return self.compute_logits(pixels), None
        if isinstance(self.off_corpus, NearestClass):
            made = self.engine.compute(pixels, wanted="features")
            return made.logits, self.off_corpus.measure(made.features)
        logits, looks = self.look(pixels)
        return logits, self.off_corpus.score(looks)

    def count_features(self) -> int:
        """Numbers that enter the last dense layer for an image."""
        return int(self.engine.compute(self.no_images, wanted="features").features.shape[1])

    def compute_features(self, pixels: Images) -> tuple[Logits, np.ndarray | None, Features]:
        """As `compute`, and what enters the last dense layer, float32 [batch, channels]."""
        if isinstance(self.off_corpus, OffCorpus):
            logits, looks = self.look(pixels)
            return logits, self.off_corpus.score(looks), looks.features
        made = self.engine.compute(pixels, wanted="features")
        scores = None if self.off_corpus is None else self.off_corpus.measure(made.features)
        return made.logits, scores, made.features

    def embed(
        self, images: ImageInput | Iterable[ImageInput], *, scale: str | None = None, channels: str = "rgb"
    ) -> Features:
        """What enters the network's last layer: a vector for each image, close for images that look alike to it.

        Args:
            images: as for `predict`; of a generator, as for `predict_stream`.
            scale: as for `predict`.
            channels: as for `predict`.

        Returns:
            float32 [images, channels]; one row for one image.
        """
        batches = self.batches(each_image(images), ArrayRule(scale, channels))
        parts = [self.engine.compute(pixels, wanted="features").features for pixels in batches]
        return np.concatenate(parts) if parts else np.zeros((0, self.count_features()), np.float32)

    def _brief(self) -> Iterator[str]:
        yield f"Classifier of {len(self.class_names):,} classes: {few_names(self.class_names)}"
        yield f"{self.blueprint.name}, {self.preprocessing.describe()}"
        if self.tta == MIRROR:
            yield MEAN_OF_BOTH
        has = {"prediction sets": self.sets, "off-corpus score": self.off_corpus}
        known = [name for name, value in has.items() if value is not None]
        threshold = f"abstains below {self.calibration.abstention_threshold:.2f}"
        yield ", ".join([f"temperature {self.calibration.temperature:.2f}", threshold, *known])
