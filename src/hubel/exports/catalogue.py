"""Every format of an export, by name. Its module is imported when somebody asks for the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hubel.catalogue import Later, find, is_installed
from hubel.errors import BackendNotAvailable, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.exports.precision import FLOAT16, FLOAT32, INT8, Limit

EXACT, INTEGER = Limit(1e-4), Limit(0.7, agreement=0.9)
"""Of weights as they are; and of 8 bits, where an image between two classes may go either way."""


@dataclass(frozen=True)
class ExportFormat:
    """A format that a classifier can be exported to.

    Args:
        summary: one line, for people.
        model: name of the file, or folder, of the network.
        signature: what the network takes and gives.
        network: name of the module in `hubel.exports.program` that opens it; it becomes ``network.py``.
        packages: that writing and proving it needs: name to import → name to install.
        needs: of whoever uses it: what to install with pip.
        limits: how weights are written → how far its answers may be from the classifier's.
        write: what writes the network into a folder, of a `Model`.
        beside: names of other files that belong to the network.
    """

    summary: str
    model: str
    signature: str
    network: str
    packages: Mapping[str, str]
    needs: str
    limits: Mapping[str, Limit]
    write: Callable[..., None]
    beside: tuple[str, ...] = ()


FORMATS = {
    "onnx": ExportFormat(
        "a graph for ONNX Runtime, and whatever else reads ONNX",
        "model.onnx",
        "`image`, uint8 [batch, height, width, 3], red first, 0 to 255 → `logits` [batch, classes] and `features`",
        "onnx_network.py",
        {"onnx": "onnx", "onnxruntime": "onnxruntime"},
        "numpy pillow onnxruntime",
        {FLOAT32: EXACT, FLOAT16: Limit(0.02), INT8: INTEGER},
        Later("hubel.exports.onnx_model", "write_model"),
    ),
    "keras": ExportFormat(
        "a model file of Keras 3, to go on working with",
        "model.keras",
        "float32 [batch, height, width, 3], red first, 0 to 255 → logits [batch, classes]",
        "keras_network.py",
        {"keras": "keras"},
        "numpy pillow keras tensorflow",
        {FLOAT32: EXACT},
        Later("hubel.exports.keras_model", "write_model"),
    ),
    "saved-model": ExportFormat(
        "a folder for TensorFlow and TensorFlow Serving",
        "saved_model",
        "`image`, uint8 [batch, height, width, 3], red first, 0 to 255 → `logits` [batch, classes]",
        "saved_model_network.py",
        {"keras": "keras", "tensorflow": "tensorflow"},
        "numpy pillow tensorflow",
        {FLOAT32: EXACT},
        Later("hubel.exports.saved_model", "write_model"),
    ),
    "openvino": ExportFormat(
        "a graph for OpenVINO, which is quick on processors of Intel",
        "model.xml",
        "`image`, uint8 [batch, height, width, 3], red first, 0 to 255 → `logits` [batch, classes] and `features`",
        "openvino_network.py",
        {"onnx": "onnx", "onnxruntime": "onnxruntime", "openvino": "openvino"},
        "numpy pillow openvino",
        {FLOAT32: EXACT, FLOAT16: Limit(0.05), INT8: INTEGER},
        Later("hubel.exports.openvino_model", "write_model"),
        beside=("model.bin",),
    ),
    "litert": ExportFormat(
        "a file for LiteRT, TensorFlow Lite as it was called, on phones and small devices",
        "model.tflite",
        "`image`, uint8 [1, height, width, 3], red first, 0 to 255 → `logits` [1, classes]",
        "litert_network.py",
        {"keras": "keras", "tensorflow": "tensorflow", "ai_edge_litert": "ai-edge-litert"},
        "numpy pillow ai-edge-litert",
        {FLOAT32: EXACT, FLOAT16: Limit(0.05), INT8: INTEGER},
        Later("hubel.exports.litert_model", "write_model"),
    ),
    "torch": ExportFormat(
        "a module of PyTorch, to run or to train on",
        "model.json",
        "uint8 [batch, height, width, 3], red first, 0 to 255 → logits [batch, classes]; its weights lie beside it",
        "torch_network.py",
        {"onnx": "onnx", "torch": "torch"},
        "numpy pillow torch",
        {FLOAT32: EXACT},
        Later("hubel.exports.torch_model", "write_model"),
        beside=("model.safetensors",),
    ),
}

PAGE = "page"
"""A format that is no folder with a program but one file for a browser: `hubel.page`."""


@dataclass(frozen=True)
class Target:
    """What is exported to.

    Args:
        name: in `FORMATS`.
        weights: how they are written: a key of the format's limits.
    """

    name: str
    weights: str = FLOAT32

    @property
    def entry(self) -> ExportFormat:
        """Of the format."""
        return FORMATS[self.name]

    @property
    def quantize(self) -> str | None:
        """As it is asked for: None for weights as they are."""
        return None if self.weights == FLOAT32 else self.weights

    @property
    def limit(self) -> Limit:
        """How far its answers may be from the classifier's."""
        return self.entry.limits[self.weights]


def choose_target(name: str | None, quantize: str | None) -> Target:
    """See that an export can be had, and made here.

    Args:
        name: in `FORMATS`.
        quantize: how the weights are written; None for as they are.

    Raises:
        WrongRequest: no format was named, or it has no such weights.
        UnknownName: there is no such format.
        BackendNotAvailable: a package is missing; says how to install it.
    """
    if name is None:
        known = ", ".join((*FORMATS, PAGE))
        raise WrongRequest("Say what to export to: ", Option("format", "onnx"), f". There are: {known}.")
    entry = FORMATS[find({each: each for each in (*FORMATS, PAGE)}, name, kind="format of an export")]
    if quantize is not None and (quantize == FLOAT32 or quantize not in entry.limits):
        others = [each for each in entry.limits if each != FLOAT32]
        raise WrongRequest(
            f"{name} can be had with {' or '.join(others) or 'no other'} weights"
            f"{' beside float32' if others else ' than float32'}. Received: ", Option("quantize", quantize), ".",
            Remedy("Leave it out for float32."),
        )  # fmt: skip
    missing = [pip for module, pip in entry.packages.items() if not is_installed(module)]
    if missing:
        be = "is" if len(missing) == 1 else "are"
        raise BackendNotAvailable(
            f"An export to {name} needs {' and '.join(missing)}, which {be} not installed. "
            f"Type: pip install {' '.join(missing)}"
        )
    return Target(name, quantize or FLOAT32)


def program_file(name: str) -> Path:
    """A file that goes into exports as it is.

    Args:
        name: of the file.
    """
    return Path(__file__).with_name("program") / name
