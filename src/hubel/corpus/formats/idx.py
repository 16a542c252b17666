"""IDX files, as MNIST and its relatives come: images and labels in a file each, plain or compressed with gzip."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.formats.arrays_in_memory import ArraySource
from hubel.corpus.formats.image_tables import side_files
from hubel.corpus.formats.table_columns import usable_splits
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.corpus.trees.folder import paths_in
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent
from hubel.text import first_line

NAME = re.compile(
    r"(?P<set>.*[-_])?(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx[134]-ubyte(?P<packed>\.gz)?",
    re.IGNORECASE,
)
"""``train-images-idx3-ubyte``, ``t10k-labels.idx1-ubyte.gz``, ``emnist-letters-test-images-idx3-ubyte.gz`` ..."""

MOST_BYTES = 16_000_000_000
GZIP_RATIO = 1032
"""Deflate makes nothing smaller than this: a file that promises more lies."""

UINT8 = 8
GZIP_MAGIC = b"\x1f\x8b"
AGAIN = "download it again"


_Stream: TypeAlias = BinaryIO | gzip.GzipFile


class IdxPart(NamedTuple):
    """Two files that belong together."""

    name: str
    images: Path
    labels: Path


def matches(path: Path) -> bool:
    """A folder with a file of IDX images, or such a file; by name."""
    return any(_is_images(each.name) for each in (paths_in(path) if path.is_dir() else [path]))


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """Read images and labels; the name of a class is its number as text. Plain files stay on disk, mapped into memory.

    ``train-images...`` gives the training part, ``t10k-images...`` or ``test-images...`` the test part.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a missing, damaged or cut-off file, named, or one with something other than images.
    """
    found: list[Found] = []
    arrays = []
    parts = _parts(path)
    for part in parts:
        images = _read_array(part.images, (3, 4))
        labels = _read_array(part.labels, (1,))
        _check_fit(part, images, labels=labels)
        arrays.append(images)
        split = SPLIT_FOLDERS.get(part.name, "test")
        name = part.images.name
        found += [Found(f"{name}[{row:07d}]", str(label), split) for row, label in enumerate(labels.tolist())]
    found, notes = usable_splits(found)
    used = [file.name for part in parts for file in (part.images, part.labels)]
    others = side_files(path, used) if path.is_dir() else []
    return make_corpus(str(path), "idx", found=found, source=ArraySource(tuple(arrays)), left_out=others, notes=notes)


def _is_images(name: str) -> bool:
    fields = NAME.fullmatch(name)
    return fields is not None and fields["kind"].lower() == "images"


def _parts(path: Path) -> list[IdxPart]:
    """The parts in a folder, or the one of the file that is named."""
    folder = path if path.is_dir() else path.parent
    names = [each.name for each in paths_in(folder)]  # a plain file comes before the same one compressed
    images = [name for name in names if _is_images(name)] if path.is_dir() else [path.name]
    first: dict[tuple[str, str], str] = {}
    for name in images:
        first.setdefault(_key(name), name)
    sets = sorted({key[0] for key in first})
    if len(sets) > 1:
        raise UnusableCorpus(
            f"{path} holds several sets of IDX files ({', '.join(repr(each.strip('-_')) for each in sets)}): put each "
            f"into a folder of its own, or name one of the files with images, such as {path / images[0]}"
        )
    return [IdxPart(key[1], folder / name, folder / _labels_of(folder / name, names)) for key, name in first.items()]


def _key(name: str) -> tuple[str, str]:
    """Set and part that a name speaks of."""
    fields = NAME.fullmatch(name)
    return ((fields["set"] or "").lower(), fields["part"].lower()) if fields else ("", "")


def _labels_of(images: Path, names: Sequence[str]) -> str:
    fits = [name for name in names if NAME.fullmatch(name) and not _is_images(name) and _key(name) == _key(images.name)]
    if not fits:
        wanted = re.sub("images([-.])idx[34]", r"labels\1idx1", images.name, flags=re.IGNORECASE)
        raise UnusableCorpus(f"{images} has no labels: {wanted} is not beside it. Copy it there.")
    return fits[0]


def _check_fit(part: IdxPart, images: np.ndarray, *, labels: np.ndarray) -> None:
    if images.ndim == 4 and images.shape[-1] not in (1, 3):
        shape = " x ".join(map(str, images.shape))
        raise UnusableCorpus(f"{part.images} must hold images with 1 or 3 channels, channels last. It is {shape}.")
    if len(images) != len(labels):
        raise UnusableCorpus(
            f"{part.images} holds {len(images):,} images, but {part.labels.name} {len(labels):,} labels: they do "
            "not belong together. Download both again."
        )


def _read_array(path: Path, ranks: tuple[int, ...]) -> np.ndarray:
    """uint8, of the shape that the header states; the file's size is checked against it first.

    Raises:
        UnusableCorpus: it is no such file, or its size is not what its header says.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC  # the content decides: browsers unpack files and keep their names
        size = path.stat().st_size
        if packed:
            with gzip.open(path) as file:
                shape = _read_shape(path, file, ranks=ranks, most=size * GZIP_RATIO)
                return _unpack(path, file, shape=shape)
        with path.open("rb") as file:
            shape = _read_shape(path, file, ranks=ranks, most=size)
            start = file.tell()
        _check_size(path, size - start, shape=shape)
        return np.memmap(path, np.uint8, mode="r", offset=start, shape=shape)
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableCorpus(f"{path} is damaged or cut off ({first_line(error)}): {AGAIN}.") from error


def _read_shape(path: Path, file: _Stream, *, ranks: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The sizes in the header: two zeros, a byte for the type, one for the number of axes, four for each axis."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0":
        shown = start.hex(" ") or "nothing"
        raise UnusableCorpus(
            f"{path} is not an IDX file: it begins with {shown}, not with 00 00 08. {AGAIN.capitalize()}."
        )
    if start[2] != UINT8:
        raise UnusableCorpus(f"{path} holds numbers of type {start[2]:#04x}; Hubel reads bytes (0x08): convert it.")
    if start[3] not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise UnusableCorpus(f"{path} has {start[3]} axes, not {wanted}: is it another file, renamed?")
    sizes = file.read(4 * start[3])
    if len(sizes) < 4 * start[3]:
        raise UnusableCorpus(f"{path} ends within its header: {AGAIN}.")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    if 0 in shape:
        said = " x ".join(map(str, shape))
        raise UnusableCorpus(f"{path} holds nothing: its header says {said}. {AGAIN.capitalize()}.")
    if math.prod(shape) > min(most, MOST_BYTES):
        raise UnusableCorpus(
            f"{path} is cut off or damaged: its header says {math.prod(shape):,} bytes, more than the file can hold. "
            f"{AGAIN.capitalize()}."
        )
    return shape


def _unpack(path: Path, file: _Stream, *, shape: tuple[int, ...]) -> np.ndarray:
    values = bytearray()
    wanted = math.prod(shape)
    while len(values) <= wanted and (block := file.read(min(1 << 20, wanted + 1 - len(values)))):
        values += block
    _check_size(path, len(values), shape=shape)
    return np.frombuffer(values, np.uint8).reshape(shape)


def _check_size(path: Path, size: int, *, shape: tuple[int, ...]) -> None:
    wanted = math.prod(shape)
    if size != wanted:
        what = f"has {size:,} bytes" if size < wanted else "has more"
        raise UnusableCorpus(
            f"{path} is damaged or cut off: its header says {' x '.join(map(str, shape))} = {wanted:,} bytes, and it "
            f"{what} after the header. {AGAIN.capitalize()}."
        )
