"""Bytes at any place of an archive, for several threads at once: in its file, or unpacked once into a nameless one."""

from __future__ import annotations

import bz2
import errno
import gzip
import importlib
import lzma
import os
import sys
import tempfile
import threading
import weakref
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

from hubel.corpus.trees.members import BYTES_OF_ANY_RATIO, MAX_RATIO, BrokenArchive
from hubel.corpus.trees.tree import named_faults
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent, Progress
from hubel.files import usable_cache_folder

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""(offset, most bytes) → bytes; fewer only at the end."""

_BLOCK = 1 << 20
_BLOCKS_BETWEEN_EVENTS = 16

_DECOMPRESSORS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zstd": lambda file: importlib.import_module("pyarrow").input_stream(file, compression="zstd"),
}


def _faults() -> tuple[type[BaseException], ...]:
    """What damaged bytes lead to; pyarrow, which takes its time to load, has a part in it only where it is used."""
    pyarrow = sys.modules.get("pyarrow")
    arrow = () if pyarrow is None else (pyarrow.ArrowException,)
    return (OSError, EOFError, zlib.error, lzma.LZMAError, *arrow)


class StoredBytes(Protocol):
    """Where an archive's bytes are."""

    @property
    def size(self) -> int:
        """How many."""
        ...

    def reading(self) -> AbstractContextManager[ReadAt]:
        """Reads while the block runs; each thread has its own.

        Raises:
            UnreadableImage: the file is gone, was changed, or may not be read.
        """
        ...


@dataclass(frozen=True)
class FileBytes:
    """A file as it was when first seen; it is open only while something is read, so that there may be thousands."""

    path: Path
    size: int
    modified_ns: int

    @contextmanager
    def reading(self) -> Generator[ReadAt]:
        """See `StoredBytes`.

        Raises:
            UnreadableImage: the file is gone, was changed, or may not be read.
        """
        with named_faults("archive"), self.path.open("rb", buffering=0) as file:
            details = os.fstat(file.fileno())
            if (details.st_size, details.st_mtime_ns) != (self.size, self.modified_ns):
                raise UnreadableImage("changed", "the archive changed while it was read: start again")

            def read_at(offset: int, size: int) -> bytes:
                if offset >= self.size:
                    return b""
                file.seek(offset)
                return file.read(min(size, self.size - offset))

            yield read_at


def file_bytes(path: Path) -> FileBytes:
    """The bytes of a file.

    Raises:
        UnreadableImage: there is none, or it may not be read.
    """
    with named_faults("archive"):
        details = path.stat()
    return FileBytes(path, details.st_size, details.st_mtime_ns)


class Spool:
    """A temporary file without a name, in the cache folder, for what compressed archives unpack to.

    It takes no room any more when nobody reads from it, even after a crash.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._end = 0

    def unpack(self, path: Path, compression: str, *, on_event: OnEvent) -> SpooledBytes:
        """Unpack a whole file behind what is there already.

        Args:
            path: the compressed file.
            compression: ``"gzip"``, ``"bzip2"``, ``"xz"`` or ``"zstd"``.
            on_event: hears `Progress`.

        Raises:
            BrokenArchive: it is damaged, or a bomb.
            UnusableCorpus: there is no room for it.
        """
        start = self._end
        stored = file_bytes(path).size
        for count, (block, consumed) in enumerate(_unpacked(path, compression)):
            with _faults_of_spool(path):
                self._append(block)
            unpacked = self._end - start
            if unpacked > BYTES_OF_ANY_RATIO and unpacked > MAX_RATIO * stored:
                reason = f"it unpacks to more than {MAX_RATIO} times its {stored:,} bytes, as a bomb does"
                raise BrokenArchive(reason, "If you trust it, pack its images again, without compression.")
            if count % _BLOCKS_BETWEEN_EVENTS == 0:
                on_event(Progress("unpacking", consumed, stored, "bytes"))
        return SpooledBytes(self, start, self._end - start)

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes of the file, fewer only at its end.

        Args:
            offset: bytes from the start.
            size: bytes wanted.
        """
        if self._file is None:
            return b""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, offset)
        with self._lock:  # Windows: the place to read at belongs to the file, not to the thread
            self._file.seek(offset)
            return self._file.read(size)

    def _append(self, data: bytes) -> None:
        if self._file is None:
            folder = usable_cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (closed with the spool)
            weakref.finalize(self, self._file.close)
        left = memoryview(data)
        while left:
            written = self._file.write(left)
            left = left[written:]
            self._end += written


@dataclass(frozen=True)
class SpooledBytes:
    """A part of a spool."""

    spool: Spool
    start: int
    size: int

    @contextmanager
    def reading(self) -> Generator[ReadAt]:
        """See `StoredBytes`."""

        def read_at(offset: int, size: int) -> bytes:
            if offset >= self.size:
                return b""
            return self.spool.read_at(self.start + offset, min(size, self.size - offset))

        with named_faults("archive"):
            yield read_at


def _unpacked(path: Path, compression: str) -> Iterator[tuple[bytes, int]]:
    """Blocks, and the bytes of the file used up so far."""
    with named_faults("archive"):
        file = path.open("rb")
    try:
        with file, _DECOMPRESSORS[compression](file) as stream:
            while block := stream.read(_BLOCK):
                yield block, file.tell()
    except _faults() as error:
        detail = (str(error) or type(error).__name__).splitlines()[0]
        raise BrokenArchive(f"its {compression} compression is damaged or cut off ({detail})") from error


@contextmanager
def _faults_of_spool(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full"
        raise UnusableCorpus(
            f"{path} is compressed and must be unpacked once into a temporary file in {usable_cache_folder()}: "
            f"{reason}. Set HUBEL_CACHE to a folder with room, or pack it as a .tar without compression."
        ) from error
