"""Rows of numbers in a file of the cache, which is never trusted."""

from __future__ import annotations

import threading
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from hubel.errors import DamagedCache

_CHECKED_AT_ONCE = 1 << 22
"""Bytes in memory while a whole file is checked."""


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
