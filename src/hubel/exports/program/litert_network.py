"""The network of this folder, in LiteRT."""

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
    litert = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(str(folder / "model.tflite"), num_threads=os.cpu_count())
    run = interpreter.get_signature_runner("serving_default")

    def compute(pixels: np.ndarray) -> np.ndarray:
        return np.concatenate([run(image=each[None])["logits"] for each in pixels])  # one at a time

    return compute
