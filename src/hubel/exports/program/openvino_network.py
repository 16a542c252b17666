"""The network of this folder, in OpenVINO, on the processor."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np


def open_network(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What computes logits: uint8 [batch, height, width, 3], red first → float32 [batch, classes].

    Args:
        folder: with the model.
    """
    openvino = importlib.import_module("openvino")
    exact = {"INFERENCE_PRECISION_HINT": "f32"}  # some processors would compute in 16 bits
    compiled = openvino.Core().compile_model(str(folder / "model.xml"), "CPU", exact)
    logits = compiled.output("logits")

    def compute(pixels: np.ndarray) -> np.ndarray:
        return np.array(compiled([pixels])[logits])

    return compute
