"""A model file of others as something that answers for images: its pixels and its classes are what the user says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hubel.architectures.foreign import load_foreign_model
from hubel.architectures.walk import Graph, walk
from hubel.arrays import Image, Images, Logits
from hubel.backends.framework import keras
from hubel.briefs import brief, elided, few_names
from hubel.catalogue import find
from hubel.classifier.answering import UNCALIBRATED, Answering, Calibration
from hubel.classifier.engine import Engine, compute_outputs
from hubel.classifier.model_ends import ModelOutput, read_output, scales_its_pixels
from hubel.errors import UnusableInput, WrongRequest
from hubel.images.pixel_scales import PIXELS, PixelScale
from hubel.images.preprocessing import Preprocessing
from hubel.text import shortened

BYTES = "0..255"
AT_ONCE = 64
"""Images that are scaled together: as many as the model gets in a batch."""
MOST_NUMBERS = 2**27
"""Of one layer for one image; VGG16 makes 3 million of an image of 224 x 224. More than that exhausts the memory."""


@brief
@dataclass(frozen=True)
class ForeignClassifier(Answering):
    """A model that Hubel did not train, with what its user says of it.

    Args:
        path: of its file.
        model: as Keras reads it.
        preprocessing: stretches an image to the model's input size.
        output: how its numbers become probabilities.
        class_names: one for each class; made-up ones where the user gave none.
        pixels: a name in `PIXELS`; None where neither the user nor the model says it.
        pixels_found: the model says so itself, by how it begins.
    """

    path: Path
    model: keras.Model
    preprocessing: Preprocessing
    output: ModelOutput
    class_names: tuple[str, ...]
    pixels: str | None
    pixels_found: bool

    calibration: ClassVar[Calibration] = UNCALIBRATED
    is_calibrated: ClassVar[bool] = False
    sets: ClassVar[None] = None
    why_no_sets: ClassVar[str] = (
        "A model file has no prediction sets: they are fitted in training by Hubel. Leave the coverage out."
    )

    @cached_property
    def engine(self) -> Engine:
        """Computes the logits."""
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
            WrongRequest: nobody says; with the choices, and how to find out.
        """
        if self.pixels is None:
            choices = "; ".join(f"{name} ({scale.summary})" for name, scale in PIXELS.items())
            raise WrongRequest(
                f"{self.path} does not say how it wants its pixels, and all that it computes depends on that. Say it "
                f"with --pixels: {choices}. Look at the code that trained it: a division by 255 is 0..1, "
                "preprocess_input of keras.applications is the way of that family, no scaling at all is 0..255."
            )
        return PIXELS[self.pixels]

    def scale(self, values: Any) -> Any:
        """As the user says."""
        return self.pixel_scale.scale(values)

    def show(self, values: np.ndarray) -> Image:
        """Grey as red, green and blue; red first."""
        return self.pixel_scale.show(values)

    def to_input(self, pixels: Images) -> np.ndarray:
        """Scaled as the user says, grey for a model of one channel."""
        arranged = self.pixel_scale.arrange(pixels, channels=self.channels)
        return np.asarray(self.scale(arranged.astype(np.float32)))

    def compute(self, pixels: Images) -> tuple[Logits, None]:
        """Logits [batch, classes], and no off-corpus scores: they would need its training images."""
        return self.engine.compute_logits(pixels), None

    def assumptions(self) -> tuple[str, ...]:
        """What its answers rest on and nobody can check, one sentence each."""
        height, width = self.preprocessing.size
        colour = "grey" if self.channels == 1 else "red, green and blue"
        scaled = "the model scales them itself" if self.pixels_found else self.pixel_scale.summary
        return (
            f"Images are stretched to {height} x {width} pixels, {colour}; pixels {self.pixels}: {scaled}.",
            self.output.describe(self.class_names),
        )

    def with_pixels(self, pixels: str) -> ForeignClassifier:
        """The same model given its pixels in another way."""
        return ForeignClassifier(
            self.path, self.model, self.preprocessing, self.output, self.class_names, pixels, pixels_found=False
        )

    def _brief(self) -> Iterator[str]:
        yield f"ForeignClassifier {elided(self.path)} of {len(self.class_names):,} classes"
        yield few_names(self.class_names)
        yield f"{self.preprocessing.describe()}; pixels {self.pixels or 'not said'}"


@dataclass(frozen=True)
class _ForeignEngine:
    """Scales pixels, runs the model, and turns its numbers into logits."""

    classifier: ForeignClassifier

    def compute_logits(self, images: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float64 [batch, classes].

        Raises:
            UnusableInput: the model makes no number for each class, or none that is finite.
        """
        classifier = self.classifier
        if not classifier.output.is_vector:
            raise UnusableInput(f"{classifier.path} names no classes: {classifier.output.why_not}")
        parts = [images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE)] or [images]
        made = [compute_outputs(classifier.model, classifier.to_input(part)) for part in parts]
        logits = classifier.output.to_logits(np.concatenate(made))
        if not np.isfinite(logits).all():
            raise UnusableInput(
                f"{classifier.path} makes numbers that are not finite. Its weights are damaged, or --pixels "
                f"{classifier.pixels} is not what it was trained with."
            )
        return logits


def load_foreign_classifier(
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
    pixels: str | None = None,
    size: tuple[int, int] | None = None,
) -> ForeignClassifier:
    """A model file with what its user says of it.

    Args:
        path: of the file.
        class_names: in the order of the outputs; two for a single one.
        pixels: a name in `PIXELS`; left out, the model may say so itself.
        size: (height, width) of the images, for a model that takes any.

    Raises:
        UnusableInput: the file cannot be loaded, or its model takes no images.
        UnknownName: no such way of giving pixels.
        WrongRequest: the model takes another size, or has another number of classes.
    """
    if pixels is not None:
        find(PIXELS, pixels, kind="--pixels setting")
    model = _sized(load_foreign_model(path), size, path)
    graph = walk(model)
    height, width, channels = _image_shape(graph, path)
    _check_work(graph, path)
    if pixels is not None and channels == 1 and PIXELS[pixels].needs_colour:
        raise WrongRequest(f"--pixels {pixels} is for models of three channels, and {path} takes grey images.")
    output = read_output(graph)
    found = pixels is None and scales_its_pixels(graph)
    return ForeignClassifier(
        path,
        model,
        Preprocessing(height, width),
        output,
        _names(class_names, output, path),
        BYTES if found else pixels,
        pixels_found=found,
    )


def _names(given: Sequence[str] | None, output: ModelOutput, path: Path) -> tuple[str, ...]:
    if given is None:
        return tuple(f"class {index}" for index in range(output.classes))
    if output.is_vector and len(given) != output.classes:
        one = " (a single output tells two classes apart: first the one that it is near 0 for)"
        outputs = f"{output.count:,} output{'s' * (output.count != 1)}{one if output.count == 1 else ''}"
        raise WrongRequest(
            f"{path} has {outputs}, and there are {len(given):,} class names: {', '.join(given[:5])}"
            f"{' ...' if len(given) > 5 else ''}. Give as many names as there are classes, in the order of the outputs."
        )
    return tuple(given)


def _sized(model: keras.Model, size: tuple[int, int] | None, path: Path) -> keras.Model:
    """A model that takes images of any size, for one size."""
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
        return model  # `walk` and `_image_shape` say what is wrong
    height, width, channels = model.inputs[0].shape[1:]
    if None not in (height, width):
        if size not in (None, (height, width)):
            raise WrongRequest(f"{path} takes images of {height}x{width} only. Leave --input out.")
        return model
    if size is None:
        raise WrongRequest(f"{path} takes images of any size. Say which, such as --input 224x224.")
    image = keras.Input((*size, channels))
    try:
        return keras.Model(image, model(image))
    except Exception as error:  # Keras raises whatever its layers raise
        words = (shortened(str(error), 200) or type(error).__name__).rstrip(".")
        raise UnusableInput(f"{path} cannot take images of {size[0]}x{size[1]}: {words}.") from error


def _check_work(graph: Graph, path: Path) -> None:
    for call in graph.calls:
        for shape in call.output_shapes:
            numbers = math.prod(int(size or 1) for size in shape)
            if numbers > MOST_NUMBERS:
                raise UnusableInput(
                    f"{path}: the layer {call.name!r} makes {numbers:,} numbers of one image; Hubel computes up to "
                    f"{MOST_NUMBERS:,}."
                )


def _image_shape(graph: Graph, path: Path) -> tuple[int, int, int]:
    shape = graph.image_shape
    if len(shape) == 3 and shape[-1] in (1, 3):
        return int(shape[0] or 0), int(shape[1] or 0), int(shape[2] or 0)
    takes = "x".join("?" if side is None else str(side) for side in shape)
    first = " Build it again with data_format='channels_last'." if shape[:1] in ((1,), (3,)) else ""
    raise UnusableInput(
        f"{path} takes {takes}. Hubel gives it images as height x width x channels, with 1 or 3 channels.{first}"
    )
