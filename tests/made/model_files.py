"""Model files of every kind, small: by the library that writes them where it is there, else by hand from its format."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from hubel.backends.framework import keras, legacy_h5_format

layers = keras.layers
SIZE, FILTERS, CLASSES = 8, 4, 3
PARAMETERS = 3 * 3 * 3 * FILTERS + FILTERS + 4 * FILTERS + (SIZE - 2) ** 2 * FILTERS * CLASSES + CLASSES


def build() -> keras.Model:
    """The network in all of the files: convolution, batch normalisation, dense layer."""
    image = keras.Input((SIZE, SIZE, 3))
    maps = layers.BatchNormalization(name="scale")(layers.Conv2D(FILTERS, 3, activation="relu", name="first")(image))
    return keras.Model(image, layers.Dense(CLASSES, name="head")(layers.Flatten()(maps)))


def weights(seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.uniform(0.1, 1.0, each.shape).astype(np.float32) for each in build().get_weights()]


def model() -> keras.Model:
    made = build()
    made.set_weights(weights())
    made.compile(optimizer="sgd", loss="mse")
    return made


def answers(network: keras.Model) -> np.ndarray:
    images = np.random.default_rng(7).uniform(size=(2, SIZE, SIZE, 3)).astype(np.float32)
    return keras.ops.convert_to_numpy(network(images, training=False))


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def folder(path: Path, members: dict[str, bytes]) -> Path:
    path.mkdir()
    for name, data in members.items():
        (path / name).write_bytes(data)
    return path


def _field(number: int, data: int | bytes) -> bytes:
    """One field of a protobuf message with a small number or a short text."""
    return bytes([number << 3, data]) if isinstance(data, int) else bytes([number << 3 | 2, len(data)]) + data


def onnx(path: Path) -> Path:
    """ir_version, producer_name, graph with a name, opset_import: as torch.onnx and skl2onnx write them."""
    graph = _field(2, b"net")
    path.write_bytes(_field(1, 8) + _field(2, b"pytorch") + _field(7, graph) + _field(8, _field(2, 17)))
    return path


def safetensors(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    header, data = {}, b""
    for name, array in arrays.items():
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def legacy_weights(path: Path) -> Path:
    """As Keras 2 saved weights in .h5, and keras.applications still does."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model())
    return path


def _of_keras_2(*, module: bool) -> dict[str, Any]:
    """A Sequential as Keras 2.15 describes it: input shapes are "batch_input_shape", and each layer has its own."""

    def layer(kind: str, **config: Any) -> dict[str, Any]:
        part = {"class_name": kind, "config": {"trainable": True, "dtype": "float32", **config}}
        return {"module": "keras.layers", "registered_name": None, **part} if module else part

    start = {
        "module": "keras.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None},
        "registered_name": None,
    }
    shape = [None, SIZE, SIZE, 3]
    entry = layer("InputLayer", name="conv2d_input", batch_input_shape=shape, sparse=False, ragged=False)
    del entry["config"]["trainable"]
    convolution = layer(
        "Conv2D", name="conv2d", batch_input_shape=shape, filters=FILTERS, kernel_size=[3, 3], strides=[1, 1],
        padding="valid", data_format="channels_last", dilation_rate=[1, 1], groups=1, activation="relu", use_bias=True,
        kernel_initializer=start, kernel_regularizer=None,
    )  # fmt: skip
    flatten = layer("Flatten", name="flatten", data_format="channels_last")
    head = layer("Dense", name="dense", units=CLASSES, activation="linear", use_bias=True, kernel_initializer=start)
    config = {"name": "sequential", "layers": [entry, convolution, flatten, head]}
    whole = {"class_name": "Sequential", "config": config}
    return {"module": "keras", "registered_name": "Sequential", **whole} if module else whole


def keras_2_zip(path: Path) -> Path:
    metadata = {"keras_version": "2.15.0", "date_saved": "2024-01-01@00:00:00"}
    config = json.dumps(_of_keras_2(module=True)).encode()
    return zipped(
        path, {"metadata.json": json.dumps(metadata).encode(), "config.json": config, "model.weights.h5": b""}
    )


def keras_2_h5(path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
    """The same saved as .h5 by TensorFlow 2.15, with the kernels that it holds."""
    random = np.random.default_rng(3)
    kernel = random.normal(size=(3, 3, 3, FILTERS)).astype(np.float32)
    dense = random.normal(size=((SIZE - 2) ** 2 * FILTERS, CLASSES)).astype(np.float32)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(_of_keras_2(module=False))
        held = file.create_group("model_weights")
        held.attrs["layer_names"] = [b"conv2d", b"flatten", b"dense"]
        for name, arrays in {"conv2d": [kernel], "flatten": [], "dense": [dense]}.items():
            group = held.create_group(name)
            pairs = [(f"{name}/kernel:0", each) for each in arrays]
            pairs += [(f"{name}/bias:0", np.zeros(each.shape[-1], np.float32)) for each in arrays]
            group.attrs["weight_names"] = [name.encode() for name, _ in pairs]
            for inner, array in pairs:
                group.create_dataset(inner, data=array)
    return path, kernel, dense


def by_hand(path: Path) -> dict[str, Path]:
    """Kind → a file of that kind, of those whose library is not there: as much of each as tells it apart."""
    bins = pickle.dumps({"state": 1}, protocol=2)
    old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + bins
    arrays = io.BytesIO()
    np.save(arrays, np.zeros(3))
    schema = _field(1, 1) + _field(2, b"graph")
    tables = bytes(40) + bytes.fromhex("57fb808b247547db")
    js = {"format": "layers-model", "modelTopology": {}, "weightsManifest": []}
    (path / "old.pt").write_bytes(old)
    (path / "model.json").write_text(json.dumps(js))
    (path / "graph.pb").write_bytes(schema)
    (path / "model.ckpt.index").write_bytes(tables)
    (path / "net.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(40))
    (path / "frozen.pb").write_bytes(_field(1, _field(1, b"x")) + _field(4, _field(1, 9)))
    return {
        "pytorch": zipped(path / "net.pth", {"net/data.pkl": bins, "net/data/0": bytes(8), "net/version": b"3"}),
        "torchscript": zipped(
            path / "script.pt", {"net/data.pkl": bins, "net/code/__torch__.py": b"", "net/version": b"3"}
        ),
        "torch-export": zipped(path / "net.pt2", {"net/archive_format": b"pt2", "net/models/model.json": b"{}"}),
        "pytorch of old": path / "old.pt",
        "onnx": onnx(path / "net.onnx"),
        "safetensors": safetensors(path / "net.safetensors", {"a": np.zeros((2, 2), np.float32)}),
        "transformers": folder(path / "vit", {"config.json": b"{}", "model.safetensors": b""}),
        "orbax": folder(path / "orbax", {"_CHECKPOINT_METADATA": b"{}"}),
        "tensorflow-js": path / "model.json",
        "saved-model-graph": path / "graph.pb",
        "tensorflow-graph": path / "frozen.pb",
        "tensorflow-checkpoint": path / "model.ckpt.index",
        "tensorflow-checkpoint folder": folder(path / "ckpt", {"checkpoint": b'model_checkpoint_path: "a-1"\n'}),
        "saved-model": folder(path / "saved", {"saved_model.pb": schema}),
        "saved-model-of-keras-2": folder(path / "saved2", {"saved_model.pb": schema, "keras_metadata.pb": b""}),
        "tflite": path / "net.tflite",
        "zipped-folder": zipped(path / "net.zip", {"net/config.json": b"{}", "net/metadata.json": b"{}"}),
    }
