"""Somebody else's model file → a classifier, within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from hubel.architectures.foreign import load_foreign_model
from hubel.architectures.walk import Graph, walk
from hubel.backends.framework import keras
from hubel.catalogue import find
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.classifier.model_output import ModelOutput
from hubel.classifier.pixel_scales import PIXELS
from hubel.engines.keras_engine import KerasEngine
from hubel.engines.model_ends import read_output, scales_its_pixels
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import Option
from hubel.images.preprocessing import Preprocessing
from hubel.text import shortened

BYTES = "0..255"
MOST_NUMBERS = 2**27
"""Of one layer for one image; VGG16 makes 3 million of an image of 224 x 224. More than that exhausts the memory."""


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
        find(PIXELS, pixels, kind="pixel scale")
    model = _sized(load_foreign_model(path), size, path=path)
    graph = walk(model)
    height, width, channels = _image_shape(graph, path)
    _check_work(graph, path)
    if pixels is not None and channels == 1 and PIXELS[pixels].needs_colour:
        raise WrongRequest(Option("pixels", pixels), f" is for models of three channels, and {path} takes grey images.")
    output = read_output(graph)
    found = pixels is None and scales_its_pixels(graph)
    return ForeignClassifier(
        path,
        KerasEngine(model),
        Preprocessing(height, width),
        output,
        _names(class_names, output, path=path),
        BYTES if found else pixels,
        pixels_found=found,
    )


def _names(given: Sequence[str] | None, output: ModelOutput, *, path: Path) -> tuple[str, ...]:
    if given is None:
        return tuple(f"class {index}" for index in range(output.classes))
    if output.is_vector and len(given) != output.classes:
        one = " (a single output tells two classes apart; the first is the one for which it is near 0)"
        outputs = f"{output.count:,} output{'s' * (output.count != 1)}{one if output.count == 1 else ''}"
        raise WrongRequest(
            f"{path} has {outputs}, and there are {len(given):,} class names: {', '.join(given[:5])}"
            f"{' ...' if len(given) > 5 else ''}. Give one name for each class, in the order of the outputs."
        )
    return tuple(given)


def _sized(model: keras.Model, size: tuple[int, int] | None, *, path: Path) -> keras.Model:
    """A model that takes images of any size, for one size."""
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
        return model  # `walk` and `_image_shape` say what is wrong
    height, width, channels = model.inputs[0].shape[1:]
    if None not in (height, width):
        if size not in (None, (height, width)):
            raise WrongRequest(f"{path} takes images of {height}x{width} only. Leave ", Option("input"), " out.")
        return model
    if size is None:
        raise WrongRequest(f"{path} takes images of any size. Choose one, such as ", Option("input", "224x224"), ".")
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
                    f"{path}: the layer {call.name!r} makes {numbers:,} numbers for one image; Hubel computes up to "
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
