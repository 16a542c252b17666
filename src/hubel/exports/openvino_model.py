"""A compiled graph → OpenVINO's files, read from ONNX: what converts models there counts its users over the network."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from hubel.exports.description import metadata
from hubel.exports.model import Model
from hubel.exports.onnx_model import make_onnx
from hubel.exports.precision import FLOAT16, FLOAT32, INT8


def write_model(model: Model, path: Path, *, weights: str) -> None:
    """Write ``model.xml``, and ``model.bin`` beside it; equal classifiers give equal bytes.

    Args:
        model: the network, and what is said of it.
        path: of the first.
        weights: how they are written: ``"float32"``, as they are, ``"float16"``, or in 8 bits, ``"int8"``.
    """
    openvino = importlib.import_module("openvino")
    made = openvino.Core().read_model(
        make_onnx(model, weights=INT8 if weights == INT8 else FLOAT32).SerializeToString(deterministic=True)
    )
    for place, each in enumerate(made.get_ordered_ops()):  # OpenVINO counts all that it has made in this process
        if re.fullmatch(rf"{each.get_type_name()}_\d+", each.get_friendly_name()):
            each.set_friendly_name(f"{each.get_type_name()}/{place}")
    for name, value in metadata(model.description).items():
        made.set_rt_info(value, ["hubel", name])
    openvino.save_model(made, str(path), compress_to_fp16=weights == FLOAT16)
