"""HDF5 files of a stranger: which kind they are, and what makes them safe to read.

A file may link to other files, declare arrays that its bytes do not hold, or repeat one long string a million times:
every object in it is looked at before Keras reads an array.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import h5py

from hubel.errors import UnusableInput
from hubel.text import shortened

MAX_CONFIG_BYTES = 20_000_000
MAX_OBJECTS = 200_000
MAX_DEPTH = 60
MAX_RATIO = 200
MAX_ARRAY_BYTES = 4_000_000_000
SMALL_BYTES = 1_000_000
"""Below it an array may be as well compressed as it likes."""

_TEXTS, _TEXT_HEADER = b"GCOL\x01", 16
_AGAIN = "Copy or download it again."


def hdf5_kind(path: Path) -> str:
    """The name in `hubel.architectures.file_kinds.KINDS` of an HDF5 file."""
    try:
        with h5py.File(path, "r") as file:
            if "model_config" in file.attrs:
                return "h5-model"
            if "layer_names" in file.attrs or "layer_names" in _attributes_of(file, "model_weights"):
                return "h5-weights"
            names = set(file)
    except Exception:  # noqa: BLE001  (HDF5 raises whatever its damaged parts lead to)
        return "broken-hdf5"
    return "keras-weights" if names & {"layers", "_layer_checkpoint_dependencies", "vars"} else "hdf5"


def _attributes_of(file: h5py.File, name: str) -> set[str]:
    return set(file[name].attrs) if file.get(name, getlink=True, getclass=True) is h5py.HardLink else set()


def read_model_config(path: Path) -> bytes:
    """The ``model_config`` of a whole model's file.

    Raises:
        UnusableInput: it is not text, or too long.
    """
    with opened(path) as file:
        attribute = file.attrs.get_id("model_config")
        if attribute.shape != () or attribute.get_storage_size() > MAX_CONFIG_BYTES:
            raise UnusableInput(f"{path}: its model_config is not text of at most {MAX_CONFIG_BYTES:,} bytes. {_AGAIN}")
        text = file.attrs["model_config"]
    data = text.encode() if isinstance(text, str) else bytes(text)
    if len(data) > MAX_CONFIG_BYTES:
        raise UnusableInput(
            f"{path}: its model_config has {len(data):,} bytes; Hubel reads up to {MAX_CONFIG_BYTES:,}."
        )
    return data


@contextmanager
def opened(path: Path) -> Generator[h5py.File]:
    """The open file; what goes wrong while it is read becomes an error about the file.

    Raises:
        UnusableInput: the file cannot be read.
    """
    try:
        _longest_text(path)
        with h5py.File(path, "r") as file:
            yield file
    except UnusableInput:
        raise
    except Exception as error:  # HDF5 raises whatever its damaged parts lead to
        words = (shortened(str(error), 200) or type(error).__name__).rstrip(".")
        raise UnusableInput(f"{path} cannot be read: {words}. {_AGAIN}") from error


def check_hdf5(file: h5py.File, said: str) -> int:
    """The bytes of all arrays in a file, once each object is known to be safe to read.

    Args:
        file: open for reading.
        said: what messages call the file.

    Raises:
        UnusableInput: an object that leads out of the file, promises more than it holds, or is not an array of numbers.
    """
    waiting: list[tuple[h5py.Group, int]] = [(file, 1)]
    seen: set[h5py.Group | h5py.Dataset] = set()
    held = 0
    longest = _longest_text(Path(file.filename))
    while waiting:
        group, depth = waiting.pop()
        _check_attributes(group, said, longest=longest)
        for name in group:
            if len(seen) >= MAX_OBJECTS or depth > MAX_DEPTH:
                raise UnusableInput(f"{said} nests or holds more objects than any Keras model.")
            item = _linked(group, name, said=said)
            if item in seen:
                continue
            seen.add(item)
            if isinstance(item, h5py.Group):
                waiting.append((item, depth + 1))
            else:
                held += _checked_array(item, said, longest=longest)
    if held > MAX_ARRAY_BYTES:
        raise UnusableInput(f"{said} holds {held:,} bytes of arrays; Hubel reads up to {MAX_ARRAY_BYTES:,}.")
    return held


def _linked(group: h5py.Group, name: str, *, said: str) -> h5py.Group | h5py.Dataset:
    where = _where(group, name)
    if group.get(name, getlink=True, getclass=True) is not h5py.HardLink:
        raise UnusableInput(f"{said}: {where} is a link to another place; a Keras model has no links.")
    item = group[name]
    if not isinstance(item, h5py.Group | h5py.Dataset):
        raise UnusableInput(f"{said}: {where} is not an array; a Keras model holds nothing else.")
    return item


def _checked_array(array: h5py.Dataset, said: str, *, longest: int) -> int:
    where = _where(array, "")
    _check_attributes(array, said, longest=longest)
    if array.external or array.is_virtual:
        raise UnusableInput(f"{said}: {where} keeps its numbers in another file; a Keras model holds them itself.")
    if array.dtype.hasobject:
        raise UnusableInput(f"{said}: {where} is not an array of numbers.")
    declared, stored = math.prod(array.shape or ()) * array.dtype.itemsize, array.id.get_storage_size()
    if declared > max(SMALL_BYTES, MAX_RATIO * stored):
        raise UnusableInput(
            f"{said}: {where} promises {declared:,} bytes and holds {stored:,}, as only decompression bombs do."
        )
    return declared


def _check_attributes(item: h5py.Group | h5py.Dataset, said: str, *, longest: int) -> None:
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        many = math.prod(attribute.shape or ())
        held = many * attribute.dtype.itemsize
        if attribute.dtype.hasobject:  # texts, each of which may lie in the same place of the file
            held = many * longest
        if held > MAX_ARRAY_BYTES:
            where = _where(item, "")
            raise UnusableInput(f"{said}: the attribute {name[:80]!r} of {where} promises more than Hubel reads.")


def _longest_text(path: Path) -> int:
    """Bytes of the longest text in a file, all of whose collections of texts are known to be sound.

    The HDF5 library reads one that leads nowhere for ever. Source: HDF5 file format, version 3, III.E, "global heap".
    """
    longest, start = 0, 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        while (start := data.find(_TEXTS, start)) >= 0:
            place, end = start + 16, start + int.from_bytes(data[start + 8 : start + 16], "little")
            while end - place >= _TEXT_HEADER <= len(data) - place:
                index = int.from_bytes(data[place : place + 2], "little")
                size = int.from_bytes(data[place + 8 : place + 16], "little")
                step = size if index == 0 else _TEXT_HEADER + (size + 7) // 8 * 8  # 0 is what is free, with its header
                if step < _TEXT_HEADER or step > end - place:
                    raise UnusableInput(f"{path} is a damaged or incomplete HDF5 file. {_AGAIN}")
                longest = max(longest, size if index else 0)
                place += step
            start += len(_TEXTS)
    return longest


def _where(item: h5py.Group | h5py.Dataset, name: str) -> str:
    return repr("/".join(part for part in ((item.name or "").strip("/"), name) if part)[:120])
