"""A stranger's model, file or folder → a Keras model, with everything in it bounded before anything is built.

One door: content tells what a file is. What Keras 3 reads is read: the sizes in a zip are checked before it is
unpacked, the description before Keras sees it, and the arrays before they are loaded. Everything else is refused with
its kind, and with what its owner can do.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.architectures.file_kinds import CONFIG, KINDS, METADATA, WEIGHTS, find_kind
from hubel.architectures.hdf5_files import check_hdf5, opened, read_model_config
from hubel.architectures.keras_config import Description, checked_description
from hubel.backends.framework import keras
from hubel.backends.legacy_keras import load_legacy_weights, make_legacy_model
from hubel.backends.shapes_only import without_weights
from hubel.errors import UnusableInput
from hubel.files import is_folder, is_there
from hubel.text import shortened

MAX_FILE_BYTES = 4_000_000_000
MAX_CONFIG_BYTES = 20_000_000
MAX_MEMBERS = 1000
MAX_RATIO = 200
MAX_PARAMETERS = 1_000_000_000
SMALL_BYTES = 1_000_000
"""Below it a member may be as well compressed as it likes."""

_CURE = "Save it again with model.save('name.keras') in Keras 3."
_LOST = "freshly-initialized weights"
_AGAIN = "Copy or download it again."
_READ = "Hubel reads .keras files and folders and whole models in .h5 files"


@dataclass(frozen=True)
class ForeignArchitecture:
    """A stranger's model without its weights.

    Args:
        model: of shapes only.
        notes: what was left out of it, for the user.
    """

    model: keras.Model
    notes: tuple[str, ...]


def read_foreign(path: Path) -> ForeignArchitecture:
    """The model that a file or folder describes, without its weights: nothing of the network's size is made.

    Raises:
        UnusableInput: nothing there, a kind that Hubel does not read, out of bounds, or with parts that are not Keras'.
    """
    kind = _readable_kind(path)
    with _said_of_keras_2(path, kind):
        description = _described(path, kind)
        with without_weights():
            return ForeignArchitecture(_build(description, path), description.notes)


def load_foreign_model(path: Path) -> keras.Model:
    """The model of a file or folder with its weights.

    Raises:
        UnusableInput: as `read_foreign`; or the weights are missing, do not fit, or cannot be read safely.
    """
    kind = _readable_kind(path)
    if kind == "keras-json":
        raise UnusableInput(f"{path} is {KINDS[kind].title} and holds no weights. {_CURE}")
    with _said_of_keras_2(path, kind):
        description = _described(path, kind)
        with without_weights():
            model = _build(description, path)
        if not model.built:
            raise UnusableInput(
                f"{path} was saved before it was built, so it holds no weights. Begin it with keras.Input((height, "
                "width, channels)), train it, and save it again."
            )
        parameters = model.count_params()
        if parameters > MAX_PARAMETERS:
            raise UnusableInput(f"{path} describes {parameters:,} parameters; Hubel loads up to {MAX_PARAMETERS:,}.")
        with _weights_of(path, kind) as weights:
            with opened(weights) as file:
                held = check_hdf5(file, str(path))
            if parameters > held:  # each parameter takes at least one byte
                text = f"{path} describes {parameters:,} parameters but holds {held:,} bytes of them."
                raise UnusableInput(f"{text} {_CURE}")
            model = _build(description, path)
            _fill(model, weights, path=path, whole=kind == "h5-model")
    return model


def _readable_kind(path: Path) -> str:
    kind = find_kind(path)
    if kind is None and not is_there(path):
        raise UnusableInput(f"There is no file {str(path)!r}.")
    if kind is None and is_folder(path):
        raise UnusableInput(
            f"{path} is a folder without a model: it holds neither {CONFIG} with {METADATA} (an unzipped .keras file) "
            f"nor saved_model.pb. {_READ}."
        )
    if kind is None:
        raise UnusableInput(f"{path} is not a .keras file, nor any other kind of model that Hubel knows. {_READ}.")
    if KINDS[kind].cure:
        raise UnusableInput(f"{path} is {KINDS[kind].title}. {KINDS[kind].cure.replace('{name}', path.name)}")
    if not is_folder(path) and path.stat().st_size > MAX_FILE_BYTES:
        raise UnusableInput(f"{path} has {path.stat().st_size:,} bytes; Hubel reads up to {MAX_FILE_BYTES:,}.")
    return kind


def _described(path: Path, kind: str) -> Description:
    if kind == "h5-model":
        return checked_description(read_model_config(path), f"{path}: its model_config", legacy=True)
    if kind == "keras-json":
        return checked_description(path.read_bytes(), str(path), legacy=True)
    return checked_description(_text_of(path, kind, name=CONFIG), f"{path}: its {CONFIG}", legacy=False)


def _text_of(path: Path, kind: str, *, name: str) -> bytes:
    """One of the JSON documents in a .keras file or folder."""
    if kind == "keras-folder":
        return _member(path, name).read_bytes()
    with _zip(path) as archive:
        return archive.read(name)


def _member(folder: Path, name: str) -> Path:
    """A file right inside a folder, and no link out of it."""
    path = folder / name
    if path.is_symlink():
        raise UnusableInput(f"{path} is a link. Copy the folder with what its links point to: cp -rL {folder} FOLDER.")
    if not path.is_file():
        raise UnusableInput(f"{folder} holds no {name}. {_CURE}")
    most = MAX_CONFIG_BYTES if name != WEIGHTS else MAX_FILE_BYTES
    if path.stat().st_size > most:
        raise UnusableInput(f"{path} has {path.stat().st_size:,} bytes; Hubel reads up to {most:,}.")
    return path


@contextmanager
def _zip(path: Path) -> Generator[zipfile.ZipFile]:
    """The open archive, once the sizes that it states are known to be in bounds."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path)
            yield archive
    except UnusableInput:
        raise
    except Exception as error:  # each way to compress has errors of its own
        raise UnusableInput(f"{path} cannot be unpacked: {_first_line(error)}. {_AGAIN}") from error


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise UnusableInput(f"{path} holds {len(members):,} members; a .keras file has a handful.")
    twice = {member.filename for member in members if member.filename in (CONFIG, METADATA, WEIGHTS)}
    if len(twice) < sum(member.filename in twice for member in members):
        raise UnusableInput(f"{path} holds a member twice, and programs differ in which they read. {_CURE}")
    for member in members:
        if member.filename in (CONFIG, METADATA) and member.file_size > MAX_CONFIG_BYTES:
            text = f"{path}: {member.filename!r} has {member.file_size:,} bytes"
            raise UnusableInput(f"{text}; Hubel reads up to {MAX_CONFIG_BYTES:,}.")
        if member.file_size > max(SMALL_BYTES, MAX_RATIO * member.compress_size):
            text = f"{path}: {member.filename!r} would unpack from {member.compress_size:,} to"
            raise UnusableInput(f"{text} {member.file_size:,} bytes, as only zip bombs do.")


@contextmanager
def _said_of_keras_2(path: Path, kind: str) -> Generator[None]:
    """Say of a file that Keras 2 wrote, and Keras 3 does not open, that this is why."""
    try:
        yield
    except UnusableInput as error:
        version = _keras_2_version(path, kind)
        if version is None:
            raise
        raise UnusableInput(
            f"{path} is {KINDS[kind].title} written by Keras {version}, and Keras 3 does not open it. Where it was "
            f"made, with TensorFlow 2.13 to 2.15: tf.keras.models.load_model({path.name!r}).save('name.h5'). Hubel "
            "reads that .h5 file."
        ) from error


def _keras_2_version(path: Path, kind: str) -> str | None:
    if kind not in ("keras-zip", "keras-folder"):
        return None
    try:
        version = json.loads(_text_of(path, kind, name=METADATA))["keras_version"]
    except (UnusableInput, ValueError, KeyError, TypeError, RecursionError):
        return None
    return version[:20] if isinstance(version, str) and version.startswith("2.") else None


def _build(description: Description, path: Path) -> keras.Model:
    config: dict[str, Any] = deepcopy(description.config)  # Keras takes some apart
    try:
        if description.legacy and "module" not in config:
            model = make_legacy_model(config)
        else:
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # Keras raises whatever its parts raise
        raise UnusableInput(
            f"{path} describes a model that Keras cannot build: {_first_line(error)}. {_CURE}"
        ) from error
    if not isinstance(model, keras.Model):
        raise UnusableInput(f"{path} describes a {type(model).__name__}, not a model. {_CURE}")
    return model


@contextmanager
def _weights_of(path: Path, kind: str) -> Generator[Path]:
    """The HDF5 file with the weights, taken out of its zip for as long as it is needed."""
    if kind == "h5-model":
        yield path
        return
    if kind == "keras-folder":
        yield _member(path, WEIGHTS)
        return
    with tempfile.TemporaryDirectory(prefix="hubel-") as folder:
        weights = Path(folder) / WEIGHTS
        with _zip(path) as archive:
            if WEIGHTS not in archive.namelist():
                raise UnusableInput(f"{path} holds no {WEIGHTS}. {_CURE}")
            with archive.open(WEIGHTS) as inside, weights.open("wb") as outside:
                shutil.copyfileobj(inside, outside, 1 << 20)
        yield weights


def _fill(model: keras.Model, weights: Path, *, path: Path, whole: bool) -> None:
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            if whole:
                with opened(weights) as file:
                    load_legacy_weights(file, model)
            else:
                model.load_weights(weights)
    except UnusableInput:
        raise
    except Exception as error:  # Keras raises whatever its parts raise
        raise UnusableInput(f"{path} cannot be loaded: {_first_line(error)}. {_CURE}") from error
    lost = [str(each.message) for each in said if _LOST in str(each.message) and "_by_depth" not in str(each.message)]
    if lost:  # Keras only warns, and would answer from random weights
        raise UnusableInput(f"{path} lacks weights that its layers need: {shortened(lost[0], 200)} {_CURE}")


def _first_line(error: BaseException) -> str:
    """What went wrong in one line: the innermost of Keras' nested reports, without the advice around it."""
    words = shortened(str(error).rsplit("Exception encountered: ", 1)[-1], 200)
    return (words or type(error).__name__).rstrip(".")
