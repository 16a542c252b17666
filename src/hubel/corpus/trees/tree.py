"""Tree: what a folder and an archive have in common, and what the name of a file says about it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from hubel.corpus.corpus import IGNORED, IntakeRow
from hubel.errors import UnreadableImage
from hubel.text import brief

DEBRIS_FOLDERS = {
    "__macosx", "__pycache__", "venv", "node_modules", "lost+found", "lost.dir", "found.000", "$recycle.bin",
    "recycler", "system volume information", "msocache", "@eadir", "@recycle", "#recycle", "#snapshot",
}  # fmt: skip
"""Folders of systems and programs, in lower case. Every folder whose name begins with a dot is one of them too."""
DEBRIS_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".directory", "icon\r"}

OTHER_FILES = {
    "txt", "md", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "toml", "ini", "cfg", "html", "htm", "log", "py",
    "ipynb", "js", "css", "sh", "bat", "npy", "npz", "pkl", "pt", "keras", "onnx", "safetensors", "parquet", "arrow",
}  # fmt: skip
"""Endings of files that lie beside images on purpose: labels, notes, code, arrays. Every other file is opened, and
its content decides: a document, a video or an archive in a class folder is refused, for someone may take it for one."""

FILES_BETWEEN_EVENTS = 2000


class Tree(Protocol):
    """Files by path."""

    def rows(self) -> Iterator[IntakeRow]:
        """Every file, once.

        Paths are relative, with ``/``. The status is empty for what may be an image, and set where it is already
        decided that it is none.
        """
        ...

    def read(self, path: str) -> bytes:
        """The whole file of a row without status; read again each time.

        Raises:
            UnreadableImage: it is gone, damaged, too large, or may not be read.
        """
        ...


@brief
@dataclass(frozen=True)
class TreeSource:
    """Reads files of a tree, in the order they were found."""

    tree: Tree
    paths: Sequence[str]

    def read(self, position: int) -> bytes:
        """The whole file; read again each time, so that a changed file is noticed by its content."""
        return self.tree.read(self.paths[position])


@contextmanager
def named_faults(what: str) -> Generator[None]:
    """Says why a file cannot be read.

    Args:
        what: it is: ``"file"`` or ``"archive"``.

    Raises:
        UnreadableImage: ``vanished``, ``permission-denied`` or ``unreadable``.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableImage("vanished", f"the {what} is not there: check its name, or copy it back") from error
    except PermissionError as error:
        reason = f"this user may not read the {what}: chmod +r, or run as its owner"
        raise UnreadableImage("permission-denied", reason) from error
    except OSError as error:
        reason = f"the system cannot read the {what} ({error.strerror or error}): copy it again"
        raise UnreadableImage("unreadable", reason) from error


def is_debris_folder(name: str) -> bool:
    """A folder of a system or a program, such as ``__MACOSX`` or ``.git``: never a class."""
    return name.startswith(".") or name.lower() in DEBRIS_FOLDERS


def row_of_file(path: str) -> IntakeRow:
    """The row of an ordinary file, judged by its name alone."""
    name = path.rsplit("/", 1)[-1]
    if name.startswith("._") or name.lower() in DEBRIS_FILES:
        return IntakeRow(path, IGNORED, "debris", "left by a program")
    ending = ending_of(name)
    if ending in OTHER_FILES:
        return IntakeRow(path, IGNORED, "other-file", f"a .{ending} file is not an image")
    return IntakeRow(path, "")


def row_in_debris(path: str) -> IntakeRow:
    """The row of a file inside such a folder."""
    return IntakeRow(path, IGNORED, "debris", "it lies in a hidden folder, or in one of the system or of a program")


def ending_of(name: str) -> str:
    """``"jpg"`` of ``"x.JPG"``; empty without one."""
    return name.rsplit(".", 1)[-1].lower() if "." in name.lstrip(".") else ""
