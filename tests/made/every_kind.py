"""A network with every kind of step there is, with weights by chance: nobody trained it, and no framework made it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hubel.images.preprocessing import Preprocessing
from hubel.page.render import render_page
from hubel.page.weights import pack

SIZE = (9, 10)
SMALL, MIDDLE = [5, 5, 4], [3, 3, 8]
MOVES = {"strides": [1, 1], "dilation": [1, 1], "padding": [[0, 0], [0, 0]]}
POOLED = {"window": [3, 3], "strides": [2, 2], "padding": [[1, 1], [1, 1]]}
STEPS: tuple[tuple[str, str, list[str], list[int], dict[str, Any], dict[str, list[int]]], ...] = (
    ("scaled", "rescale", ["image"], [9, 10, 3], {"scale": [0.01, 0.02, 0.03], "offset": [-1.0]}, {}),
    ("padded", "pad", ["scaled"], [11, 12, 3], {"padding": [[1, 1], [1, 1]]}, {}),
    ("strided", "convolution", ["padded"], [5, 5, 6], MOVES | {"strides": [2, 2], "groups": 1}, {"kernel": [3, 3, 3, 6], "bias": [6]}),
    ("spread", "convolution", ["strided"], [5, 5, 6], MOVES | {"dilation": [2, 2], "padding": [[2, 2], [2, 2]], "groups": 2}, {"kernel": [3, 3, 3, 6]}),
    ("depthwise", "depthwise_convolution", ["spread"], [5, 5, 12], MOVES | {"padding": [[1, 1], [1, 1]]}, {"kernel": [3, 3, 6, 2], "bias": [12]}),
    ("local", "local_convolution", ["depthwise"], SMALL, {"padding": [[0, 1], [0, 1]]}, {"kernel": [5, 5, 2, 2, 12, 4], "bias": [5, 5, 4]}),
    ("normed", "batch_normalisation", ["local"], SMALL, {"epsilon": 1e-3}, {name: [4] for name in ("scale", "offset", "mean", "variance")}),
    ("normed/relu", "relu", ["normed"], SMALL, {"max_value": 6.0}, {}),
    ("bare", "batch_normalisation", ["local"], SMALL, {"epsilon": 1e-3}, {"mean": [4], "variance": [4]}),
    ("relu", "relu", ["bare"], SMALL, {"max_value": None}, {}),
    ("sigmoid", "sigmoid", ["bare"], SMALL, {}, {}),
    ("hard_sigmoid", "hard_sigmoid", ["bare"], SMALL, {}, {}),
    ("swish", "swish", ["bare"], SMALL, {}, {}),
    ("hard_swish", "hard_swish", ["bare"], SMALL, {}, {}),
    ("gelu", "gelu", ["bare"], SMALL, {}, {}),
    ("tanh", "tanh", ["bare"], SMALL, {}, {}),
    ("layer_normed", "layer_normalisation", ["gelu"], SMALL, {"epsilon": 1e-6}, {"scale": [4], "offset": [4]}),
    ("scale", "scale_channels", ["layer_normed"], SMALL, {}, {"scale": [4]}),
    ("sum", "add", ["scale", "bare", "tanh"], SMALL, {}, {}),
    ("more", "add", ["sum"], SMALL, {"number": 3.0}, {}),
    ("squeeze", "global_average", ["more"], [4], {}, {}),
    ("squeezed", "reshape", ["squeeze"], [1, 1, 4], {}, {}),
    ("excited", "multiply", ["more", "squeezed"], SMALL, {}, {}),
    ("halved", "multiply", ["excited"], SMALL, {"number": 0.5}, {}),
    ("both", "concatenate", ["halved", "sum"], [5, 5, 8], {}, {}),
    ("largest", "max_pooling", ["both"], MIDDLE, POOLED, {}),
    ("mean", "average_pooling", ["both"], MIDDLE, POOLED, {}),
    ("total", "sum_pooling", ["both"], MIDDLE, POOLED, {}),
    ("pools", "add", ["largest", "mean", "total"], MIDDLE, {}, {}),
    ("everywhere", "dense", ["pools"], [3, 3, 5], {}, {"kernel": [8, 5]}),
    ("most", "global_max", ["everywhere"], [5], {}, {}),
    ("summary", "summarise_map", ["everywhere"], [6], {"channels": 3}, {}),
    ("flat", "reshape", ["everywhere"], [45], {}, {}),
    ("shares", "softmax", ["everywhere"], [3, 3, 5], {}, {}),
    ("logits", "dense", ["flat"], [3], {}, {"kernel": [45, 3], "bias": [3]}),
)  # fmt: skip
"""(name, kind, inputs, shape, attributes, part → shape of its weight)."""
CLASS_NAMES = ("cat", "<img src=x onerror=alert(1)>", "\u202edog" + "x" * 300)


def every_kind() -> tuple[dict[str, Any], bytes]:
    """The page's document and its weights; a layer for each step, but one that has its activation built in."""
    rng = np.random.default_rng(5)
    weights, steps = {}, []
    for name, kind, inputs, shape, attributes, parts in STEPS:
        for part, size in parts.items():
            drawn = rng.normal(0, 0.4, size)
            weights[f"{name}/{part}"] = (np.abs(drawn) + 0.5 if part == "variance" else drawn).astype(np.float32)
        names = {part: f"{name}/{part}" for part in parts}
        steps.append(
            {"name": name, "kind": kind, "inputs": inputs, "shape": shape, "attributes": attributes, "weights": names}
        )
    index, data = pack(weights, dtype="float32")
    outputs = {"logits": "logits", "features": "flat", "maps": "summary"}
    document = {
        "format": 1,
        "classifier": {
            "format": 1, "made_by": "hubel", "class_names": list(CLASS_NAMES), "temperature": 1.3,
            "preprocessing": Preprocessing(*SIZE).to_json(), "abstention_threshold": 0.5, "tta": "none",
        },
        "sets": None,
        "graph": {"image_size": list(SIZE), "steps": steps, "outputs": outputs},
        "layers": [_layer(step) for step in steps if step["name"] != "normed/relu"],
        "total": {"parameters": 0, "macs": 0},
        "tensors": index,
        "examples": [_example(rng.integers(0, 256, (*SIZE, 3)).astype(np.uint8))],
    }  # fmt: skip
    return document, data


def _layer(step: dict[str, Any]) -> dict[str, Any]:
    shape, built_in = step["shape"], step["name"] == "normed"
    return {
        "name": step["name"], "kind": step["kind"], "output": shape if len(shape) == 3 else [1, 1, *shape],
        "kernel": [1, 1], "stride": [1, 1], "padding": "valid", "parameters": 0, "macs": 0, "connections": 0, "dense_parameters": 0,
        "receptive_field": [3, 3], "receptive_field_stride": [2, 2], "receptive_field_start": [-1, -1],
        "inputs": step["inputs"], "steps": ["normed", "normed/relu"] if built_in else [step["name"]],
        "value": "normed/relu" if built_in else step["name"],
    }  # fmt: skip


def _example(pixels: np.ndarray) -> dict[str, str]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {
        "path": "a.png",
        "class_name": "cat",
        "type": "image/png",
        "data": base64.b64encode(file.getvalue()).decode(),
    }


def every_kind_page(folder: Path) -> Path:
    """Write the page, and give its path.

    Args:
        folder: it lies in.
    """
    path = folder / "every_kind.html"
    path.write_text(render_page(*every_kind(), title="Every kind of step"), encoding="utf-8")
    return path
