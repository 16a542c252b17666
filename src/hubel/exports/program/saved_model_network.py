"""The network of this folder, in TensorFlow."""

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
    tensorflow = importlib.import_module("tensorflow")
    loaded = tensorflow.saved_model.load(str(folder / "saved_model"))
    run = loaded.signatures["serving_default"]

    def compute(pixels: np.ndarray) -> np.ndarray:
        return np.asarray(run(image=tensorflow.constant(pixels))["logits"])

    return compute
