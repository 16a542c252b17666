"""Parquet in Hugging Face image layout: ``image: {bytes, path}`` and ``label``, one file or a folder of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.formats.class_folders import SPLIT_FOLDERS
from hubel.corpus.trees.folder import read_file
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent

IMAGE_COLUMNS = ("image", "img", "picture", "pixels")
LABEL_COLUMNS = ("label", "labels", "class", "fine_label", "target")


@dataclass(frozen=True)
class ParquetFile:
    """One file: its columns, and the first row of each of its row groups."""

    path: Path
    image_column: str
    group_starts: tuple[int, ...]
    rows: int


@dataclass
class ParquetSource:
    """Reads encoded images row group by row group; only the last group read is held in memory."""

    files: tuple[ParquetFile, ...]
    _held: tuple[tuple[int, int], list[Any]] = field(default=((-1, -1), []), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(self, position: int) -> bytes:
        """The bytes of the image in this row, counted over all files."""
        number = 0
        while position >= self.files[number].rows:
            position -= self.files[number].rows
            number += 1
        file = self.files[number]
        group = max(index for index, start in enumerate(file.group_starts) if start <= position)
        with self._lock:
            if self._held[0] != (number, group):
                self._held = ((number, group), _read_images(file, group))
            cell = self._held[1][position - file.group_starts[group]]
        return _image_bytes(cell, file.path.parent)


def _read_images(file: ParquetFile, group: int) -> list[Any]:
    try:
        with pq.ParquetFile(file.path, memory_map=True) as opened:
            return opened.read_row_group(group, columns=[file.image_column]).column(0).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UnreadableImage("vanished", f"its Parquet file cannot be read any more: {error}") from error


def _image_bytes(cell: object, folder: Path) -> bytes:
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, dict):
        if isinstance(cell.get("bytes"), bytes):
            return cell["bytes"]
        if isinstance(cell.get("path"), str):
            path = (folder / cell["path"]).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise UnreadableImage(
                    "link-outside", "its path leaves the corpus: copy the picture beside the Parquet file"
                )
            return read_file(path)
    raise UnreadableImage("empty", "the row holds no image: neither bytes nor a path")


def matches(path: Path) -> bool:
    """A .parquet file, or a folder with some in it or in its ``data`` folder."""
    return bool(_parquet_paths(path))


def read(path: Path, on_event: OnEvent) -> Corpus:  # noqa: ARG001  (listing takes no time)
    """List the rows of every file; no image is read yet.

    The split of a file is the first word of its name (``train-00000-of-00001.parquet``) or its folder's.

    Raises:
        UnusableCorpus: a damaged file, or one without an image or a label column, named.
    """
    found: list[Found] = []
    files = []
    root = path if path.is_dir() else path.parent
    for file in _parquet_paths(path):
        relative = file.relative_to(root).as_posix()
        try:
            with pq.ParquetFile(file, memory_map=True) as opened:
                listed, class_names = _list_file(file, opened)
        except (OSError, pa.ArrowException) as error:
            raise UnusableCorpus(f"{file} is damaged ({str(error).splitlines()[0]}): download it again.") from error
        files.append(listed)
        split = _split_of(file)
        found += [Found(f"{relative}#{row:07d}", name, split) for row, name in enumerate(class_names)]
    if all(each.split != "train" for each in found):
        found = [each._replace(split=None) for each in found]
    return make_corpus(str(path), "hugging-face", found, source=ParquetSource(tuple(files)))


def _parquet_paths(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() == ".parquet" else []
    return sorted(path.glob("*.parquet")) or sorted(path.glob("data/*.parquet"))


def _split_of(path: Path) -> str | None:
    word = re.match(r"[a-z]+", path.name.lower())
    return SPLIT_FOLDERS.get(word.group() if word else "") or SPLIT_FOLDERS.get(path.parent.name.lower())


def _list_file(path: Path, opened: pq.ParquetFile) -> tuple[ParquetFile, list[str]]:
    schema = opened.schema_arrow
    features = _features(schema)
    image = _column(path, schema, features, "Image", IMAGE_COLUMNS)
    label = _column(path, schema, features, "ClassLabel", LABEL_COLUMNS)
    names = features.get(label, {}).get("names")
    labels = opened.read(columns=[label]).column(0).to_pylist()
    starts = tuple(_group_starts(opened))
    return ParquetFile(path, image, starts, opened.metadata.num_rows), [
        _class_name(path, value, names) for value in labels
    ]


def _group_starts(opened: pq.ParquetFile) -> Iterator[int]:
    sizes = [opened.metadata.row_group(index).num_rows for index in range(opened.num_row_groups)]
    yield from accumulate(sizes[:-1], initial=0)


def _class_name(path: Path, value: object, names: list[str] | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and names is not None and 0 <= value < len(names):
        return names[value]
    if isinstance(value, int) and names is None:
        return str(value)
    raise UnusableCorpus(
        f"{path} has the label {value!r}, which is no class of its own list: correct the label column."
    )


def _features(schema: pa.Schema) -> dict[str, Any]:
    """What the ``datasets`` library wrote about the columns; empty where it did not."""
    try:
        described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = described["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) else {}


def _column(path: Path, schema: pa.Schema, features: dict[str, Any], kind: str, usual: tuple[str, ...]) -> str:
    typed = [name for name in schema.names if features.get(name, {}).get("_type") == kind]
    named = [name for name in usual if name in schema.names]
    if not typed and not named:
        raise UnusableCorpus(
            f"{path} has the columns {', '.join(schema.names)}; none of them is {' or '.join(usual)}. "
            "Rename the column that holds it."
        )
    return (typed or named)[0]
