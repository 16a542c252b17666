"""The one seam through which pixels become logits."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from hubel.arrays import Features, Images, Logits
from hubel.backends.framework import BACKEND, keras
from hubel.classifier.depths import count_channels, find_maps, summarise_map

SMALL_BATCH, LARGE_BATCH = 1, 64


class Engine(Protocol):
    """Runs a model; every engine gives the logits of the Keras model, within rounding."""

    def compute_logits(self, images: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        ...


class FeatureEngine(Engine, Protocol):
    """Also gives what the off-corpus score looks at."""

    @property
    def map_channels(self) -> int:
        """How many numbers `compute_maps` gives of an image; 0 for a network without feature maps."""
        ...

    def compute_maps(self, images: Images) -> tuple[Features, Features, Logits]:
        """uint8 [batch, height, width, 3] → what feature maps hold [batch, map_channels], the features, the logits."""
        ...

    @property
    def channels(self) -> int:
        """How many features enter the last dense layer."""
        ...

    def compute_features(self, images: Images) -> tuple[Features, Logits]:
        """uint8 [batch, height, width, 3] → what enters the last dense layer [batch, channels], and the logits."""
        ...


class KerasEngine:
    """The reference engine.

    Keras compiles a function for each batch size it meets, so only two are used; the rest of a batch is filled up.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = _on_processors(model)

    @cached_property
    def _features(self) -> keras.KerasTensor:
        """What enters the last dense layer."""
        return [layer for layer in self._model.layers if isinstance(layer, keras.layers.Dense)][-1].input

    @cached_property
    def _with_features(self) -> keras.Model:
        return _on_processors(keras.Model(self._model.input, [self._features, self._model.output]))

    @cached_property
    def _with_maps(self) -> keras.Model:
        summaries = [summary for each in find_maps(self._model) for summary in summarise_map(each)]
        joined = keras.ops.concatenate(summaries, axis=-1)
        return _on_processors(keras.Model(self._model.input, [joined, self._features, self._model.output]))

    @cached_property
    def map_channels(self) -> int:
        """How many numbers `compute_maps` gives of an image; 0 for a network without feature maps."""
        return 2 * sum(map(count_channels, find_maps(self._model)))

    def compute_maps(self, images: Images) -> tuple[Features, Features, Logits]:
        """uint8 [batch, height, width, 3] → what feature maps hold [batch, map_channels], the features, the logits.

        Of each map at which `find_maps` looks, the mean of its channels over all places, then their deviation. The
        features are those of `compute_features`.
        """
        if not self.map_channels:
            return np.zeros((len(images), 0), np.float32), *self.compute_features(images)
        maps, features, logits = _run(self._with_maps, images)
        return maps, features, logits

    @property
    def channels(self) -> int:
        """How many features enter the last dense layer."""
        return int(self._with_features.outputs[0].shape[-1])

    def compute_logits(self, images: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        return _run(self._model, images)[0]

    def compute_features(self, images: Images) -> tuple[Features, Logits]:
        """uint8 [batch, height, width, 3] → what enters the last dense layer [batch, channels], and the logits."""
        features, logits = _run(self._with_features, images)
        return features, logits


def compute_outputs(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What a model of one output makes of inputs of its own kind: float32 [batch, …] → float32 [batch, …]."""
    return _run(_on_processors(model), inputs)[0]


def _on_processors(model: keras.Model) -> keras.Model:
    if BACKEND == "tensorflow":
        model.jit_compile = False  # XLA would compile for seconds, and runs slower on processors
    return model


def _run(model: keras.Model, images: Images) -> list[np.ndarray]:
    """Every output of a model, in batches of the two sizes."""
    size = SMALL_BATCH if len(images) <= 4 * SMALL_BATCH else LARGE_BATCH
    parts = [_run_batch(model, images[start : start + size], size) for start in range(0, len(images), size)]
    if not parts:
        return [np.zeros((0, output.shape[-1]), np.float32) for output in model.outputs]
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def _run_batch(model: keras.Model, images: Images, size: int) -> list[np.ndarray]:
    batch = np.zeros((size, *images.shape[1:]), np.float32)
    batch[: len(images)] = images
    outputs = model.predict_on_batch(batch)
    several = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(output, np.float32)[: len(images)] for output in several]
