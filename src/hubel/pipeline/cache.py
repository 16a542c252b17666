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
import tempfile
import time
import zlib
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

from hubel.errors import DamagedCache, OutputNotWritable, UnreadableImage
from hubel.events import Message, OnEvent
from hubel.files import TEMPORARY_PREFIX, cache_folder, said_plainly, usable_cache_folder, written_folder
from hubel.pipeline.stored_rows import StoredRows

_WRITTEN_AT_ONCE = 1 << 20
"""Bytes of rows in memory before they go to the file: the system is not asked for each row."""
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
    path, key = _place_of(digests, kind)
    kept_there = cache_folder() / kind.name / key  # of a cache that may only be read, too
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


def is_kept(digests: Sequence[str], kind: Kind) -> bool:
    """Whether there is an entry for these contents, sound or not.

    Args:
        digests: SHA-256 of each image's file.
        kind: what is kept.
    """
    return any((each / kind.name / _key(digests, kind)).is_dir() for each in (cache_folder(), usable_cache_folder()))


def _place_of(digests: Sequence[str], kind: Kind) -> tuple[Path, str]:
    """Where an entry is written, and its key.

    Args:
        digests: SHA-256 of each image's file.
        kind: what is kept.
    """
    key = _key(digests, kind)
    return usable_cache_folder() / kind.name / key, key


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
        with _new_entry(path) as temporary:
            with (temporary / DATA).open("wb", buffering=_WRITTEN_AT_ONCE) as file:
                writer = _RowsWriter(file)
                for place, row in make_rows():
                    writer.add(place, row)
            writer.write_index(temporary, key)
            if writer.passing:
                entry = _open(temporary, key, kind=kind)
                raise _NotKept(None if entry is None else Entry(entry.rows, {**entry.refused, **writer.passing}))
    except _NotKept as done:
        return done.entry
    return None


@contextmanager
def _new_entry(path: Path) -> Generator[Path]:
    """A temporary folder that becomes this entry when the block ends without an error; others may come first.

    Args:
        path: of the entry.

    Raises:
        OutputNotWritable: the cache cannot be written.
    """
    try:
        with written_folder(path, durable=False) as temporary:
            yield temporary
    except OutputNotWritable as error:
        if getattr(error.__cause__, "errno", None) in _OTHERS_DID:
            return
        raise _said_of_the_cache(error) from error
    _prune(path.parent.parent, keep=path)


@contextmanager
def temporary_rows(kind: Kind) -> Generator[IO[bytes]]:
    """A file in the cache for the rows of an entry that has no key yet; deleted at the end if it still is there.

    Args:
        kind: of the rows.

    Raises:
        OutputNotWritable: the cache cannot be written.
    """
    parent = usable_cache_folder() / kind.name
    try:
        with said_plainly(parent):
            parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent))
    except OutputNotWritable as error:
        raise _said_of_the_cache(error) from error
    try:
        with (folder / DATA).open("wb", buffering=_WRITTEN_AT_ONCE) as file:
            yield file
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _said_of_the_cache(error: OutputNotWritable) -> OutputNotWritable:
    words = " That is the cache of decoded images: set HUBEL_CACHE to a folder with room."
    return OutputNotWritable(error.text.facts, words)


class _RowsWriter:
    """Writes rows one after another, in any order, and remembers where each lies.

    Args:
        file: for their bytes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._faults: dict[int, UnreadableImage] = {}
        self._written: dict[int, tuple[int, int]] = {}  # place → where its row lies, and its checksum

    def add(self, place: int, row: np.ndarray | UnreadableImage) -> None:
        """Write the row of a place, or remember why there is none.

        Args:
            place: of the example.
            row: [*shape of one], or a fault.
        """
        if isinstance(row, UnreadableImage):
            self._faults[place] = row.without_traceback()
            return
        data = row.tobytes()
        self._written[place] = len(self._written), zlib.crc32(data)
        self._file.write(data)

    @property
    def places(self) -> list[int]:
        """All that have a row or a fault, ascending."""
        return sorted([*self._written, *self._faults])

    @property
    def passing(self) -> dict[int, UnreadableImage]:
        """The faults that may pass, which no index ever holds."""
        return {place: each for place, each in self._faults.items() if each.may_pass}

    def write_index(self, folder: Path, key: str) -> None:
        """Write what `kept` looks for; rows count by the order of their places.

        Args:
            folder: of the entry.
            key: of the entry.
        """
        in_order = [self._written[place] for place in sorted(self._written)]
        number = {place: each for each, place in enumerate(self.places)}
        content = {
            "key": key,
            "order": [where for where, _ in in_order],
            "crc32": [checksum for _, checksum in in_order],
            "refused": {
                str(number[place]): (each.code, each.reason)
                for place, each in self._faults.items()
                if not each.may_pass
            },
        }
        (folder / INDEX).write_text(json.dumps({"format": FORMAT, "sha256": _sha256(content), "content": content}))


class RowsBeside:
    """Rows that become an entry when it is known which contents it is for.

    Args:
        kind: of the rows.
        file: for their bytes, from `temporary_rows`.
    """

    def __init__(self, kind: Kind, file: IO[bytes]) -> None:
        self._kind, self._file = kind, file
        self._writer = _RowsWriter(file)

    def begin(self) -> None:
        """Forget the rows so far: those of the other entry are made again."""
        self._file.seek(0)
        self._file.truncate()
        self._writer = _RowsWriter(self._file)

    def add(self, place: int, row: np.ndarray | UnreadableImage) -> None:
        """Write the row of a place, or remember why there is none.

        Args:
            place: of the example.
            row: [*shape of one], or a fault.
        """
        self._writer.add(place, row)

    def keep(self, digests: Sequence[str]) -> None:
        """Make an entry of all rows; of none where one is missing, or has a fault that may pass.

        Args:
            digests: SHA-256 of the content of each place that has a row, in the order of the places.

        Raises:
            OutputNotWritable: the cache cannot be written.
        """
        if self._writer.passing or len(self._writer.places) != len(digests):
            return
        path, key = _place_of(digests, self._kind)
        with _new_entry(path) as temporary:
            self._file.close()
            Path(self._file.name).replace(temporary / DATA)
            self._writer.write_index(temporary, key)


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
