"""The one seam through which pixels become logits."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hubel.arrays import Images, Logits
from hubel.backends.framework import BACKEND, keras

SMALL_BATCH, LARGE_BATCH = 1, 64


class Engine(Protocol):
    """Runs a model; every engine gives the logits of the Keras model, within rounding."""

    def compute_logits(self, images: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        ...


class KerasEngine:
    """The reference engine.

    Keras compiles a function for each batch size it meets, so only two are used; the rest of a batch is filled up.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        if BACKEND == "tensorflow":
            model.jit_compile = False  # XLA would compile for seconds, and runs slower on processors

    def compute_logits(self, images: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        size = SMALL_BATCH if len(images) <= 4 * SMALL_BATCH else LARGE_BATCH
        parts = [self._run(images[start : start + size], size) for start in range(0, len(images), size)]
        return np.concatenate(parts) if parts else np.zeros((0, self._model.output_shape[-1]), np.float32)

    def _run(self, images: Images, size: int) -> Logits:
        batch = np.zeros((size, *images.shape[1:]), np.float32)
        batch[: len(images)] = images
        return np.asarray(self._model.predict_on_batch(batch), np.float32)[: len(images)]
