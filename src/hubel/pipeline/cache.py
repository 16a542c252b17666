"""Decode once: a corpus' images as one uint8 array on disk, keyed by their content and the preprocessing.

An entry is a folder ``images/<key>`` with ``pixels.bin`` and ``index.json``. It appears by one rename, never
changes, and carries a checksum: a torn or altered one is decoded again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.arrays import Image, Images
from hubel.corpus.corpus import Corpus, refused_row, without
from hubel.errors import OutputNotWritable, UnreadableImage
from hubel.events import OnEvent, Progress, ignore
from hubel.files import written_folder
from hubel.images.preprocessing import Preprocessing, prepare_image, read_pixels

FORMAT = 1
MAX_CACHE_BYTES = 20_000_000_000
_CHUNK = 256
"""Images decoded before they are written: bounds memory to a few of these."""


@dataclass(frozen=True)
class DecodedCorpus:
    """A corpus and its pixels.

    Args:
        corpus: less what could not be decoded.
        images: uint8 [examples, height, width, 3], mapped from disk, in the corpus' order.
        digests: SHA-256 of each example's file.
        preprocessing: how the pixels were made.
    """

    corpus: Corpus
    images: Images
    digests: tuple[str, ...]
    preprocessing: Preprocessing


def cache_folder() -> Path:
    """Where decoded images are kept: ``$HUBEL_CACHE``, else the system's place for caches. Safe to delete."""
    if os.environ.get("HUBEL_CACHE"):
        return Path(os.environ["HUBEL_CACHE"])
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "hubel"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubel"


def decode_corpus(
    corpus: Corpus, preprocessing: Preprocessing, *, folder: Path | None = None, on_event: OnEvent = ignore
) -> DecodedCorpus:
    """Decode every example, or find them decoded.

    Args:
        corpus: what `read_corpus` listed.
        preprocessing: the working size and how to reach it.
        folder: the cache; `cache_folder` by default.
        on_event: hears `Progress`.

    Returns:
        The pixels, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """
    root = (folder or cache_folder()) / "images"
    digests = list(_digests(corpus, on_event))
    key = _key(digests, preprocessing)
    entry = _open_entry(root / key, preprocessing)
    if entry is None:
        try:
            with written_folder(root / key, durable=False) as temporary:
                _write_entry(temporary, corpus, preprocessing, digests, on_event)
        except OutputNotWritable as error:
            raise OutputNotWritable(
                f"{error} That is the cache of decoded images: set HUBEL_CACHE to a folder with room."
            ) from error
        _prune(root, keep=key)
        entry = _open_entry(root / key, preprocessing)
    if entry is None:
        raise OutputNotWritable(f"The cache entry {root / key} was changed while it was written: start again.")
    images, refused = entry
    rows = {index: refused_row(corpus, index, *reason) for index, reason in refused.items()}
    kept = tuple(digest for index, digest in enumerate(digests) if index not in refused)
    return DecodedCorpus(without(corpus, rows), images, kept, preprocessing)


def _digests(corpus: Corpus, on_event: OnEvent) -> Iterator[str]:
    """SHA-256 of each example's content; of a file that cannot be read, that of the reason why."""

    def digest(index: int) -> str:
        try:
            return _digest(corpus.read(index))
        except UnreadableImage as error:
            return hashlib.sha256(
                f"{error.code}\0{corpus.examples[index].path}".encode("utf-8", "surrogateescape")
            ).hexdigest()

    yield from _in_order(digest, len(corpus), "checking files", on_event)


def _digest(content: bytes | Image) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(str(content.shape).encode() + content.tobytes()).hexdigest()


def _in_order(work: Any, count: int, stage: str, on_event: OnEvent) -> Iterator[Any]:
    """``work(0)``, ``work(1)`` ... on every core, in order, a chunk at a time."""
    part = 16  # a task of several images: handing over one small image costs as much as decoding it

    def several(start: int, stop: int) -> list[Any]:
        return [work(index) for index in range(start, stop)]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, count, _CHUNK):
            stop = min(count, start + _CHUNK)
            starts = range(start, stop, part)
            for results in pool.map(several, starts, [min(stop, each + part) for each in starts]):
                yield from results
            on_event(Progress(stage, stop, count))


def _key(digests: Sequence[str], preprocessing: Preprocessing) -> str:
    what = json.dumps([FORMAT, preprocessing.to_json(), list(digests)], sort_keys=True)
    return hashlib.sha256(what.encode()).hexdigest()


def _write_entry(
    folder: Path, corpus: Corpus, preprocessing: Preprocessing, digests: Sequence[str], on_event: OnEvent
) -> None:
    def decode(index: int) -> Image | UnreadableImage:
        try:
            content = corpus.read(index)
            if _digest(content) != digests[index]:
                return UnreadableImage("changed", "the file changed while the corpus was read: start again")
            if isinstance(content, bytes):
                return read_pixels(content, preprocessing)
            return prepare_image(content, preprocessing)
        except UnreadableImage as error:
            return error

    refused: dict[int, tuple[str, str]] = {}
    checksum = 0
    with (folder / "pixels.bin").open("wb") as file:
        for index, result in enumerate(_in_order(decode, len(corpus), "decoding", on_event)):
            if isinstance(result, UnreadableImage):
                refused[index] = (result.code, result.reason)
            else:
                data = result.tobytes()
                checksum = zlib.crc32(data, checksum)
                file.write(data)
    count = len(corpus) - len(refused)
    document = {"format": FORMAT, "count": count, "crc32": checksum, "refused": {str(k): v for k, v in refused.items()}}
    (folder / "index.json").write_text(json.dumps(document))


def _open_entry(path: Path, preprocessing: Preprocessing) -> tuple[Images, dict[int, tuple[str, str]]] | None:
    """An entry's pixels and refusals; None where it is missing, torn or altered."""
    try:
        document = json.loads((path / "index.json").read_text())
        refused = {int(index): (code, reason) for index, (code, reason) in document["refused"].items()}
        shape = (document["count"], preprocessing.height, preprocessing.width, 3)
        if document["format"] != FORMAT or (path / "pixels.bin").stat().st_size != np.prod(shape):
            return None
        if document["count"] == 0:
            return np.zeros(shape, np.uint8), refused
        if _checksum(path / "pixels.bin") != document["crc32"]:
            return None
        images = np.memmap(path / "pixels.bin", np.uint8, mode="r", shape=shape)
        os.utime(path / "index.json")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return images, refused


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _prune(root: Path, *, keep: str) -> None:
    """Delete the entries unused for longest until the cache fits its limit."""
    entries = []
    for path in root.iterdir():
        if len(path.name) == len(keep) and (path / "index.json").is_file():
            size = sum(file.stat().st_size for file in path.iterdir())
            entries.append((path.name != keep, (path / "index.json").stat().st_mtime, size, path))
    total = sum(size for _, _, size, _ in entries)
    for other, _, size, path in sorted(entries, key=lambda entry: entry[1]):
        if other and total > MAX_CACHE_BYTES:
            shutil.rmtree(path, ignore_errors=True)
            total -= size
