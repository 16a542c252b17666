"""What a list calls a file → the file: as written, else with a known ending, else by its name in the folders below.

Nothing outside of one folder is looked at, and the folder is listed at most once, however many files are missing.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from hubel.corpus.trees.folder import FolderTree
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.errors.wording import Option, Remedy
from hubel.files import is_folder, is_there
from hubel.images.formats import IMAGE_ENDINGS

MOST_FILES = 5_000_000
"""Files that are listed below a folder to find images by name."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)
_UPLOADED = re.compile(r"/data/upload/(?:\d+/)?((?:[0-9a-f]{8}-)?)(.+)")
_SERVED = "/data/local-files/?d="


class _Index(NamedTuple):
    """Files below a folder: by name, and images by name without ending."""

    by_name: dict[str, list[str]]
    by_stem: dict[str, list[str]]


class NamedFiles:
    """Finds files of a list below a folder.

    Args:
        root: the folder; nothing outside of it is looked at.
        list_folder: where the list lies, which its paths may be relative to.
    """

    def __init__(self, root: Path, list_folder: Path) -> None:
        self.root = root
        self.searched: list[tuple[str, str]] = []
        """(as written, found at) of the files that lie elsewhere below the folder than the list says."""
        self._roots = (Path(os.path.abspath(root)).as_posix(), Path(os.path.realpath(root)).as_posix())  # noqa: PTH100
        self._list_folder = Path(os.path.abspath(list_folder)).as_posix()  # noqa: PTH100
        self._apart = self._list_folder not in self._roots
        self._index: _Index | None = None

    def find(self, written: str, base: str = "") -> str:
        """The path of a file below the folder, with ``/`` and without detours.

        Args:
            written: what the list says.
            base: a folder below the root that is looked into first.

        Raises:
            UnreadableImage: ``outside``, ``not-a-path``, ``vanished``, ``permission-denied``,
                ``not-a-file`` or ``ambiguous``.
        """
        if _ADDRESS.match(written):
            reason = "it is a URL, and Hubel downloads nothing: download it into the folder of the list"
            raise UnreadableImage("not-a-path", reason)
        names = _names_of_label_studio(written)
        paths = names or self._as_written(written, base)
        missing = None
        for path in paths:
            try:
                self.check(path)
            except UnreadableImage as error:
                if error.code not in ("vanished", "not-a-file"):
                    raise
                missing = missing or error
            else:
                return path
        found = next(filter(None, map(self._elsewhere, dict.fromkeys(paths))), None)
        if found is None:
            raise missing or UnreadableImage("vanished", "the file is not there")
        self.check(found)
        self.searched.append((written, found))
        return found

    def check(self, path: str) -> None:
        """Nothing, for a file that is there.

        Raises:
            UnreadableImage: ``vanished``, ``permission-denied``, ``not-a-file`` or ``not-a-path``.
        """
        try:
            mode = os.stat(f"{self.root}/{path}").st_mode  # noqa: PTH116  (a Path for each of 100,000 rows is slow)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UnreadableImage("vanished", "the file is not there: copy it back, or correct the path") from error
        except PermissionError as error:
            reason = "this user may not look into its folder: chmod +rx, or run as its owner"
            raise UnreadableImage("permission-denied", reason) from error
        except ValueError as error:  # a NUL, or half a character
            raise UnreadableImage("not-a-path", "no file can have that name: correct the path") from error
        except OSError as error:
            reason = f"the system cannot look for it ({error.strerror}): correct the path"
            raise UnreadableImage("not-a-path", reason) from error
        if stat.S_ISDIR(mode):
            raise UnreadableImage("not-a-file", "it is a folder: list the images in it one by one")
        if not stat.S_ISREG(mode):
            raise UnreadableImage("not-a-file", "it is a pipe, a socket or a device: remove it")

    def _as_written(self, written: str, base: str) -> Sequence[str]:
        """The places below the folder that the text may mean, the most likely one first.

        Raises:
            UnreadableImage: ``outside``.
        """
        plain = posixpath.normpath(written.replace("\\", "/"))
        absolute = plain.startswith("/") or _DRIVE.match(plain) is not None
        if not (base or absolute or _climbs(plain) or self._apart) and written == written.strip():
            return (plain,)  # nearly every row
        places: list[str] = []
        for text in dict.fromkeys((written, written.strip())):
            places += self._places(posixpath.normpath(text.replace("\\", "/")), base)
        if places:
            return tuple(dict.fromkeys(places))
        if absolute:
            reason = "it is an absolute path that leads elsewhere: write it relative to the folder of the list"
        else:
            reason = "it leaves the folder of the list: copy the image into it"
        raise UnreadableImage("outside", f"{reason}, or name the folder that holds the images")

    def _places(self, path: str, base: str) -> Iterator[str]:
        """Below the folder of the images, and below that of the list where the two differ."""
        absolute = path.startswith("/") or _DRIVE.match(path) is not None
        if not absolute:
            for place in (posixpath.normpath(posixpath.join(base, path)), path):
                if not _climbs(place):
                    yield place
        if absolute or self._apart:
            whole = path if absolute else posixpath.normpath(posixpath.join(self._list_folder, path))
            yield from (whole[len(root.rstrip("/")) + 1 :] for root in self._roots if _is_below(whole, root))

    def _elsewhere(self, path: str) -> str | None:
        """A file with this path's name below the folder: of the same place with an ending, or else of any place.

        Raises:
            UnreadableImage: ``ambiguous``.
        """
        if self._index is None:
            self._index = _list_files(self.root)
        name, end = posixpath.basename(path), f"/{path}"
        whole, stems = self._index.by_name.get(name, ()), self._index.by_stem.get(name, ())
        choices = (
            [each for each in stems if _without_ending(each) == path],
            [each for each in whole if each.endswith(end)],
            [each for each in stems if _without_ending(each).endswith(end)],
        )
        found = next(filter(None, choices), [])
        if len(found) > 1:
            several = ", ".join(repr(each) for each in found[:3]) + (" ..." if len(found) > 3 else "")
            reason = f"several files could be meant ({several}): write its path, or name the one folder to look in"
            raise UnreadableImage("ambiguous", reason)
        return found[0] if found else None


def make_named_files(images: Path | None, list_folder: Path) -> NamedFiles:
    """Files below the folder that the user names, or else below the folder of the list.

    Args:
        images: the folder that the user names, if any.
        list_folder: the folder of the list.

    Raises:
        UnusableCorpus: the user names what is no folder.
    """
    if images is not None and not is_folder(images):
        there = "is a file, not a folder" if is_there(images) else "is not there"
        raise UnusableCorpus(f"The folder of images, {images}, {there}. Name the folder that holds the listed files.")
    return NamedFiles(images or list_folder, list_folder)


def _climbs(path: str) -> bool:
    return path == ".." or path.startswith("../")


def _is_below(path: str, root: str) -> bool:
    return path.startswith(f"{root.rstrip('/')}/")


def _without_ending(path: str) -> str:
    return path.rpartition(".")[0]


def _names_of_label_studio(written: str) -> tuple[str, ...]:
    """Below what name Label Studio keeps a file, and below what name it was uploaded; empty for other paths."""
    if written.startswith(_SERVED):
        path = posixpath.normpath(unquote(written.removeprefix(_SERVED)).replace("\\", "/").lstrip("/"))
        return () if _climbs(path) else (path, posixpath.basename(path))
    uploaded = _UPLOADED.fullmatch(written)
    if uploaded is None:
        return ()
    name = posixpath.basename(unquote(uploaded.group(2)))
    return (uploaded.group(1) + name, name)


def _list_files(root: Path) -> _Index:
    by_name: dict[str, list[str]] = defaultdict(list)
    by_stem: dict[str, list[str]] = defaultdict(list)
    for count, row in enumerate(FolderTree(root).rows()):
        if count >= MOST_FILES:
            raise UnusableCorpus(
                f"{root} has more than {MOST_FILES:,} files below it, too many to look for images by name.",
                Remedy("Name the folder of the images: ", Option("images", "FOLDER"), "."),
            )
        if not row.status:
            name = posixpath.basename(row.path)
            stem, _, ending = name.rpartition(".")
            by_name[name].append(row.path)
            if ending.lower() in IMAGE_ENDINGS:
                by_stem[stem].append(row.path)
    return _Index(by_name, by_stem)
