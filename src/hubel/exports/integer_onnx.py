"""A compiled graph in float32 → one that computes in 8 bits, by ONNX Runtime's own quantiser.

Weights become unsigned, as maps are: processors without instructions for 8 bits add products of unsigned and signed
numbers in pairs, in 16 bits, which may not hold them. A probability of `residual` on `digits` was wrong by 0.86 by
that, and by 0.03 with unsigned weights. Means of whole maps, layer normalisation, and the last layer stay in float32:
they are few, and small against the range of a map.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from hubel.graphs.network_graph import IMAGE, LOGITS

TOGETHER = 16
"""Images that the quantiser looks at at once."""
LEFT = ("GlobalAveragePool", "GlobalMaxPool", "Flatten", "Concat", "LayerNormalization")
"""Operations that stay in float32, beside the last layer."""


def quantise(model: onnx.ModelProto, images: np.ndarray) -> onnx.ModelProto:
    """The same network in 8 bits; normalisation is part of the convolutions in it.

    Args:
        model: of `hubel.exports.onnx_model.make_onnx`.
        images: uint8 [images, height, width, 3], on which the ranges of the maps are measured.
    """
    quantiser = importlib.import_module("onnxruntime.quantization")
    prepare = importlib.import_module("onnxruntime.quantization.shape_inference").quant_pre_process
    with TemporaryDirectory(prefix="hubel-int8-") as folder, _quiet():
        reader: Any = _Images(images)
        given, prepared, made = (Path(folder, f"{name}.onnx") for name in ("given", "prepared", "made"))
        onnx.save(model, given)
        prepare(str(given), str(prepared), skip_symbolic_shape=True)
        quantiser.quantize_static(
            str(prepared), str(made), reader, quant_format=quantiser.QuantFormat.QDQ, per_channel=True,
            activation_type=quantiser.QuantType.QUInt8, weight_type=quantiser.QuantType.QInt8,
            nodes_to_exclude=list(_left(onnx.load(prepared).graph)),
        )  # fmt: skip
        quantised = onnx.load(made)
    _unsign(quantised.graph)
    return quantised


@contextmanager
def _quiet() -> Generator[None]:
    """The quantiser speaks through the root of all loggers, which would write to standard error from then on."""
    root, nothing = logging.getLogger(), logging.NullHandler()
    root.addHandler(nothing)
    try:
        yield
    finally:
        root.removeHandler(nothing)


def _unsign(graph: onnx.GraphProto) -> None:
    """Weights of -127 to 127 around 0 become the same around 128: the numbers that they stand for stay."""
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.INT8:
            values = numpy_helper.to_array(tensor).astype(np.int16) + 128
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.uint8), tensor.name))


class _Images:
    """What the quantiser asks for images."""

    def __init__(self, images: np.ndarray) -> None:
        self._parts = iter(images[start : start + TOGETHER] for start in range(0, len(images), TOGETHER))

    def get_next(self) -> dict[str, np.ndarray] | None:
        part = next(self._parts, None)
        return None if part is None else {IMAGE: part}


def _left(graph: onnx.GraphProto) -> Iterator[str]:
    """Names of nodes that stay in float32."""
    maker = {name: node for node in graph.node for name in node.output}
    last = maker[LOGITS]
    while last.op_type == "Identity":
        last = maker[last.input[0]]
    for node in graph.node:
        if node.op_type in LEFT or node.name == last.name:
            yield node.name
