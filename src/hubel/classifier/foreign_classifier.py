"""Somebody else's model file as a classifier: the user says how it takes pixels and what its classes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hubel.arrays import Features, Image, Images, Logits
from hubel.classifier.answering import UNCALIBRATED, Answering, Calibration
from hubel.classifier.engine import Engine, Outputs, Wanted
from hubel.classifier.model_output import ModelOutput
from hubel.classifier.pixel_scales import PIXELS, PixelScale
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.images.preprocessing import Preprocessing
from hubel.text import brief, elided, few_names

AT_ONCE = 64
"""Images that are scaled together: as many as the model gets in a batch."""


@brief
@dataclass(frozen=True)
class ForeignClassifier(Answering):
    """A model that Hubel did not train, with what its user says of it.

    Args:
        path: of its file.
        network: runs the model on what `to_input` makes.
        preprocessing: stretches an image to the model's input size.
        output: how its numbers become probabilities.
        class_names: one for each class; made-up ones where the user gave none.
        pixels: a name in `PIXELS`; None where neither the user nor the model says.
        pixels_found: the model itself says, by how it begins.
    """

    path: Path
    network: Engine
    preprocessing: Preprocessing
    output: ModelOutput
    class_names: tuple[str, ...]
    pixels: str | None
    pixels_found: bool

    calibration: ClassVar[Calibration] = UNCALIBRATED
    is_calibrated: ClassVar[bool] = False
    sets: ClassVar[None] = None
    why_no_sets: ClassVar[str] = (
        "A model file has no prediction sets: Hubel fits them in training. Leave the coverage out."
    )

    @cached_property
    def engine(self) -> Engine:
        """Scales pixels, runs the model, and turns its numbers into logits."""
        return _ForeignEngine(self)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The classes; of a single number, the second one, whose probability it is."""
        return self.class_names[1:] if self.output.count == 1 else self.class_names

    @property
    def makes_logits(self) -> bool:
        """No activation at the end was recognised, and there is a number for each class."""
        return self.output.is_vector and self.output.activation is None and self.output.count > 1

    @property
    def channels(self) -> int:
        """Of the input: 1 or 3."""
        return int(self.model.inputs[0].shape[-1])

    @property
    def pixel_scale(self) -> PixelScale:
        """How pixels become what the model takes.

        Raises:
            WrongRequest: nobody said; with the choices, and how to find out.
        """
        if self.pixels is None:
            choices = "; ".join(f"{name} ({scale.summary})" for name, scale in PIXELS.items())
            raise WrongRequest(
                f"{self.path} does not say how its pixels are scaled, and everything that it computes depends on that.",
                Remedy(
                    "Choose one with ", Option("pixels"), f": {choices}. Look at the code that trained it: a division "
                    "by 255 is 0..1, preprocess_input of keras.applications is the scaling of that family, no "
                    "scaling at all is 0..255.",
                ),
            )  # fmt: skip
        return PIXELS[self.pixels]

    def scale(self, values: Any) -> Any:
        """As the user says."""
        return self.pixel_scale.scale(values)

    def to_image(self, values: np.ndarray) -> Image:
        """Values [height, width, channels] → uint8 [height, width, 3]: grey as red, green and blue; red first."""
        return self.pixel_scale.show(values)

    def to_input(self, pixels: Images) -> np.ndarray:
        """uint8 [..., height, width, 3] → float32 [..., channels]: scaled as the user says, grey for one channel."""
        arranged = self.pixel_scale.arrange(pixels, channels=self.channels)
        return np.asarray(self.scale(arranged.astype(np.float32)))

    def compute(self, pixels: Images) -> tuple[Logits, None]:
        """Logits [batch, classes], and no off-corpus scores: they would need its training images."""
        return self.compute_logits(pixels), None

    def count_features(self) -> int:
        """Nothing: which of its layers is the last one is known of Hubel's own networks only.

        Raises:
            WrongRequest: always.
        """
        raise WrongRequest(f"{self.path} is a model file, whose feature vectors Hubel does not know. Give a run.")

    def compute_features(self, pixels: Images) -> tuple[Logits, None, Features]:  # noqa: ARG002
        """Nothing; raises as `count_features`."""
        self.count_features()
        raise AssertionError

    def assumptions(self) -> tuple[str, ...]:
        """What its answers assume and nobody can check, one sentence each."""
        height, width = self.preprocessing.size
        colour = "grey" if self.channels == 1 else "red, green and blue"
        scaled = "the model scales them itself" if self.pixels_found else self.pixel_scale.summary
        return (
            f"Images are stretched to {height} x {width} pixels, {colour}; pixels {self.pixels}: {scaled}.",
            self.output.describe(self.class_names),
        )

    def with_pixels(self, pixels: str) -> ForeignClassifier:
        """The same model, its pixels scaled in another way."""
        return replace(self, pixels=pixels, pixels_found=False)

    def _brief(self) -> Iterator[str]:
        yield f"ForeignClassifier {elided(self.path)} of {len(self.class_names):,} classes"
        yield few_names(self.class_names)
        yield f"{self.preprocessing.describe()}; pixels {self.pixels or 'unknown'}"


@dataclass(frozen=True)
class _ForeignEngine:
    """The engine of a foreign classifier."""

    classifier: ForeignClassifier

    @property
    def model(self) -> Any:
        """As Keras reads it."""
        return self.classifier.network.model

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        """float64 logits [batch, classes], whatever is wanted.

        Args:
            pixels: uint8 [batch, height, width, 3].
            wanted: no more than the logits.

        Raises:
            UnusableInput: the model does not give one finite number for each class.
        """
        classifier = self.classifier
        if wanted != "logits":
            raise ValueError(f"A model file gives logits, not {wanted}.")
        if not classifier.output.is_vector:
            raise UnusableInput(f"{classifier.path} names no classes: {classifier.output.why_not}")
        parts = [pixels[start : start + AT_ONCE] for start in range(0, len(pixels), AT_ONCE)] or [pixels]
        made = [classifier.network.compute(classifier.to_input(part)).logits for part in parts]
        logits = classifier.output.to_logits(np.concatenate(made))
        if not np.isfinite(logits).all():
            raise UnusableInput(
                f"{classifier.path} makes numbers that are not finite. Its weights are damaged, or its pixels were "
                "scaled differently in training.",
                Remedy("Try a scale other than ", Option("pixels", classifier.pixels), "."),
            )
        return Outputs(logits)
