"""The network of this folder, in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime


def open_network(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What computes logits: uint8 [batch, height, width, 3], red first → float32 [batch, classes].

    Args:
        folder: with the model.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; a missing graphics card is none
    model = (folder / "model.onnx").read_bytes()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def compute(pixels: np.ndarray) -> np.ndarray:
        return np.asarray(session.run(["logits"], {"image": pixels})[0])

    return compute
