"""Arrays as a corpus: an .npz file, and the built-in digits."""

from __future__ import annotations

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hubel.arrays import Image
from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent
from hubel.text import first_line

LAYOUTS = {
    "train": ("x_train", "y_train"),
    "validation": ("x_validation", "y_validation"),
    "test": ("x_test", "y_test"),
}

MOST_BYTES = 16_000_000_000
"""Of all arrays together. A high ratio of compression alone is no fault: constant images compress well."""


@dataclass(frozen=True)
class ArraySource:
    """Reads images from arrays that lie one behind the other."""

    parts: tuple[np.ndarray, ...]

    def read(self, position: int) -> Image:
        """uint8 [height, width, 3]."""
        for part in self.parts:
            if position < len(part):
                return to_rgb(part[position])
            position -= len(part)
        raise IndexError(position)


def to_rgb(values: np.ndarray) -> Image:
    """uint8 [height, width] or [height, width, 1 or 3] → uint8 [height, width, 3]."""
    grey = values[..., None] if values.ndim == 2 else values
    return np.ascontiguousarray(np.broadcast_to(grey, (*grey.shape[:2], 3)))


def matches(path: Path) -> bool:
    """By the name's ending."""
    return path.suffix.lower() == ".npz"


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """Read ``x_train, y_train[, x_test, y_test]`` or ``x, y`` from an .npz file.

    Images: uint8 [n, height, width] or [n, height, width, 1 or 3]. Labels: [n] or [n, 1], whole numbers or names;
    ``class_names`` may give the names of numbered classes.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a missing, damaged or ill-shaped array, named.
    """
    arrays = _load(path)
    if "x" in arrays and "y" in arrays:
        layout = {None: ("x", "y")}
    else:
        layout = {split: pair for split, pair in LAYOUTS.items() if pair[0] in arrays and pair[1] in arrays}
    if not layout or (None not in layout and "train" not in layout):
        found = ", ".join(sorted(arrays)) or "(none)"
        raise UnusableCorpus(f"{path} has the arrays {found}; it needs x_train and y_train, or x and y.")
    names = _checked_names(path, arrays["class_names"]) if "class_names" in arrays else None
    examples: list[Found] = []
    parts = []
    for split, (images, labels) in layout.items():
        parts.append(_checked_images(path, images, images=arrays[images]))
        classes = _checked_labels(path, labels, labels=arrays[labels], count=len(parts[-1]), names=names)
        examples += [Found(f"{images}[{row:07d}]", name, split) for row, name in enumerate(classes)]
    return make_corpus(str(path), "npz", found=examples, source=ArraySource(tuple(parts)))


def read_digits() -> Corpus:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels; it comes with the package, nothing is downloaded."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  (takes a second, and only this corpus needs it)

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    found = [Found(f"digits[{row:04d}]", str(label)) for row, label in enumerate(digits.target)]
    return make_corpus("digits", "digits", found=found, source=ArraySource((images,)))


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the file, by name; no array is allocated before the sizes of all are known."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            declared = [_declared_bytes(archive, member) for member in members]
        _check_sizes(path, members, declared=declared)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in (member.filename.removesuffix(".npy") for member in members)}
    except MemoryError as error:
        raise UnusableCorpus(f"{path} needs more memory than there is: save smaller images.") from error
    except _DAMAGE as error:
        raise UnusableCorpus(f"{path} cannot be read as .npz ({first_line(error)}): save it again.") from error


_DAMAGE = (
    OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError, SyntaxError, tokenize.TokenError, struct.error,
    zlib.error, lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip
"""What zipfile and NumPy raise on damaged files; NumPy parses the header of an array as Python."""


def _declared_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """What an array takes in memory by its own header; 0 where that is not known before it is read."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    with archive.open(member) as file:
        read_header = readers.get(np.lib.format.read_magic(file))
        shape, _, dtype = read_header(file) if read_header else ((), None, np.dtype(object))
    return 0 if dtype.hasobject else math.prod(shape) * dtype.itemsize


def _check_sizes(path: Path, members: Sequence[zipfile.ZipInfo], *, declared: Sequence[int]) -> None:
    sizes = [max(size, member.file_size) for member, size in zip(members, declared, strict=True)]
    if sum(sizes) > MOST_BYTES:
        raise UnusableCorpus(
            f"{path} says that its arrays have {sum(sizes):,} bytes; the limit is {MOST_BYTES:,}. Save smaller images, "
            "or write them as files into class folders."
        )
    for member, size in zip(members, declared, strict=True):
        if size > member.file_size:
            raise UnusableCorpus(
                f"{path} is damaged: {member.filename} says that it has {size:,} bytes, and has {member.file_size:,}. "
                "Save it again."
            )


def _checked_names(path: Path, names: np.ndarray) -> list[str]:
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise UnusableCorpus(
            f"{path}: class_names must be a list of names. Received: {names.dtype} {list(names.shape)}."
        )
    return _texts(names)


def _texts(values: np.ndarray) -> list[str]:
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]


def _checked_images(path: Path, name: str, *, images: np.ndarray) -> np.ndarray:
    channels_fit = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in (1, 3))
    if images.dtype != np.uint8 or not channels_fit or 0 in images.shape:
        raise UnusableCorpus(
            f"{path}: {name} must be uint8 [n, height, width] or [n, height, width, 1 or 3]. "
            f"Received: {images.dtype} {list(images.shape)}. Scale floats to 0 to 255 and convert: .astype('uint8')."
        )
    return images


def _checked_labels(path: Path, name: str, *, labels: np.ndarray, count: int, names: Sequence[str] | None) -> list[str]:
    flat = labels.reshape(-1) if labels.size == count else labels
    if flat.shape != (count,) or flat.dtype.kind not in "iuUS":
        raise UnusableCorpus(
            f"{path}: {name} must hold {count} whole numbers or names, one for each image. "
            f"Received: {labels.dtype} {list(labels.shape)}."
        )
    if flat.dtype.kind in "US":
        return _texts(flat)
    if names is None:
        return [str(int(value)) for value in flat]
    if flat.min() < 0 or flat.max() >= len(names):
        raise UnusableCorpus(f"{path}: {name} has the label {int(flat.max())}, but class_names has {len(names)} names.")
    return [names[int(value)] for value in flat]
