"""The network of this folder, in Keras: on TensorFlow, or on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np


def open_network(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What computes logits: uint8 [batch, height, width, 3], red first → float32 [batch, classes].

    Args:
        folder: with the model.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # errors; a missing graphics card is none
    keras = importlib.import_module("keras")
    model = keras.saving.load_model(folder / "model.keras", compile=False)

    def compute(pixels: np.ndarray) -> np.ndarray:
        logits = model(pixels.astype(np.float32), training=False)  # the model scales them itself
        return np.asarray(keras.ops.convert_to_numpy(logits))

    return compute
