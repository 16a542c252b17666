"""What a filter responds to: the patches of a corpus that excite it most, and an image made to excite it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.architectures.geometry import image_size, receptive_fields
from hubel.architectures.walk import Call, Graph, compute_batch
from hubel.arithmetic.receptive_field import field_box
from hubel.arrays import Image, ImageStore
from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient
from hubel.errors import WrongRequest
from hubel.events import OnEvent, Progress, ignore

_BATCH = 64
STEPS = 60
STEP_SIZE = 4.0
"""Grey levels that the strongest pixel changes by in each step of an image that is made to excite a filter."""


@dataclass(frozen=True)
class Patch:
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
    graph: Graph, call: Call, images: ImageStore, *, filters: Sequence[int], most: int = 8, on_event: OnEvent = ignore
) -> dict[int, list[Patch]]:
    """For each filter, the images that excite it most, strongest first; at most one patch of each image.

    Args:
        graph: of the model.
        call: a layer that makes feature maps.
        images: [examples, height, width, channels] as the model takes them; some are asked for at a time.
        filters: which feature maps.
        most: patches for each.
        on_event: hears `Progress`.
    """
    tops, places = [], []
    for start in range(0, len(images), _BATCH):
        batch = np.asarray(images[start : start + _BATCH], np.float32)
        values = compute_batch(graph, batch, until=call)[call.outputs[0]]
        maps = keras.ops.convert_to_numpy(values)[..., list(filters)]
        flat = maps.reshape(len(batch), -1, len(filters))  # [batch, places, filters]
        places.append(flat.argmax(axis=1))
        tops.append(flat.max(axis=1))
        on_event(Progress("looking for patches", min(len(images), start + _BATCH), len(images)))
    strongest, where = np.concatenate(tops), np.concatenate(places)  # [examples, filters]
    width = int(call.output_shapes[0][1] or 1)
    boxes = _Boxes(graph, call)
    found = {}
    for column, each in enumerate(filters):
        found[each] = []
        for example in np.argsort(-strongest[:, column], kind="stable")[:most]:
            place = divmod(int(where[example, column]), width)
            value = float(strongest[example, column])
            found[each].append(Patch(int(example), value, *place, boxes.of(*place)))
    return found


class _Boxes:
    """What each place of a layer sees of the image."""

    def __init__(self, graph: Graph, call: Call) -> None:
        fields = receptive_fields(graph).get(call.outputs[0])
        if fields is None:
            raise WrongRequest(f"What {call.name} sees is not known: a layer before it is of a kind unknown to Hubel.")
        self._fields = fields
        self._size = image_size(graph)

    def of(self, row: int, column: int) -> tuple[int, int, int, int]:
        return field_box(self._fields, row, column, image_size=self._size)


def _as_they_are(values: Any) -> Any:
    return values


def make_exciting_image(
    graph: Graph,
    call: Call,
    filter_index: int,
    *,
    scale: Callable[[Any], Any] = _as_they_are,
    seed: int = 0,
    steps: int = STEPS,
) -> Image:
    """An image that excites one filter: noise, changed step by step along the gradient of the feature map's mean.

    Args:
        graph: of the model.
        call: a layer that makes feature maps.
        filter_index: which map.
        scale: what the model takes of values of 0 to 255, arrays or tensors.
        seed: of the noise it begins with.
        steps: of gradient ascent.

    Returns:
        uint8 [height, width, channels] at the model's input size.

    Source: Erhan et al. 2009, "Visualizing higher-layer features of a deep network".
    """
    shape = tuple(int(size or 1) for size in graph.image_shape)
    image = np.random.default_rng(seed).normal(127.5, 30, (1, *shape)).astype(np.float32)

    def score(tensor: object) -> object:
        maps = compute_batch(graph, scale(tensor), until=call)[call.outputs[0]]
        return keras.ops.mean(maps[..., filter_index])

    for _ in range(steps):
        gradient = compute_gradient(score, image)
        largest = np.abs(gradient).max()
        if largest == 0:  # a filter that is off everywhere: no direction to go
            break
        image = np.clip(image + STEP_SIZE * gradient / largest, 0, 255)
    return np.rint(image[0]).astype(np.uint8)
