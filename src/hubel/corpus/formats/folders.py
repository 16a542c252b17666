"""A folder of class folders, or of train/ validation/ test/ with class folders in each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hubel.corpus.corpus import IGNORED, REFUSED, Corpus, IntakeRow, make_corpus
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.images.decode import CORPUS_LIMITS

SPLIT_FOLDERS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip

DEBRIS_FOLDERS = {"__macosx", ".ipynb_checkpoints", ".git", ".svn", "__pycache__", "@eadir", ".thumbnails", ".trash"}
DEBRIS_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".directory", "icon\r"}

OTHER_FILES = {
    "txt", "md", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "toml", "ini", "html", "htm", "pdf", "doc",
    "docx", "xls", "xlsx", "log", "py", "ipynb", "js", "css", "sh", "bat", "zip", "tar", "gz", "tgz", "zst", "7z",
    "rar", "npy", "npz", "pkl", "pt", "h5", "hdf5", "keras", "onnx", "parquet", "arrow", "db", "sqlite", "mp3",
    "wav", "mp4", "avi", "mov", "mkv",
}  # fmt: skip
"""File name endings that promise something other than a picture; every other file is opened and its content decides."""


@dataclass(frozen=True)
class FolderSource:
    """Reads files below a root, in the order they were found."""

    root: Path
    paths: tuple[str, ...]

    def read(self, position: int) -> bytes:
        """The whole file; read again each time, so that a changed file is noticed by its content."""
        return read_file(self.root / self.paths[position])


def read_file(path: Path) -> bytes:
    """The bytes of one image file.

    Raises:
        UnreadableImage: ``vanished``, ``permission-denied``, ``not-a-file``, ``too-large`` or ``unreadable``.
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
    except OSError as error:
        raise UnreadableImage("unreadable", f"the system cannot read it ({error.strerror}): copy it again") from error


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a named pipe would wait for a writer for ever


def matches(path: Path) -> bool:
    """Every folder may be one of class folders."""
    return path.is_dir()


def read(path: Path) -> Corpus:
    """List the corpus; no picture is opened yet.

    Raises:
        UnusableCorpus: no class folders, or no files in them.
    """
    children, _ = _list_folder(path, "")
    folders = [
        entry.name
        for entry in children
        if entry.is_dir(follow_symlinks=False) and not _is_debris(entry.name, folder=True)
    ]
    given = {name: SPLIT_FOLDERS.get(name.lower()) for name in folders}
    has_splits = bool(folders) and all(given.values()) and "train" in given.values()
    found: list[tuple[str, str, str | None]] = []
    left_out: list[IntakeRow] = []
    for row in walk_files(path):
        parts = row.path.split("/")
        depth = 2 if has_splits else 1
        if row.status:
            left_out.append(row)
        elif len(parts) <= depth:
            left_out.append(IntakeRow(row.path, IGNORED, "outside-classes", "it lies in no class folder"))
        else:
            found.append((row.path, parts[depth - 1], given[parts[0]] if has_splits else None))
    _explain_unusual(path, folders, found, has_splits=has_splits)
    source = FolderSource(path, tuple(entry[0] for entry in found))
    notes = [] if has_splits else _notes_on_empty_classes(folders, found)
    return make_corpus(str(path), "folders", found, source=source, left_out=left_out, notes=notes)


def walk_files(root: Path, below: str = "") -> Iterator[IntakeRow]:
    """Every file below a folder, by name; a status is set where it is already decided that it is no picture.

    Args:
        root: the folder; links that leave it are refused.
        below: where in it to begin, relative, with ``/``.
    """
    entries, problem = _list_folder(root / below if below else root, below)
    if problem is not None:
        yield problem
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_symlink():
            yield from _link(root, path)
        elif entry.is_dir(follow_symlinks=False):
            if _is_debris(entry.name, folder=True):
                yield from (
                    IntakeRow(row.path, IGNORED, "debris", "left by a program") for row in walk_files(root, path)
                )
            else:
                yield from walk_files(root, path)
        elif not entry.is_file(follow_symlinks=False):
            yield IntakeRow(path, REFUSED, "not-a-file", "it is a pipe, a socket or a device: remove it")
        else:
            yield _file(path, entry.name)


def _file(path: str, name: str) -> IntakeRow:
    if _is_debris(name, folder=False):
        return IntakeRow(path, IGNORED, "debris", "left by a program")
    ending = name.rsplit(".", 1)[-1].lower() if "." in name.lstrip(".") else ""
    if ending in OTHER_FILES:
        return IntakeRow(path, IGNORED, "other-file", f"a .{ending} file is not a picture")
    return IntakeRow(path, "")


def _link(root: Path, path: str) -> Iterator[IntakeRow]:
    target = Path(os.path.realpath(root / path))
    if not target.is_relative_to(os.path.realpath(root)):
        yield IntakeRow(path, REFUSED, "link-outside", "it is a link that leaves the corpus: copy what it points to")
    elif target.is_dir():
        yield IntakeRow(path, REFUSED, "link-to-folder", "it is a link to a folder: copy what it points to")
    elif not target.exists():
        yield IntakeRow(path, REFUSED, "vanished", "it is a link to a file that is not there: copy it back")
    else:
        yield _file(path, path.rsplit("/", 1)[-1])


def _list_folder(folder: Path, below: str) -> tuple[list[os.DirEntry[str]], IntakeRow | None]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name), None
    except PermissionError:
        reason = "this user may not list the folder: chmod +rx, or run as its owner"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "permission-denied", reason)
    except OSError as error:
        reason = f"the system cannot list the folder ({error.strerror})"
        return [], IntakeRow(f"{below}/" if below else "./", REFUSED, "unreadable", reason)


def _is_debris(name: str, *, folder: bool) -> bool:
    lowered = name.lower()
    if folder:
        return lowered in DEBRIS_FOLDERS
    return lowered in DEBRIS_FILES or name.startswith("._")


def _explain_unusual(
    path: Path, folders: list[str], found: list[tuple[str, str, str | None]], *, has_splits: bool
) -> None:
    if found and len({name for _, name, _ in found}) > 1:
        return
    if not folders:
        raise UnusableCorpus(
            f"{path} has no class folders. Put the pictures of each class into a folder of its own: "
            f"{path.name}/cat/1.jpg, {path.name}/dog/2.jpg."
        )
    if found and not has_splits and len(folders) == 1:
        inside = sorted({entry[0].split("/")[1] for entry in found if entry[0].count("/") > 1})
        if len(inside) > 1:
            raise UnusableCorpus(
                f"A classifier needs at least two classes; {path} has only {folders[0]!r}, which has folders itself "
                f"({', '.join(inside[:3])}). If those are the classes, name the folder above them: {path / folders[0]}"
            )


def _notes_on_empty_classes(folders: list[str], found: list[tuple[str, str, str | None]]) -> list[str]:
    used = {name for _, name, _ in found}
    return [f"Folder {name!r} holds no pictures: it is no class." for name in folders if name not in used]
