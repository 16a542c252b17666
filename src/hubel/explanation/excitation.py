"""What a filter responds to: the patches of a corpus that excite it most, and an image made to excite it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.architectures.geometry import image_size, receptive_fields
from hubel.architectures.walk import Call, Graph, compute_batch
from hubel.arithmetic.receptive_field import field_box
from hubel.arrays import Images, ImageStore
from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient
from hubel.errors import WrongRequest
from hubel.events import OnEvent, Progress, ignore, in_chunks
from hubel.explanation.image_prior import ImagePrior, small_move
from hubel.random_streams import stream

_BATCH = 64
_AT_ONCE = 8
"""Filters whose images are made together."""
_TINY = 1e-12
FLOOR = 0.01
"""Share of the largest gradient below which a frequency moves less, so that unimportant ones do not become specks."""
RECTIFIERS = ("ReLU", "Activation")
OFF_COUNTS = 0.1
"""Share of the value before a rectifier that is added to its score."""


@dataclass(frozen=True)
class ExcitingPatch:
    """A place in an image that excites a filter.

    Args:
        example: place of the image in the corpus.
        value: of the feature map there.
        row: of the feature map.
        column: of the feature map.
        box: (top, left, bottom, right) in pixels of the image: the receptive field, as far as it lies inside.
    """

    example: int
    value: float
    row: int
    column: int
    box: tuple[int, int, int, int]


def find_patches(
    graph: Graph, call: Call, *, images: ImageStore, filters: Sequence[int], most: int = 8, on_event: OnEvent = ignore
) -> dict[int, list[ExcitingPatch]]:
    """For each filter, the images that excite it most, strongest first; at most one patch of each image.

    Args:
        graph: of the model.
        call: a layer that makes feature maps.
        images: [examples, height, width, channels] as the model takes them; some are asked for at a time.
        filters: which feature maps.
        most: patches for each.
        on_event: hears `Progress`.

    Raises:
        WrongRequest: what the layer sees is not known.
    """
    fields, size = receptive_fields(graph).get(call.outputs[0]), image_size(graph)
    if fields is None:
        raise WrongRequest(f"What {call.name} sees is unknown: it follows a layer of a kind that Hubel does not know.")
    tops, places = [], []
    for chunk in in_chunks(len(images), _BATCH, stage="looking for patches", on_event=on_event):
        batch = np.asarray(images[chunk], np.float32)
        values = compute_batch(graph, batch, until=call)[call.outputs[0]]
        maps = keras.ops.convert_to_numpy(values)[..., list(filters)]
        flat = maps.reshape(len(batch), -1, len(filters))  # [batch, places, filters]
        places.append(flat.argmax(axis=1))
        tops.append(flat.max(axis=1))
    strongest, where = np.concatenate(tops), np.concatenate(places)  # [examples, filters]
    width = int(call.output_shapes[0][1] or 1)
    found = {}
    for column, each in enumerate(filters):
        found[each] = []
        for example in np.argsort(-strongest[:, column], kind="stable")[:most]:
            row, place = divmod(int(where[example, column]), width)
            box = field_box(fields, row, column=place, image_size=size)
            found[each].append(ExcitingPatch(int(example), float(strongest[example, column]), row, place, box))
    return found


def _as_they_are(values: Any) -> Any:
    return values


@dataclass(frozen=True)
class Ascent:
    """How an image is changed to excite a filter.

    Args:
        steps: of gradient ascent.
        step_size: of each frequency, in the units of `ImagePrior`.
        seed: of the image to begin with, and of the small moves.
        colour: whether the image may have colours.
    """

    steps: int = 96
    step_size: float = 0.05
    seed: int = 0
    colour: bool = True


USUAL = Ascent()


def make_exciting_images(
    graph: Graph,
    call: Call,
    *,
    filters: Sequence[int],
    scale: Callable[[Any], Any] = _as_they_are,
    ascent: Ascent = USUAL,
    on_event: OnEvent = ignore,
) -> Images:
    """For each filter an image that excites it: nearly plain grey, changed step by step along the gradient.

    The score is the mean of the feature map. The gradient is followed in frequencies and colours as photographs have
    them (`ImagePrior`), and the image is moved a little before each step. Otherwise the result would be static, which
    excites the filter just as well and shows nothing.

    Args:
        graph: of the model.
        call: a layer that makes feature maps.
        filters: which maps.
        scale: what the model takes of values of 0 to 255, arrays or tensors.
        ascent: how many steps, how long, from where, in which colours.
        on_event: hears `Progress`.

    Returns:
        uint8 [filters, height, width, channels] at the model's input size.

    Source: Olah et al. 2017, "Feature Visualization".
    """
    height, width, channels = (int(size or 1) for size in graph.image_shape)
    prior = ImagePrior(height, width, channels, colour=ascent.colour and channels > 1)
    made = []
    for start in range(0, len(filters), _AT_ONCE):
        some = filters[start : start + _AT_ONCE]
        score = _score(graph, call, filters=some, scale=scale)
        hear = _counted(on_event, done=start * ascent.steps, of=len(filters) * ascent.steps, each=len(some))
        made.append(_climb(score, prior, images=len(some), ascent=ascent, hear=hear))
    return np.rint(np.concatenate(made)).astype(np.uint8)


def _score(graph: Graph, call: Call, *, filters: Sequence[int], scale: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Images [filters, height, width, channels] → the sum of the mean of each one's own map."""
    chosen = np.eye(int(call.output_shapes[0][2] or 1), dtype=np.float32)[list(filters)][:, None, None]

    def score(tensor: Any) -> Any:
        maps, before = _maps(graph, call, images=scale(tensor))
        if before is not None:  # a filter that is off everywhere would leave no direction to go
            maps = maps + OFF_COUNTS * before
        return keras.ops.sum(keras.ops.mean(maps * keras.ops.convert_to_tensor(chosen), axis=(1, 2)))

    return score


def _maps(graph: Graph, call: Call, *, images: Any) -> tuple[Any, Any | None]:
    """What the layer makes, and what it was before the layer's own rectifier; None where it has none."""
    activation = getattr(call.layer, "activation", None)
    if call.kind in RECTIFIERS or activation is None or activation is keras.activations.linear:
        values = compute_batch(graph, images, until=call)
        return values[call.outputs[0]], values[call.inputs[0]] if call.kind in RECTIFIERS else None
    call.layer.activation = keras.activations.linear
    try:
        before = compute_batch(graph, images, until=call)[call.outputs[0]]
    finally:
        call.layer.activation = activation
    return activation(before), before


def _climb(
    score: Callable[[Any], Any], prior: ImagePrior, *, images: int, ascent: Ascent, hear: Callable[[int], None]
) -> np.ndarray:
    """Adam (Kingma & Ba 2015) on the frequencies; real and imaginary parts each with a step of its own."""
    rng = stream("exciting image", ascent.seed)
    spectrum = np.repeat(prior.start(rng, 1), images, axis=0)  # an image does not depend on those made beside it
    first = np.zeros((*spectrum.shape, 2))
    second = np.zeros_like(first)
    for step in range(1, ascent.steps + 1):
        image = prior.image(spectrum)
        move = small_move(rng, prior.height, width=prior.width)
        slope = compute_gradient(score, _moved(move, image))
        gradient = prior.gradient(image, _moved(move.T, slope.astype(np.float64)))
        parts = np.stack([gradient.real, gradient.imag], axis=-1)
        first = 0.9 * first + 0.1 * parts
        second = 0.999 * second + 0.001 * parts**2
        size = np.sqrt(second / (1 - 0.999**step))
        least = FLOOR * size.max(axis=(1, 2, 3, 4), keepdims=True) + _TINY
        change = first / (1 - 0.9**step) / (size + least)
        spectrum = spectrum + ascent.step_size * (change[..., 0] + 1j * change[..., 1])
        hear(step)
    return prior.image(spectrum)


def _moved(move: Any, images: np.ndarray) -> np.ndarray:
    """[images, height, width, channels] → the same shape, each moved alike."""
    count, height, width, channels = images.shape
    flat = images.transpose(1, 2, 0, 3).reshape(height * width, count * channels)
    return (move @ flat).reshape(height, width, count, channels).transpose(2, 0, 1, 3)


def _counted(on_event: OnEvent, *, done: int, of: int, each: int) -> Callable[[int], None]:
    def hear(step: int) -> None:
        on_event(Progress("making images", done + step * each, of))

    return hear
