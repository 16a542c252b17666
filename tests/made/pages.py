"""A page of a small network that nobody trained: every kind of layer that a view tells apart, made in a moment.

Its document lies beside this file, so that no framework is loaded; ``python -m tests.made.pages`` writes it again.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from hubel.images.preprocessing import Preprocessing
from hubel.page.render import render_page
from hubel.page.weights import pack, seal_of

DOCUMENT = Path(__file__).parent / "tiny_network.json"
HEIGHT, WIDTH = 12, 14
CLASS_NAMES = ("cat", "dog", "<img src=x onerror=alert(1)>")


def tiny_model() -> Any:
    """12 × 14 pixels, three classes, 14 layers; the weights are Keras' own."""
    from hubel.backends.framework import keras

    layers = keras.layers
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(image)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(x)
    x = layers.BatchNormalization(name="norm1")(x)
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    short = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu", name="conv2")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(short)
    x = layers.Add(name="sum")([short, x])
    x = layers.AveragePooling2D(2, name="pool2")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(8, activation="relu", name="dense1")(x)
    return keras.Model(image, layers.Dense(len(CLASS_NAMES), name="logits")(x), name="tiny")


def tiny_document() -> dict[str, Any]:
    """What `page_data` writes of `tiny_model`, but for weights, classes and examples."""
    from hubel.architectures.layer_table import layer_rows
    from hubel.architectures.walk import walk
    from hubel.engines.compiling import plain_graph
    from hubel.page.contents import LaidOpen, page_data

    graph, walked = plain_graph(tiny_model()), walk(tiny_model())
    network = LaidOpen(graph, walked, tuple(layer_rows(walked)))
    index, _ = pack(graph.weights, dtype="float32")
    return json.loads(json.dumps(page_data(network, {}, tensors=index, sets=None, examples=())))


def tiny_weights(index: dict[str, Any]) -> dict[str, np.ndarray]:
    """Weights by chance, the same each time: none is 0, and no statistic is 0 or 1.

    Args:
        index: name → shape, as in the document's ``tensors``.
    """
    rng = np.random.default_rng(3)
    made = {}
    for name, entry in index.items():
        drawn = rng.normal(0, 0.5, entry["shape"])
        made[name] = (np.abs(drawn) + 0.5 if "variance" in name or "gamma" in name else drawn).astype(np.float32)
    return made


def tiny_images(count: int = 6) -> np.ndarray:
    """Gradients and noise: uint8 [count, height, width, 3]."""
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    slopes = rng.uniform(-14, 14, (count, 2, 1, 1, 3))
    images = 128 + slopes[:, 0] * (rows - 6)[..., None] + slopes[:, 1] * (columns - 7)[..., None]
    return np.clip(images + rng.normal(0, 12, images.shape), 0, 255).astype(np.uint8)


def tiny_parts(*, class_names: Sequence[str] = CLASS_NAMES, dtype: str = "float32") -> tuple[dict[str, Any], bytes]:
    """The page's document and its weights.

    Args:
        class_names: three.
        dtype: of the weights, ``"float32"`` or ``"float16"``.
    """
    data = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    data["tensors"], weights = pack(tiny_weights(data["tensors"]), dtype=dtype)
    data["seal"] = seal_of(weights)
    data["classifier"] = {
        "format": 1,
        "made_by": "hubel",
        "class_names": list(class_names),
        "preprocessing": Preprocessing(HEIGHT, WIDTH).to_json(),
        "temperature": 1.3,
        "abstention_threshold": 0.5,
        "tta": "none",
    }
    names = [class_names[number % len(class_names)] for number in range(6)]
    data["examples"] = [
        {"path": f"{name}/{number}.png", "class_name": name, "type": "image/png", "data": _png(pixels)}
        for number, (name, pixels) in enumerate(zip(names, tiny_images(), strict=True))
    ]
    return data, weights


def _png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def tiny_page(folder: Path, *, class_names: Sequence[str] = CLASS_NAMES, dtype: str = "float32") -> Path:
    """Write the page, and give its path.

    Args:
        folder: it lies in.
        class_names: three.
        dtype: of the weights.
    """
    data, weights = tiny_parts(class_names=class_names, dtype=dtype)
    path = folder / "tiny.html"
    path.write_text(render_page(data, weights, title="A tiny network"), encoding="utf-8")
    return path


if __name__ == "__main__":
    DOCUMENT.write_text(json.dumps(tiny_document(), indent=1) + "\n", encoding="utf-8")
