"""What was computed of a corpus' images, kept on disk under a key of their content.

An entry is a folder ``<kind>/<key>`` with ``data.bin`` and ``index.json``. It appears by one rename and never changes.
Every row has a checksum, and so has the index, which also names the key: an entry that was damaged or moved is made
again. See docs/decisions/0016-the-cache-is-not-trusted.md.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from hubel.errors import DamagedCache, OutputNotWritable, UnreadableImage
from hubel.events import Message, OnEvent
from hubel.files import TEMPORARY_PREFIX, cache_folder, usable_cache_folder, written_folder

_CHECKED_AT_ONCE = 1 << 22
"""Bytes in memory while a whole file is checked."""
FORMAT = 3
MAX_CACHE_BYTES = 20_000_000_000
DATA, INDEX = "data.bin", "index.json"
ABANDONED_S = 24 * 3600.0
"""A half-written entry that has not changed for so long has nobody who writes it."""
_TRIES = 2
"""An entry that somebody deletes or damages while it is made is made so often at most."""
_told: set[Path] = set()
"""Caches that were said to be of no use."""
_OTHERS_DID = (errno.ENOENT, errno.ENOTEMPTY)
"""What fails where others emptied the cache meanwhile, or completed the same entry first."""


class StoredRows:
    """Rows in a file, indexed by their place like an array; each is checked whenever it is read.

    The file is held open, so that it may be deleted or replaced. It is read, never mapped: the pages of a mapped file
    change with the file, and touching one that was cut off kills the process.

    Args:
        path: of the file.
        dtype: of one row's numbers.
        shape: of one row.
        order: where each row lies in the file, counted in rows.
        checksums: CRC-32 of each row.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(
        self, path: Path, *, dtype: np.dtype, shape: tuple[int, ...], order: np.ndarray, checksums: np.ndarray
    ) -> None:
        self.dtype = dtype
        self.shape = (len(order), *shape)
        self._path, self._order, self._checksums = path, order, checksums
        self._places = np.arange(len(order))
        self._row_bytes = int(np.prod(shape)) * dtype.itemsize
        self._lock = threading.Lock()  # the place to read at belongs to the file, not to the thread
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._order)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return len(self) * self._row_bytes

    def __getitem__(self, key: Any) -> np.ndarray:
        """The rows at these places of the first axis, as a new array; ``key`` is what NumPy takes for one axis.

        Raises:
            DamagedCache: the file has changed since it was written.
        """
        places = np.asarray(self._places[key])
        return self._read(places.reshape(-1)).reshape(*places.shape, *self.shape[1:])

    def check(self) -> None:
        """Read every row once.

        Raises:
            DamagedCache: the file has changed since it was written.
        """
        step = max(1, _CHECKED_AT_ONCE // max(1, self._row_bytes))
        for start in range(0, len(self), step):
            self._read(self._places[start : start + step])

    def _read(self, places: np.ndarray) -> np.ndarray:
        rows = np.empty((len(places), self._row_bytes), np.uint8)
        if rows.size:
            lying = self._order[places]
            breaks = np.flatnonzero(np.diff(lying) != 1) + 1  # rows that follow one another are read in one go
            for start, stop in zip((0, *breaks), (*breaks, len(places)), strict=True):
                self._fill(rows[start:stop].data.cast("B"), int(lying[start]) * self._row_bytes)
            found = np.array([zlib.crc32(row.data) for row in rows], np.uint32)
            if not np.array_equal(found, self._checksums[places]):
                raise self._damaged("its content is not what was written")
        return rows.view(self.dtype).reshape(len(places), *self.shape[1:])

    def _fill(self, buffer: memoryview, offset: int) -> None:
        try:
            with self._lock:
                self._file.seek(offset)
                while buffer and (count := self._file.readinto(buffer)):
                    buffer = buffer[count:]
        except OSError as error:
            raise self._damaged(f"the system cannot read it: {error.strerror or error}") from error
        if buffer:
            raise self._damaged("it ends too early")

    def _damaged(self, what: str) -> DamagedCache:
        return DamagedCache(
            f"The cache file {self._path} was damaged while it was in use ({what}). Start again: it will be made "
            "again. If this happens again, another program writes there or the disk fails: set HUBEL_CACHE to another "
            "folder."
        )


@dataclass(frozen=True)
class Entry:
    """What was found in the cache, or has just been computed.

    Args:
        rows: of everything that could be computed, in order.
        refused: place → fault, of what could not.
    """

    rows: StoredRows
    refused: dict[int, UnreadableImage]

    @property
    def data(self) -> np.ndarray:
        """All rows, in memory: [rows, *shape of one]."""
        return self.rows[:]


@dataclass(frozen=True)
class Kind:
    """What an entry holds.

    Args:
        name: of its folder in the cache.
        dtype: of one row's numbers.
        shape: of one row.
        version: what it depends on besides the images; as JSON a part of the key.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    version: Any


Rows: TypeAlias = Iterable[tuple[int, np.ndarray | UnreadableImage]]
"""Places and rows, each [*shape of one], in any order; or why there is no row."""


def kept(digests: Sequence[str], kind: Kind, *, make_rows: Callable[[], Rows]) -> Entry:
    """The entry for these contents; made by ``make_rows`` where it is missing, torn or altered.

    Faults of the content are kept like rows. With a fault that may pass, nothing is kept: the entry serves this caller
    alone.

    Args:
        digests: SHA-256 of each image's file.
        kind: what is kept.
        make_rows: computes the rows where they are not found.

    Raises:
        OutputNotWritable: the cache cannot be written.
        DamagedCache: it is deleted or damaged again and again while it is written.
    """
    key = _key(digests, kind)
    kept_there = cache_folder() / kind.name / key  # of a cache that may only be read, too
    path = usable_cache_folder() / kind.name / key
    for _ in range(_TRIES):
        entry = _open(kept_there, key, kind=kind) or (_open(path, key, kind=kind) if path != kept_there else None)
        entry = entry or _make(path, key, kind=kind, make_rows=make_rows) or _open(path, key, kind=kind)
        if entry is not None:
            return entry
    raise DamagedCache(
        f"The cache entry {path} was deleted or damaged each time it was made. Set HUBEL_CACHE to a folder that no "
        "other program writes to, and start again."
    )


def say_where(on_event: OnEvent) -> None:
    """Once, that nothing can be kept: where the cache cannot be written."""
    folder = cache_folder()
    if usable_cache_folder() == folder or folder in _told:
        return
    _told.add(folder)
    text = f"The cache {folder} cannot be written, so images are decoded again each time."
    on_event(Message(f"{text} Set HUBEL_CACHE to a folder that can be written.", warning=True))


def _key(digests: Sequence[str], kind: Kind) -> str:
    return _sha256([FORMAT, kind.name, str(kind.dtype), list(kind.shape), kind.version, list(digests)])


def _sha256(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


class _NotKept(Exception):
    """Leaves the block that would complete the entry: it must not be found again."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__()
        self.entry = entry


def _make(path: Path, key: str, *, kind: Kind, make_rows: Callable[[], Rows]) -> Entry | None:
    """Write an entry; returns it only where it must not be kept."""
    try:
        with written_folder(path, durable=False) as temporary:
            passing = _write(temporary, key, rows=make_rows())
            if passing:
                entry = _open(temporary, key, kind=kind)
                raise _NotKept(None if entry is None else Entry(entry.rows, {**entry.refused, **passing}))
    except _NotKept as done:
        return done.entry
    except OutputNotWritable as error:
        if getattr(error.__cause__, "errno", None) in _OTHERS_DID:
            return None
        raise OutputNotWritable(
            error.text.facts, " That is the cache of decoded images: set HUBEL_CACHE to a folder with room."
        ) from error
    _prune(path.parent.parent, keep=path)
    return None


def _write(folder: Path, key: str, *, rows: Rows) -> dict[int, UnreadableImage]:
    """Write the files of an entry; returns the faults that may pass, which no index ever holds."""
    faults: dict[int, UnreadableImage] = {}
    written: dict[int, tuple[int, int]] = {}  # place → where its row lies, and its checksum
    with (folder / DATA).open("wb") as file:
        for place, row in rows:
            if isinstance(row, UnreadableImage):
                faults[place] = row.without_traceback()
                continue
            data = row.tobytes()
            written[place] = len(written), zlib.crc32(data)
            file.write(data)
    in_order = [written[place] for place in sorted(written)]
    content = {
        "key": key,
        "order": [where for where, _ in in_order],
        "crc32": [checksum for _, checksum in in_order],
        "refused": {str(place): (each.code, each.reason) for place, each in faults.items() if not each.may_pass},
    }
    (folder / INDEX).write_text(json.dumps({"format": FORMAT, "sha256": _sha256(content), "content": content}))
    return {place: each for place, each in faults.items() if each.may_pass}


def _open(path: Path, key: str, *, kind: Kind) -> Entry | None:
    """An entry, every row of it checked; None where it is missing, torn, altered or another one."""
    try:
        document = json.loads((path / INDEX).read_text())
        content = document["content"]
        if document["sha256"] != _sha256(content) or content["key"] != key:
            return None
        order, checksums = np.array(content["order"], np.int64), np.array(content["crc32"], np.uint32)
        rows = StoredRows(path / DATA, dtype=kind.dtype, shape=kind.shape, order=order, checksums=checksums)
        rows.check()
        refused = {int(place): UnreadableImage(*fault) for place, fault in content["refused"].items()}
    except (OSError, DamagedCache, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    with suppress(OSError):  # of a cache that may only be read
        os.utime(path / INDEX)
    return Entry(rows, refused)


def _prune(root: Path, *, keep: Path) -> None:
    """Delete the entries unused for longest until the cache fits its limit, and what killed processes left behind.

    Others may write and prune at the same time: what they read they hold open, and what is gone already is passed over.
    """
    for left in root.glob(f"*/{TEMPORARY_PREFIX}*"):
        newest = max((details.st_mtime for details in _details(left)), default=time.time())
        if time.time() - newest > ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    found = {file.parent for name in (DATA, INDEX) for file in root.glob(f"*/*/{name}")}
    entries = [
        (max(each.st_mtime for each in details), sum(each.st_size for each in details), path)
        for path in found
        if len(path.name) == len(keep.name) and (details := _details(path))
    ]
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if path != keep and total > MAX_CACHE_BYTES:
            shutil.rmtree(path, ignore_errors=True)
            total -= size


def _details(folder: Path) -> list[os.stat_result]:
    """Of a folder and the files in it; of those that are still there."""
    found: list[os.stat_result] = []
    with suppress(OSError):
        found.extend(path.stat() for path in (folder, *folder.iterdir()))
    return found
