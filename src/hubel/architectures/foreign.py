"""A stranger's ``.keras`` file → a Keras model, with everything in it bounded before anything is built.

Keras builds whatever the file's ``config.json`` names. So the sizes in the zip are checked before it is unpacked, and
the config's length, depth and names before Keras sees it: only Keras' own classes and Hubel's own layers, and none of
those that run code or read other files.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hubel.architectures.layers  # noqa: F401  (registers Hubel's own layers with Keras)
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.errors import UnusableInput
from hubel.files import is_file

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MAX_FILE_BYTES = 4_000_000_000
MAX_CONFIG_BYTES = 20_000_000
MAX_DEPTH = 60
MAX_NODES = 1_000_000
MAX_MEMBERS = 1000
MAX_RATIO = 200
MAX_PARAMETERS = 1_000_000_000
SMALL_BYTES = 1_000_000
"""Below it a member may be as well compressed as it likes."""

MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|ops"
    r"|src\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|ops)(\.\w+)*))?"
)
KERAS_MARKS = frozenset({"__keras_tensor__", "__tuple__", "__numpy__", "__ellipsis__", "__slice__"})
OWN_MODULE, OWN_LAYERS = "hubel.architectures.layers", ("SumPooling2D", "LocallyConnected2D")

_RUNS_CODE = "it runs code that the file brings along"
_READS_FILES = "it can read other files on this machine"
REFUSED = {
    "Lambda": _RUNS_CODE,
    "__lambda__": _RUNS_CODE,
    "TFSMLayer": _RUNS_CODE,
    "TorchModuleWrapper": _RUNS_CODE,
    "JaxLayer": _RUNS_CODE,
    "FlaxLayer": _RUNS_CODE,
    "StringLookup": _READS_FILES,
    "IntegerLookup": _READS_FILES,
    "IndexLookup": _READS_FILES,
    "TextVectorization": _READS_FILES,
}
_CURE = "Save it again with model.save('name.keras') in Keras 3."


def read_foreign_architecture(path: Path) -> keras.Model:
    """The model that a ``.keras`` file describes, without its weights: nothing of the network's size is made.

    Raises:
        UnusableInput: no such file, not a ``.keras`` file, out of bounds, or with parts that are not Keras' own.
    """
    return _build(_checked_config(path), path)


def load_foreign_model(path: Path) -> keras.Model:
    """The model of a ``.keras`` file with its weights.

    Raises:
        UnusableInput: as `read_foreign_architecture`; or the weights do not fit.
    """
    parameters = read_foreign_architecture(path).count_params()
    if parameters > MAX_PARAMETERS:
        raise UnusableInput(f"{path} describes {parameters:,} parameters; Hubel loads up to {MAX_PARAMETERS:,}.")
    with zipfile.ZipFile(path) as archive:
        held = archive.getinfo(WEIGHTS).file_size if WEIGHTS in archive.namelist() else 0
    if parameters > held:  # each parameter takes at least one byte
        raise UnusableInput(f"{path} describes {parameters:,} parameters but holds {held:,} bytes of them. {_CURE}")
    try:
        return keras.saving.load_model(path, custom_objects=None, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts raise
        raise UnusableInput(f"{path} cannot be loaded: {_first_line(error)}. {_CURE}") from error


def _checked_config(path: Path) -> dict[str, Any]:
    if not is_file(path):
        raise UnusableInput(f"There is no file {str(path)!r}.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise UnusableInput(f"{path} has {path.stat().st_size:,} bytes; Hubel reads up to {MAX_FILE_BYTES:,}.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path)
            text = archive.read(CONFIG)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UnusableInput(f"{path} is no .keras file: {_first_line(error)}. {_CURE}") from error
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableInput(f"{path}: its {CONFIG} is not readable ({_first_line(error)}). {_CURE}") from error
    if not isinstance(config, dict):
        raise UnusableInput(f"{path}: its {CONFIG} holds no model. {_CURE}")
    config.pop("compile_config", None)  # loss and optimiser: names of their own, not needed to look or to predict
    for part in _parts(config, path):
        _check_part(part, path)
    return config


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    if CONFIG not in archive.namelist():
        raise UnusableInput(f"{path} is no .keras file: there is no {CONFIG} in it. {_CURE}")
    if len(members) > MAX_MEMBERS:
        raise UnusableInput(f"{path} holds {len(members):,} members; a .keras file has a handful.")
    total = sum(member.file_size for member in members)
    if total > MAX_FILE_BYTES:
        raise UnusableInput(f"{path} would unpack to {total:,} bytes; Hubel reads up to {MAX_FILE_BYTES:,}.")
    for member in members:
        if member.filename == CONFIG and member.file_size > MAX_CONFIG_BYTES:
            text = f"{path}: its {CONFIG} has {member.file_size:,} bytes"
            raise UnusableInput(f"{text}; Hubel reads up to {MAX_CONFIG_BYTES:,}.")
        if member.file_size > max(SMALL_BYTES, MAX_RATIO * member.compress_size):
            text = f"{path}: {member.filename!r} would unpack from {member.compress_size:,} to"
            raise UnusableInput(f"{text} {member.file_size:,} bytes, as only zip bombs do.")


def _parts(config: dict[str, Any], path: Path) -> Iterator[dict[str, Any]]:
    """Every object of the config, nested ones too."""
    waiting: list[tuple[Any, int]] = [(config, 1)]
    seen = 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            what = f"nested more than {MAX_DEPTH} deep" if depth > MAX_DEPTH else f"of more than {MAX_NODES:,} values"
            raise UnusableInput(f"{path}: its {CONFIG} is {what}; no model of Keras needs that.")
        if isinstance(value, dict):
            yield value
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]


def _check_part(part: dict[str, Any], path: Path) -> None:
    kind, module, registered = part.get("class_name"), part.get("module"), part.get("registered_name")
    if kind is None and module is None:
        return
    own_name = str(registered or kind).rsplit(">", 1)[-1]
    for name in (str(kind), own_name):
        if name in REFUSED:
            raise UnusableInput(
                f"{path} has a {name} layer ({_name_of(part)}), and {REFUSED[name]}. "
                "Replace it by layers of Keras, and save the model again."
            )
    own = module == OWN_MODULE and kind in OWN_LAYERS and registered == f"hubel>{kind}"
    custom = isinstance(registered, str) and ">" in registered and not registered.startswith("Keras>")
    keras_own = isinstance(module, str) and MODULES.fullmatch(module) is not None and not custom
    mark = kind in KERAS_MARKS and module is None
    if not (own or keras_own or mark):
        origin = f" from the module {module!r}" if module else ""
        raise UnusableInput(
            f"{path} needs {registered or kind!r} ({_name_of(part)}){origin}: code that is not "
            "Keras' own and not in the file. Replace it by layers of Keras, and save the model again."
        )


def _name_of(part: dict[str, Any]) -> str:
    inner = part.get("config")
    name = part.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return f"named {name!r}" if isinstance(name, str) else "without a name"


def _build(config: dict[str, Any], path: Path) -> keras.Model:
    try:
        with without_weights():
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts raise
        raise UnusableInput(f"{path} describes no model that Keras can build: {_first_line(error)}. {_CURE}") from error
    if not isinstance(model, keras.Model):
        raise UnusableInput(f"{path} describes a {type(model).__name__}, not a model. {_CURE}")
    return model


def _first_line(error: BaseException) -> str:
    """What went wrong in one line: the innermost of Keras' nested reports, without the advice around it."""
    words = str(error).rsplit("Exception encountered: ", 1)[-1].strip().splitlines()
    return (words[0] if words else type(error).__name__)[:200].rstrip(".")
