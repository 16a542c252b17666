"""What kind of model a file or folder holds, told by its content and never by its name; nothing of it is run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hubel.catalogue import Later
from hubel.files import is_file, is_folder, unusable

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
PIXEL_NAMES = ("0..255", "0..1", "-1..1", "caffe", "torch")
"""How a model file may want its pixels, which it does not say itself."""
MAX_JSON_BYTES = 20_000_000
MAX_FIELDS = 100_000
MAX_SAFETENSORS_HEADER = 100_000_000
_END_OF_TABLE = bytes.fromhex("57fb808b247547db")
"""Of every LevelDB table; TensorFlow's .index files are such."""
_OLD_PYTORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""Before version 1.6: a pickle that begins with a pickled magic number."""
_OF_TRANSFORMERS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "tf_model.h5")
_OF_ORBAX = ("_CHECKPOINT_METADATA", "checkpoint_metadata", "orbax.checkpoint", "pytree.orbax-checkpoint")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_SAVE = "model.save('name.keras')"
_LOAD_AND_SAVE = f"model.load_weights('{{name}}') and {_SAVE}"
_WEIGHTS_ALONE = "an HDF5 file with the weights of a Keras model and without its architecture"
_ORIGINAL = f"Save the Keras model that it was made from: {_SAVE}."
_PYTORCH = (
    "Keras cannot read PyTorch files. Build the same network in Keras, copy its weights (a PyTorch kernel "
    f"[out, in, height, width] is kernel.transpose(2, 3, 1, 0) in Keras), and save it: {_SAVE}."
)

hdf5_kind: Callable[[Path], str] = Later("hubel.architectures.hdf5_files", "hdf5_kind")


@dataclass(frozen=True)
class FileKind:
    """A kind of model file.

    Args:
        title: what it is, with its article.
        cure: how its owner gets a file that Hubel reads, with ``{name}`` for the file's name; "" where Hubel reads it.
    """

    title: str
    cure: str = ""


KINDS = {
    "keras-zip": FileKind("a .keras file"),
    "keras-folder": FileKind("an unzipped .keras folder"),
    "keras-json": FileKind("a JSON file with the architecture of a Keras model"),
    "h5-model": FileKind("an .h5 file of Keras"),
    "h5-weights": FileKind(
        _WEIGHTS_ALONE,
        f"Build the network in Keras as it was, then {_LOAD_AND_SAVE}. Keras wants a name in .h5.",
    ),
    "keras-weights": FileKind(
        _WEIGHTS_ALONE,
        f"Build the network in Keras as it was, then {_LOAD_AND_SAVE}. Keras wants a name in .weights.h5.",
    ),
    "hdf5": FileKind("an HDF5 file without a Keras model", "Save the model with model.save('name.keras')."),
    "broken-hdf5": FileKind("a damaged or incomplete HDF5 file", "Copy or download it again."),
    "saved-model": FileKind(
        "a TensorFlow SavedModel",
        f"Keras 3 can run such a graph but cannot see its layers. {_ORIGINAL} If only its code is left: build the "
        "model, then model.set_weights([v.numpy() for v in tf.saved_model.load('{name}').variables]), and save it.",
    ),
    "saved-model-of-keras-2": FileKind(
        "a TensorFlow SavedModel, written by Keras 2",
        "Keras 3 cannot see its layers. In the environment that wrote it, with TensorFlow 2.15 or older: "
        "tf.keras.models.load_model('{name}').save('name.h5'). Hubel reads that .h5 file.",
    ),
    "saved-model-graph": FileKind("the graph of a TensorFlow SavedModel", "Name the folder that it is in."),
    "tensorflow-graph": FileKind("a frozen TensorFlow graph", f"It has operations but no layers. {_ORIGINAL}"),
    "tensorflow-checkpoint": FileKind(
        "a TensorFlow checkpoint: weights without an architecture",
        "Build the network in Keras, then tf.train.Checkpoint(model=model).restore('PREFIX').expect_partial(), where "
        f"PREFIX is the .index file's path without .index, and {_SAVE}.",
    ),
    "orbax": FileKind(
        "an Orbax checkpoint",
        f"With orbax-checkpoint installed: model = keras.saving.load_model('{{name}}'), then {_SAVE}.",
    ),
    "tflite": FileKind("a TensorFlow Lite (LiteRT) file", f"Its layers were fused for inference. {_ORIGINAL}"),
    "onnx": FileKind(
        "an ONNX file",
        f"Keras cannot read ONNX files. {_ORIGINAL} If it came from elsewhere, build the network in Keras and "
        "copy its weights.",
    ),
    "pytorch": FileKind("a PyTorch file", _PYTORCH),
    "torchscript": FileKind("a TorchScript file of PyTorch", _PYTORCH),
    "torch-export": FileKind("an exported program of PyTorch (.pt2)", _PYTORCH),
    "safetensors": FileKind(
        "a safetensors file: weights without an architecture",
        "Build the network in Keras, copy the arrays of safetensors.numpy.load_file('{name}') into it with "
        f"model.set_weights, and save it: {_SAVE}.",
    ),
    "transformers": FileKind(
        "a Hugging Face Transformers folder", f"It names an architecture of that package, not layers. {_PYTORCH}"
    ),
    "pickle": FileKind(
        "a Python pickle",
        "A pickle can run code when it is opened, so Hubel opens none. If you trust it and it holds a Keras model: "
        f"model = pickle.load(open('{{name}}', 'rb')), then {_SAVE}.",
    ),
    "tensorflow-js": FileKind(
        "a TensorFlow.js model", f"{_ORIGINAL} Or convert it with tensorflowjs_converter to keras, an .h5 file."
    ),
    "zipped-folder": FileKind("a zip with the folder of a model in it", "Unzip it, and name the folder."),
    "broken-zip": FileKind("a damaged or incomplete zip file", "Copy or download it again."),
}


def find_kind(path: Path) -> str | None:
    """The name in `KINDS` of what is at a path; None for what is no model, and for runs of Hubel.

    Raises:
        UnusableInput: the operating system does not let us look.
    """
    try:
        if is_folder(path):
            return _folder_kind(path)
        return _file_kind(path) if is_file(path) else None
    except OSError as error:
        raise unusable(path, error) from error


def is_model_target(path: Path) -> bool:
    """Whether what a user names is a model file, not a run; also one that is named so and is not there.

    Raises:
        UnusableInput: the operating system does not let us look.
    """
    return find_kind(path) is not None or (path.suffix.lower() == ".keras" and not is_folder(path))


def _folder_kind(path: Path) -> str | None:
    def held(*names: str) -> bool:
        return any((path / name).is_file() for name in names)

    checkpoint = path / "checkpoint"
    own_run = (path / "classifier").exists() or held("manifest.json")
    marks = {
        "saved-model-of-keras-2": held("saved_model.pb", "saved_model.pbtxt") and held("keras_metadata.pb"),
        "saved-model": held("saved_model.pb", "saved_model.pbtxt"),
        "keras-folder": held(CONFIG) and held(METADATA, WEIGHTS),
        "transformers": held(CONFIG) and held(*_OF_TRANSFORMERS),
        "orbax": any((path / mark).exists() for mark in _OF_ORBAX),
        "tensorflow-checkpoint": checkpoint.is_file() and _file_kind(checkpoint) == "tensorflow-checkpoint",
    }
    return None if own_run else next((kind for kind, found in marks.items() if found), None)


def _file_kind(path: Path) -> str | None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(max(0, size - 8))
        tail = file.read(8)
    if head.startswith(_HDF5):
        return hdf5_kind(path)
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    length = int.from_bytes(head[:8], "little")
    marks = {
        "tflite": head[4:8] == b"TFL3",
        "tensorflow-checkpoint": tail == _END_OF_TABLE or head.startswith(b"model_checkpoint_path:"),
        "pytorch": head.startswith(_OLD_PYTORCH),
        "pickle": head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and tail[-1:] == b".",
        "safetensors": head[8:9] == b"{" and 2 <= length <= min(size - 8, MAX_SAFETENSORS_HEADER),
    }
    kind = next((kind for kind, found in marks.items() if found), None)
    if kind is None and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_kind(path, size)
    return kind or _protobuf_kind(path, size)


def _zip_kind(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError):
        return "broken-zip"
    inner = {name.rsplit("/", 1)[-1] for name in names}
    if CONFIG in names:
        return "keras-zip"
    if "data.pkl" in inner:
        return "torchscript" if any("/code/" in name for name in names) else "pytorch"
    if {"archive_format", "serialized_exported_program.json"} & inner:
        return "torch-export"
    return "zipped-folder" if "saved_model.pb" in inner or {CONFIG, METADATA} <= inner else None


def _json_kind(path: Path, size: int) -> str | None:
    if size > MAX_JSON_BYTES:
        return None
    try:
        held = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    if {"modelTopology", "weightsManifest"} & held.keys():
        return "tensorflow-js"
    return "keras-json" if {"class_name", "config"} <= held.keys() else None


def _protobuf_kind(path: Path, size: int) -> str | None:
    """By the fields of the outermost message, which must fill the file to its last byte."""
    try:
        fields = set(_fields(path, size))
    except ValueError:
        return None
    if {(1, 0), (7, 2)} <= fields and {number for number, _ in fields} <= {*range(1, 9), 14, 20, 25, 26}:
        return "onnx"  # ir_version and graph of a ModelProto
    if fields == {(1, 0), (2, 2)}:
        return "saved-model-graph"  # saved_model_schema_version and meta_graphs
    if {(1, 2), (4, 2)} <= fields <= {(1, 2), (2, 2), (3, 0), (4, 2)}:
        return "tensorflow-graph"  # node, library, version and versions of a GraphDef
    return None


def _fields(path: Path, size: int) -> Iterator[tuple[int, int]]:
    """(field number, wire type) of each field; ValueError where the bytes are no protobuf message."""
    with path.open("rb") as file:

        def varint() -> int:
            value = 0
            for shift in range(0, 70, 7):
                byte = file.read(1)
                if not byte:
                    break
                value |= (byte[0] & 0x7F) << shift
                if byte[0] < 0x80:  # the last byte of a number has no top bit
                    return value
            raise ValueError("no number")

        for _ in range(MAX_FIELDS):
            if file.tell() == size:
                return
            number, wire = divmod(varint(), 8)
            if wire not in (0, 2) or number == 0:
                break
            length = varint()
            if wire == 2 and file.seek(length, 1) > size:  # a length and that many bytes
                break
            yield number, wire
    raise ValueError("no message")
