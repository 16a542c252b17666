"""A folder on disk as a tree; nothing is ever written into it.

Links are followed, to files and to folders, inside the corpus and out of it: that is how people gather classes that lie
elsewhere. Three rules keep that finite and every image single: a link to a folder that holds the corpus, or the link
itself, is refused; so is one to where the system keeps no files; and a folder that can be reached in several ways is
listed once, where the way is shortest, and as itself before as a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hubel.corpus.corpus import IGNORED, REFUSED, IntakeRow
from hubel.corpus.trees.tree import FILES_BETWEEN_EVENTS, is_debris_folder, named_faults, row_in_debris, row_of_file
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent, Progress, ignore
from hubel.images.decode import CORPUS_LIMITS
from hubel.images.faults import no_memory

SYSTEM_FOLDERS = ("/proc", "/sys")
"""What is in them is made by the system while it is read."""


@dataclass(frozen=True)
class FolderTree:
    """The files below a folder."""

    root: Path

    def rows(self) -> Iterator[IntakeRow]:
        """Every file, by path."""
        return iter(list_files(self.root).rows)

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
        with named_faults("file"), open(path, "rb", opener=_open_without_waiting) as file:
            details = os.fstat(file.fileno())
            if not stat.S_ISREG(details.st_mode):
                raise UnreadableImage("not-a-file", "it is a pipe, a device or a folder, not a file: remove it")
            if details.st_size > CORPUS_LIMITS.max_bytes:
                most = CORPUS_LIMITS.max_bytes
                reason = f"the file has {details.st_size:,} bytes, the limit is {most:,}: save it smaller"
                raise UnreadableImage("too-large", reason)
            return file.read()
    except ValueError as error:  # a NUL in the name
        raise UnreadableImage("unreadable", f"the system cannot read the file ({error}): copy it again") from error
    except MemoryError as error:
        raise no_memory() from error


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a named pipe would wait for a writer for ever


@dataclass(frozen=True)
class ListedFolder:
    """What a folder holds.

    Args:
        rows: of every file, by path.
        folders: the path of every folder, also of empty ones.
        links: path → where it points, of each link to a folder that was followed.
        twice: path → the path under which it is listed, of each folder that was reached again.
    """

    rows: Sequence[IntakeRow]
    folders: Sequence[str]
    links: Mapping[str, str]
    twice: Mapping[str, str]


def list_files(root: Path, on_event: OnEvent = ignore) -> ListedFolder:
    """List every file below a folder.

    Args:
        root: the folder.
        on_event: hears `Progress`.
    """
    walk = _Walk(root)
    rows = []
    for row in walk.rows():
        rows.append(row)
        if len(rows) % FILES_BETWEEN_EVENTS == 0:
            on_event(Progress("listing", len(rows), 0, "files"))
    rows.sort(key=lambda row: row.path)
    return ListedFolder(rows, walk.folders, walk.links, walk.twice)


@dataclass(frozen=True)
class FolderStream:
    """The files below a folder, one after another by path; of however many, only a few names are held.

    Args:
        root: the folder.
        count: rows that it has.
        walk: that counted them.
    """

    root: Path
    count: int
    walk: _Walk

    def rows(self) -> Iterator[tuple[IntakeRow, str | None]]:
        """Every file: what becomes of it, and its path if it can be read."""
        for row in self.walk.rows_by_path():
            yield row, None if row.status else row.path

    def read(self, place: str) -> bytes:
        """The bytes of one file."""
        return read_file(self.root / place)


def stream_folder(root: Path, on_event: OnEvent = ignore) -> FolderStream:
    """Go through a folder for the first time: it is counted, and found out which links lead where.

    Args:
        root: the folder.
        on_event: hears `Progress`.
    """
    walk, count = _Walk(root), 0
    for count, _ in enumerate(walk.rows(), start=1):
        if count % FILES_BETWEEN_EVENTS == 0:
            on_event(Progress("listing", count, 0, "files"))
    return FolderStream(root, count, walk)


class _Open(NamedTuple):
    """A folder still to be listed.

    Args:
        below: its path.
        real: where it really is.
        debris: a system or a program left it.
        link: it is one, to a folder.
    """

    below: str
    real: str
    debris: bool
    link: bool = False


class _Walk:
    """Goes through the folders level by level, so that the shortest way to each of them is the first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._home = os.path.realpath(root)
        self._reached = {self._home: "."}
        self.folders: list[str] = []
        self.links: dict[str, str] = {}
        self.twice: dict[str, str] = {}
        self._links_twice: dict[str, str] = {}

    def rows(self) -> Iterator[IntakeRow]:
        """Every file, once."""
        level = [_Open("", self._home, debris=False)]
        while level:
            below: list[_Open] = []
            for folder in level:
                if folder.below and not folder.debris:
                    self.folders.append(folder.below)
                for each in self._content(folder):
                    if isinstance(each, _Open):
                        below.append(each)
                    else:
                        yield each
            level = [folder for folder in below if not folder.link and self._is_new(folder)]
            for folder in below:
                if folder.link and self._is_new(folder):
                    self.links[folder.below] = folder.real
                    level.append(folder)
                elif folder.link:
                    self._links_twice[folder.below] = self.twice.pop(folder.below)
                    yield self._listed_twice(folder.below)

    def rows_by_path(self) -> Iterator[IntakeRow]:
        """Every file again, after `rows`, by path; only the names of the folders on the way to it are held."""
        waiting: list[str | IntakeRow | _Open] = [_Open("", self._home, debris=False)]
        while waiting:
            each = waiting.pop()
            if isinstance(each, str):
                yield IntakeRow(each, "")
            elif isinstance(each, IntakeRow):
                yield each
            elif self._reached.get(each.real) == (each.below or "."):
                content = (
                    found.path if isinstance(found, IntakeRow) and not found.status else found
                    for found in self._content(each)
                )
                waiting += sorted(content, key=self._place, reverse=True)
            elif each.below in self._links_twice:
                yield self._listed_twice(each.below)

    def _place(self, each: str | IntakeRow | _Open) -> str:
        """By which it is sorted: what lies in a folder begins with the folder's name and a slash."""
        if isinstance(each, _Open):
            return each.below if each.below in self._links_twice else f"{each.below}/"
        return each if isinstance(each, str) else each.path

    def _listed_twice(self, path: str) -> IntakeRow:
        reason = f"it leads to {self._links_twice[path]!r}, where the same files are listed"
        return IntakeRow(path, IGNORED, "listed-twice", reason)

    def _content(self, folder: _Open) -> Iterator[IntakeRow | _Open]:
        below, real, debris, _ = folder
        entries, problem = list_folder(self._root / below if below else self._root, below)
        if problem is not None:
            yield problem
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                really = f"{real.rstrip(os.sep)}{os.sep}{entry.name}"
                yield _Open(path, really, debris or is_debris_folder(entry.name))
            elif debris or (entry.is_symlink() and is_debris_folder(entry.name)):
                yield row_in_debris(path)
            elif entry.is_symlink():
                yield from self._link(path, real)
            elif not entry.is_file(follow_symlinks=False):
                yield IntakeRow(path, REFUSED, "not-a-file", "it is a pipe, a socket or a device: remove it")
            else:
                yield row_of_file(path)

    def _link(self, path: str, real: str) -> Iterator[IntakeRow | _Open]:
        """The row of a link to a file; one to a folder is still to be listed.

        Args:
            path: of the link.
            real: where the folder that holds it really is.
        """
        try:
            mode = (self._root / path).stat().st_mode
        except PermissionError:
            reason = "it is a link to what this user may not read: chmod +r, or run as its owner"
            yield IntakeRow(path, REFUSED, "permission-denied", reason)
        except OSError:  # it points to itself, or to nothing
            yield IntakeRow(path, REFUSED, "vanished", "it is a link to a file that is not there: copy it back")
        else:
            target = os.path.realpath(self._root / path)
            if stat.S_ISREG(mode):
                yield row_of_file(path)
            elif not stat.S_ISDIR(mode):
                yield IntakeRow(path, REFUSED, "not-a-file", "it is a link to a pipe, a socket or a device: remove it")
            elif _holds(target, self._home) or _holds(target, real):
                yield IntakeRow(path, REFUSED, "link-to-parent", "it is a link to a folder that it lies in: remove it")
            elif any(_holds(system, target) for system in SYSTEM_FOLDERS):
                yield IntakeRow(path, REFUSED, "link-to-system", "it is a link into a folder of the system: remove it")
            else:
                yield _Open(path, target, debris=False, link=True)

    def _is_new(self, folder: _Open) -> bool:
        earlier = self._reached.setdefault(folder.real, folder.below)
        if earlier != folder.below:
            self.twice[folder.below] = earlier
        return earlier == folder.below


def _holds(folder: str, path: str) -> bool:
    """Whether a path is a folder, or below it; both absolute."""
    return path == folder or path.startswith(f"{folder.rstrip(os.sep)}{os.sep}")


def list_folder(folder: Path, below: str = "") -> tuple[list[os.DirEntry[str]], IntakeRow | None]:
    """What lies in a folder, by name; and a row that says why it cannot be listed, if so.

    Args:
        folder: that is listed.
        below: its path in the corpus, empty for the corpus itself.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name), None
    except PermissionError:
        reason = "this user may not list the folder: chmod +rx, or run as its owner"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "permission-denied", reason)
    except OSError as error:
        reason = f"the system cannot list the folder ({error.strerror})"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "unreadable", reason)


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, lies there."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir raises where a folder on the way is locked)


def is_file(path: Path) -> bool:
    """Whether an ordinary file, or a link to one, lies there."""
    return os.path.isfile(path)  # noqa: PTH113


@contextmanager
def naming_file(path: Path) -> Generator[None]:
    """Says which file cannot be read, and why.

    Raises:
        UnusableCorpus: instead of what the system raises.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnusableCorpus(f"{path} cannot be read ({reason}): give a file that this user may read.") from error


def paths_in(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing, where it cannot be listed."""
    return [Path(entry.path) for entry in list_folder(folder)[0]]
