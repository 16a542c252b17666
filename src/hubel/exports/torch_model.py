"""A compiled graph → a network for PyTorch: its operations as JSON, its weights beside it.

What PyTorch itself would write is of a version of PyTorch, and needs Keras on PyTorch to be made. The operations that
Hubel writes are few: a program of two pages reads them, and what it makes can be trained on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.numpy import save

from hubel.exports.model import Model
from hubel.exports.onnx_model import make_onnx
from hubel.files import write_bytes, write_json
from hubel.graphs.onnx_reader import INT64, OnnxContent, OnnxNode, read_onnx
from hubel.graphs.stored_weights import WEIGHT

WEIGHTS = "model.safetensors"
MEAN_AND_VARIANCE = slice(3, None)
"""Of what a batch normalisation takes: these are not learned by descent."""


def write_model(model: Model, path: Path, *, weights: str) -> None:
    """Write ``model.json``, and ``model.safetensors`` beside it; equal classifiers give equal bytes.

    Args:
        model: the network.
        path: of the first.
        weights: how they are written: ``"float32"``, as they are.
    """
    write_network(make_onnx(model, weights=weights).SerializeToString(deterministic=True), path)


def write_network(graph: bytes, path: Path) -> None:
    """Write both files of a graph.

    Args:
        graph: an ONNX file of Hubel's, with the outputs ``logits`` and ``features``.
        path: of the first.
    """
    content = read_onnx(graph)
    measured = {
        name for node in content.nodes if node.kind == "BatchNormalization" for name in node.inputs[MEAN_AND_VARIANCE]
    }
    tensors = {name: each.values() for name, each in content.tensors.items() if each.numbers != INT64}
    learned = sorted(name for name in tensors if name.startswith(WEIGHT) and name not in measured)
    steps = [_step(node, content) for node in content.nodes]
    write_json(path, {"format": 1, "parameters": learned, "steps": steps})
    write_bytes(path.with_name(WEIGHTS), save(tensors))


def _step(node: OnnxNode, content: OnnxContent) -> dict[str, Any]:
    """An operation as the program wants it: whole numbers, such as a shape, are part of it."""
    whole = {name for name in node.inputs if name in content.tensors and content.tensors[name].numbers == INT64}
    return {
        "operation": node.kind,
        "inputs": [name for name in node.inputs if name not in whole],
        "numbers": [content.tensors[name].values().tolist() for name in node.inputs if name in whole],
        "attributes": node.attributes,
        "output": node.outputs[0],
    }
