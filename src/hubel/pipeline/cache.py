"""What was computed of a corpus' pictures, kept on disk under a key of their content.

An entry is a folder ``<kind>/<key>`` with ``data.bin`` and ``index.json``. It appears by one rename, never changes, and
carries a checksum: a torn or altered one is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.arrays import Image
from hubel.corpus.corpus import Corpus
from hubel.errors import OutputNotWritable, UnreadableImage
from hubel.events import OnEvent
from hubel.files import TEMPORARY_PREFIX, cache_folder, written_folder
from hubel.pipeline.parallel import in_order

FORMAT = 2
MAX_CACHE_BYTES = 20_000_000_000
DATA, INDEX = "data.bin", "index.json"
ABANDONED_S = 24 * 3600.0
"""A half-written entry that has not changed for so long has nobody who writes it."""


@dataclass(frozen=True)
class Entry:
    """A cache entry that was found whole.

    Args:
        data: all its rows, mapped from disk.
        refused: place in the corpus → (code, reason), of what could not be computed.
    """

    data: np.ndarray
    refused: dict[int, tuple[str, str]]


@dataclass(frozen=True)
class Kind:
    """What an entry holds.

    Args:
        name: of its folder in the cache.
        dtype: of one row's numbers.
        shape: of one row.
        version: what it depends on besides the pictures; as JSON a part of the key.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    version: Any


def compute_digests(corpus: Corpus, on_event: OnEvent) -> Iterator[str]:
    """SHA-256 of each example's content; of a file that cannot be read, that of the reason why."""

    def digest(index: int) -> str:
        try:
            return digest_of(corpus.read(index))
        except UnreadableImage as error:
            reason = f"{error.code}\0{corpus.examples[index].path}"
            return hashlib.sha256(reason.encode("utf-8", "surrogateescape")).hexdigest()

    def several(places: Iterable[int]) -> list[str]:
        return [digest(index) for index in places]

    yield from in_order(several, len(corpus), "checking files", on_event)


def digest_of(content: bytes | Image) -> str:
    """SHA-256 of a file's bytes, or of the shape and pixels of an image that never was a file."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(str(content.shape).encode() + content.tobytes()).hexdigest()


def computed_rows(
    corpus: Corpus,
    digests: Sequence[str],
    kind: Kind,
    compute: Callable[[Iterable[bytes | Image | UnreadableImage]], Sequence[np.ndarray | UnreadableImage]],
    *,
    stage: str,
    on_event: OnEvent,
) -> Entry:
    """One row for each example that can be read: found in the cache, or computed on every core and kept.

    Args:
        corpus: whose pictures.
        digests: of its examples; one that has changed since is refused.
        kind: what is computed.
        compute: several contents → a row for each; a fault for what cannot be read, or was none.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """

    def content(index: int) -> bytes | Image | UnreadableImage:
        try:
            found = corpus.read(index)
        except UnreadableImage as error:
            return error
        if digest_of(found) != digests[index]:
            return UnreadableImage("changed", "the file changed while the corpus was read: start again")
        return found

    def rows(places: Iterable[int]) -> Sequence[np.ndarray | UnreadableImage]:
        return compute(content(index) for index in places)

    return kept(digests, kind, lambda: in_order(rows, len(corpus), stage, on_event))


def kept(digests: Sequence[str], kind: Kind, make_rows: Callable[[], Iterable[np.ndarray | UnreadableImage]]) -> Entry:
    """The entry for these contents; made by ``make_rows`` where it is missing, torn or altered.

    Raises:
        OutputNotWritable: the cache cannot be written.
    """
    root = cache_folder() / kind.name
    key = _key(digests, kind)
    entry = _open(root / key, kind)
    if entry is None:
        try:
            with written_folder(root / key, durable=False) as temporary:
                _write(temporary, make_rows())
        except OutputNotWritable as error:
            raise OutputNotWritable(
                f"{error} That is the cache of decoded images: set HUBEL_CACHE to a folder with room."
            ) from error
        _prune(root.parent, keep=root / key)
        entry = _open(root / key, kind)
    if entry is None:
        raise OutputNotWritable(f"The cache entry {root / key} was changed while it was written: start again.")
    return entry


def _key(digests: Sequence[str], kind: Kind) -> str:
    what = json.dumps([FORMAT, kind.version, list(kind.shape), list(digests)], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()


def _write(folder: Path, rows: Iterable[np.ndarray | UnreadableImage]) -> None:
    refused: dict[str, tuple[str, str]] = {}
    checksum = count = 0
    with (folder / DATA).open("wb") as file:
        for index, row in enumerate(rows):
            if isinstance(row, UnreadableImage):
                refused[str(index)] = (row.code, row.reason)
                continue
            data = row.tobytes()
            checksum = zlib.crc32(data, checksum)
            file.write(data)
            count += 1
    document = {"format": FORMAT, "count": count, "crc32": checksum, "refused": refused}
    (folder / INDEX).write_text(json.dumps(document))


def _open(path: Path, kind: Kind) -> Entry | None:
    """An entry; None where it is missing, torn or altered."""
    try:
        document = json.loads((path / INDEX).read_text())
        refused = {int(index): (code, reason) for index, (code, reason) in document["refused"].items()}
        shape = (document["count"], *kind.shape)
        if document["format"] != FORMAT or (path / DATA).stat().st_size != np.prod(shape) * kind.dtype.itemsize:
            return None
        if document["count"] == 0:
            return Entry(np.zeros(shape, kind.dtype), refused)
        if _checksum(path / DATA) != document["crc32"]:
            return None
        data = np.memmap(path / DATA, kind.dtype, mode="r", shape=shape)
        os.utime(path / INDEX)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Entry(data, refused)


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _prune(root: Path, *, keep: Path) -> None:
    """Delete the entries unused for longest until the cache fits its limit, and what killed processes left behind."""
    for left in root.glob(f"*/{TEMPORARY_PREFIX}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    entries = []
    for index in root.glob(f"*/*/{INDEX}"):
        if len(index.parent.name) == len(keep.name):
            size = sum(file.stat().st_size for file in index.parent.iterdir())
            entries.append((index.stat().st_mtime, size, index.parent))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if path != keep and total > MAX_CACHE_BYTES:
            shutil.rmtree(path, ignore_errors=True)
            total -= size
