"""The network of this folder, in PyTorch: a module like any other, to be run, moved to a graphics card, or trained on.

    from network import TorchNetwork
    network = TorchNetwork(folder).to("cuda")
    logits = network(images)  # uint8 [batch, height, width, 3], red first → float32 [batch, classes]

What normalises keeps the mean and variance that it has. `network.outputs(images)` also has the features that the last
layer takes.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

torch: Any = importlib.import_module("torch")
F = torch.nn.functional


def open_network(folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """What computes logits: uint8 [batch, height, width, 3], red first → float32 [batch, classes].

    Args:
        folder: with the model.
    """
    network = TorchNetwork(folder).eval()

    def compute(pixels: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(pixels)).numpy()

    return compute


class TorchNetwork(torch.nn.Module):
    """The operations of ``model.json``, one after the other.

    Args:
        folder: with the model.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        document = json.loads(Path(folder, "model.json").read_bytes())
        self.steps = document["steps"]
        for name, tensor in read_tensors(Path(folder, "model.safetensors")):
            if name in document["parameters"]:
                self.register_parameter(name, torch.nn.Parameter(tensor))
            else:
                self.register_buffer(name, tensor)
        last_use = {name: place for place, step in enumerate(self.steps) for name in step["inputs"]}
        self.done = [[name for name in step["inputs"] if last_use[name] == n] for n, step in enumerate(self.steps)]

    def forward(self, images: Any) -> Any:
        """Logits."""
        return self.outputs(images)["logits"]

    def outputs(self, images: Any) -> dict[str, Any]:
        """``"logits"`` and ``"features"``."""
        constants = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        values = {"image": images, **constants}
        for step, done in zip(self.steps, self.done):  # noqa: B905  (also Python 3.9)
            inputs = [values[name] for name in step["inputs"]]
            values[step["output"]] = OPERATIONS[step["operation"]](inputs, step["numbers"], step["attributes"])
            for name in done:
                values.pop(name, None)
        return {name: values[name] for name in ("logits", "features")}


def read_tensors(path: Path) -> Iterator[tuple[str, Any]]:
    """What is in a file of the format safetensors: eight bytes for the length of the JSON behind them, then numbers."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    for name, about in json.loads(data[8:start]).items():
        begin, end = about["data_offsets"]
        values = np.frombuffer(data[start + begin : start + end], "<f4").reshape(about["shape"])
        yield name, torch.from_numpy(values.copy())


def _padded(x: Any, pads: list[int], *, value: float = 0.0) -> Any:
    """With borders: of each axis how many come before, then of each how many behind."""
    count = len(pads) // 2
    turned = [pads[axis + part * count] for axis in reversed(range(count)) for part in (0, 1)]
    return F.pad(x, turned, value=value) if any(pads) else x


def _convolution(x: list[Any], _: Any, of: dict[str, Any]) -> Any:
    bias = x[2] if len(x) > 2 else None
    padded = _padded(x[0], of["pads"])
    return F.conv2d(padded, x[1], bias, of["strides"], 0, of["dilations"], of["group"])


def _max_pooling(x: list[Any], _: Any, of: dict[str, Any]) -> Any:
    return F.max_pool2d(_padded(x[0], of["pads"], value=-float("inf")), of["kernel_shape"], of["strides"])


def _average_pooling(x: list[Any], _: Any, of: dict[str, Any]) -> Any:
    def sums(values: Any) -> Any:
        return F.avg_pool2d(_padded(values, of["pads"]), of["kernel_shape"], of["strides"], divisor_override=1)

    if of["count_include_pad"]:
        return sums(x[0]) / (of["kernel_shape"][0] * of["kernel_shape"][1])
    return sums(x[0]) / sums(torch.ones_like(x[0][:1, :1]))


def _batch_normalisation(x: list[Any], _: Any, of: dict[str, Any]) -> Any:
    value, scale, offset, mean, variance = x
    return F.batch_norm(value, mean, variance, scale, offset, eps=of["epsilon"])


def _layer_normalisation(x: list[Any], _: Any, of: dict[str, Any]) -> Any:
    return F.layer_norm(x[0], x[0].shape[-1:], x[1], x[2], of["epsilon"])


def _slice(x: list[Any], numbers: list[list[int]], _: Any) -> Any:
    value = x[0]
    for start, end, axis in zip(*numbers):  # noqa: B905  (also Python 3.9)
        value = value.narrow(axis, start, min(end, value.shape[axis]) - start)
    return value


def _reshape(x: list[Any], numbers: list[list[int]], _: Any) -> Any:
    return x[0].reshape(len(x[0]), *numbers[0][1:])  # the first is the batch


OPERATIONS: dict[str, Callable[[list[Any], list[list[int]], dict[str, Any]], Any]] = {
    "Cast": lambda x, *_: x[0].float(),
    "Identity": lambda x, *_: x[0],
    "Transpose": lambda x, _, of: x[0].permute(of["perm"]),
    "Pad": lambda x, numbers, _: _padded(x[0], numbers[0]),
    "Conv": _convolution,
    "BatchNormalization": _batch_normalisation,
    "LayerNormalization": _layer_normalisation,
    "MatMul": lambda x, *_: x[0] @ x[1],
    "Gemm": lambda x, *_: x[0] @ x[1] + x[2],
    "MaxPool": _max_pooling,
    "AveragePool": _average_pooling,
    "GlobalAveragePool": lambda x, *_: x[0].mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda x, *_: x[0].amax((2, 3), keepdim=True),
    "ReduceMean": lambda x, numbers, of: x[0].mean(numbers[0], keepdim=bool(of["keepdims"])),
    "Add": lambda x, *_: x[0] + x[1],
    "Sub": lambda x, *_: x[0] - x[1],
    "Mul": lambda x, *_: x[0] * x[1],
    "Sum": lambda x, *_: sum(x[1:], x[0]),
    "Concat": lambda x, _, of: torch.cat(x, of["axis"]),
    "Slice": _slice,
    "Reshape": _reshape,
    "Flatten": lambda x, _, of: x[0].flatten(of["axis"]),
    "Relu": lambda x, *_: torch.relu(x[0]),
    "Clip": lambda x, *_: torch.clamp(x[0], x[1], x[2]),
    "Sigmoid": lambda x, *_: torch.sigmoid(x[0]),
    "HardSigmoid": lambda x, _, of: torch.clamp(of["alpha"] * x[0] + of["beta"], 0, 1),
    "HardSwish": lambda x, *_: F.hardswish(x[0]),
    "Gelu": lambda x, *_: F.gelu(x[0]),
    "Tanh": lambda x, *_: torch.tanh(x[0]),
    "Softmax": lambda x, _, of: torch.softmax(x[0], of["axis"]),
    "Sqrt": lambda x, *_: torch.sqrt(x[0]),
}
"""Kinds of operation, as ONNX has them: of (inputs, whole numbers, attributes)."""
