"""A folder on disk as a tree; nothing is ever written into it, and no link is followed out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubel.corpus.corpus import REFUSED, IntakeRow
from hubel.corpus.trees.tree import is_debris_folder, row_in_debris, row_of_file
from hubel.errors import UnreadableImage
from hubel.images.decode import CORPUS_LIMITS, no_memory


@dataclass(frozen=True)
class FolderTree:
    """The files below a folder."""

    root: Path

    def rows(self) -> Iterator[IntakeRow]:
        """Every file, folder by folder, by name; links that leave the folder are refused."""
        return _walk(self.root, "")

    def read(self, path: str) -> bytes:
        """The bytes of one file."""
        return read_file(self.root / path)


def read_file(path: Path) -> bytes:
    """The bytes of one image file.

    Raises:
        UnreadableImage: ``vanished``, ``permission-denied``, ``not-a-file``, ``too-large``, ``unreadable`` or
            ``no-memory``.
    """
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            details = os.fstat(file.fileno())
            if not stat.S_ISREG(details.st_mode):
                raise UnreadableImage("not-a-file", "it is a pipe, a device or a folder, not a file: remove it")
            if details.st_size > CORPUS_LIMITS.max_bytes:
                most = CORPUS_LIMITS.max_bytes
                reason = f"the file has {details.st_size:,} bytes, the limit is {most:,}: save it smaller"
                raise UnreadableImage("too-large", reason)
            return file.read()
    except FileNotFoundError as error:
        raise UnreadableImage("vanished", "the file is not there (any more): copy it back") from error
    except PermissionError as error:
        raise UnreadableImage(
            "permission-denied", "this user may not read it: chmod +r, or run as its owner"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = f"the system cannot read it ({getattr(error, 'strerror', None) or error}): copy it again"
        raise UnreadableImage("unreadable", reason) from error
    except MemoryError as error:
        raise no_memory() from error


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a named pipe would wait for a writer for ever


def _walk(root: Path, below: str, *, debris: bool = False) -> Iterator[IntakeRow]:
    entries, problem = list_folder(root / below if below else root, below)
    if problem is not None:
        yield problem
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        if debris and not entry.is_dir(follow_symlinks=False):
            yield row_in_debris(path)
        elif entry.is_symlink():
            yield from _link(root, path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path, debris=debris or is_debris_folder(entry.name))
        elif not entry.is_file(follow_symlinks=False):
            yield IntakeRow(path, REFUSED, "not-a-file", "it is a pipe, a socket or a device: remove it")
        else:
            yield row_of_file(path)


def _link(root: Path, path: str) -> Iterator[IntakeRow]:
    target = Path(os.path.realpath(root / path))
    if not target.is_relative_to(os.path.realpath(root)):
        yield IntakeRow(path, REFUSED, "link-outside", "it is a link that leaves the corpus: copy what it points to")
    elif target.is_dir():
        yield IntakeRow(path, REFUSED, "link-to-folder", "it is a link to a folder: copy what it points to")
    elif not target.exists():
        yield IntakeRow(path, REFUSED, "vanished", "it is a link to a file that is not there: copy it back")
    else:
        yield row_of_file(path)


def list_folder(folder: Path, below: str = "") -> tuple[list[os.DirEntry[str]], IntakeRow | None]:
    """What lies in a folder, by name; and a row that says why it cannot be listed, if so."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name), None
    except PermissionError:
        reason = "this user may not list the folder: chmod +rx, or run as its owner"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "permission-denied", reason)
    except OSError as error:
        reason = f"the system cannot list the folder ({error.strerror})"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "unreadable", reason)
