"""The reference engine: the Keras model itself, with summaries of its feature maps at several depths."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from hubel.arrays import Images, Logits
from hubel.backends.framework import forward_of, images_together, keras
from hubel.classifier.engine import LARGE_BATCH, SMALL_BATCH, Outputs, Wanted

MOST_MAPS = 8
"""In deeper networks, this many are used, spread evenly."""
MOST_CHANNELS = 64
"""Of wider maps, the first ones: as measured, more do not detect strangers better, and every second one is slower."""


class KerasEngine:
    """Runs a Keras model.

    Only two sizes of batches are used, and a third on graphics cards; the rest of a batch is filled up. So what JAX
    compiles for each size is compiled twice, and an image gets the same answer alone as among others.

    Args:
        model: float32 [batch, height, width, channels] → float32 [batch, outputs].
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model

    def __repr__(self) -> str:
        return f"KerasEngine({self.model.name!r})"

    @cached_property
    def large_batch(self) -> int:
        """Images that are computed together where there are many."""
        return images_together(math.prod(side or 1 for side in self.model.input_shape[1:]), on_processor=LARGE_BATCH)

    @cached_property
    def _features(self) -> keras.KerasTensor:
        return find_features(self.model)

    @cached_property
    def _with_features(self) -> keras.Model:
        return keras.Model(self.model.input, [self._features, self.model.output])

    @cached_property
    def _with_maps(self) -> keras.Model | None:
        """None for a network without feature maps."""
        summaries = [summary for each in find_maps(self.model) for summary in summarise_map(each)]
        if not summaries:
            return None
        joined = keras.ops.concatenate(summaries, axis=-1)
        return keras.Model(self.model.input, [joined, self._features, self.model.output])

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        """Run the network.

        Args:
            pixels: uint8 [batch, height, width, 3], or whatever else the model takes, as float32.
            wanted: what is needed beside the logits. Of each map at which `find_maps` looks, ``maps`` has the mean of
                its channels over all places, then their deviation.
        """
        if wanted == "logits":
            return Outputs(self._run(self.model, pixels)[0])
        if wanted == "maps" and self._with_maps is not None:
            maps, features, logits = self._run(self._with_maps, pixels)
            return Outputs(logits, features, maps)
        features, logits = self._run(self._with_features, pixels)
        return Outputs(logits, features, np.zeros((len(pixels), 0), np.float32))

    def compute_logits(self, pixels: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        return self.compute(pixels).logits

    def _run(self, model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
        """Every output of a model, in batches of few sizes."""
        size = SMALL_BATCH if len(images) <= 4 * SMALL_BATCH else LARGE_BATCH
        size = size if len(images) <= 4 * LARGE_BATCH else self.large_batch
        parts = [_run_batch(model, images[start : start + size], size=size) for start in range(0, len(images), size)]
        if not parts:
            return [np.zeros((0, output.shape[-1]), np.float32) for output in model.outputs]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def _run_batch(model: keras.Model, images: np.ndarray, *, size: int) -> list[np.ndarray]:
    batch = np.zeros((size, *images.shape[1:]), np.float32)
    batch[: len(images)] = images
    outputs = forward_of(model)(batch)
    several = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(output, np.float32)[: len(images)] for output in several]


def find_features(model: keras.Model) -> keras.KerasTensor:
    """What enters the last dense layer, [batch, channels]."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][-1].input


def find_maps(model: keras.Model) -> list[keras.KerasTensor]:
    """Maps [batch, height, width, channels] that the next layer makes smaller, or into a vector, in network order.

    These are the last of each size. Whatever comes before the first weights is still pixels, and left out.
    """
    found: dict[int, keras.KerasTensor] = {}
    weighted = False
    for layer in model.layers:
        if weighted and not isinstance(layer, keras.Model):
            for each in _flat(layer.input):
                shrinks = len(each.shape) == 4 and _flat(layer.output)[0].shape[1:3] != each.shape[1:3]
                if shrinks:
                    found.setdefault(id(each), each)
        weighted = weighted or bool(layer.weights)
    maps = list(found.values())
    places = np.unique(np.linspace(0, len(maps) - 1, min(MOST_MAPS, len(maps))).round().astype(int))
    return [maps[place] for place in places]


def summarise_map(each: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Mean and deviation over all places, [batch, channels] each."""
    chosen = each[:, :, :, :MOST_CHANNELS] if each.shape[-1] > MOST_CHANNELS else each
    mean = keras.ops.mean(chosen, axis=(1, 2), keepdims=True)
    deviation = keras.ops.sqrt(keras.ops.mean(keras.ops.square(chosen - mean), axis=(1, 2)))
    return [keras.ops.squeeze(mean, axis=(1, 2)), deviation]


def _flat(tensors: object) -> list[keras.KerasTensor]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]  # ty: ignore[invalid-explicit-return]
