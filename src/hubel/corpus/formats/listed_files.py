"""Rows of a manifest → examples: is each path a file below the folder, and is it listed in one way only?"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hubel.corpus.corpus import IGNORED, REFUSED, Found, IntakeRow
from hubel.corpus.formats.delimited_text import MOST_CELL
from hubel.corpus.formats.table_columns import split_of
from hubel.errors import UnreadableImage

BLANK_ROW, LISTED_TWICE = "blank-row", "listed-twice"
"""Codes of rows that are ignored; all others are refused."""

SHOWN = 60
"""Characters of a cell that a message repeats."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)


class Row(NamedTuple):
    """One data row of a manifest; `check_rows` makes its path relative with ``/`` and its split one of ours.

    Args:
        where: for a person, such as ``"line 5"``.
        key: stands for the path of a row without one, such as ``"list.csv:5"``.
        path: of the picture.
        class_name: as it is written.
        split: the given split; None or empty without one.
        group: as it is written; None or empty without one.
        code: a short stable word for a fault; empty for a good row.
        reason: why, and what to do.
    """

    where: str
    key: str
    path: str | None = None
    class_name: str | None = None
    split: str | None = None
    group: str | None = None
    code: str = ""
    reason: str = ""

    def left_out(self, code: str = "", reason: str = "") -> IntakeRow:
        """Its intake row, with this fault or its own."""
        status = IGNORED if (code or self.code) in (BLANK_ROW, LISTED_TWICE) else REFUSED
        usable = self.path is not None and self.path.strip() and "\0" not in self.path and len(self.path) <= MOST_CELL
        return IntakeRow(
            str(self.path) if usable else self.key, status, code or self.code, f"{self.where}: {reason or self.reason}"
        )


def check_rows(rows: Iterable[Row], root: Path) -> list[Row]:
    """Look at every row by itself; those with a fault get a code and a reason.

    Args:
        rows: as they are written.
        root: the folder of the manifest. Files are looked for in and below it, and nowhere else; none is opened.
    """
    files = _Files(root)
    return [row if row.code else _checked(row, files) for row in rows]


def settle(rows: Iterable[Row]) -> tuple[list[Found], list[IntakeRow]]:
    """Examples, and the rows that are none: those with a fault, and paths listed twice or in two ways."""
    found: list[Found] = []
    left_out: list[IntakeRow] = []
    by_path: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.code:
            left_out.append(row.left_out())
        else:
            by_path[str(row.path)].append(row)
    for path, same in by_path.items():
        code, reason = _contradiction(same)
        if code:
            left_out += [row.left_out(code, reason) for row in same]
        else:
            found.append(Found(path, str(same[0].class_name), same[0].split, same[0].group or None))
            left_out += [row.left_out(LISTED_TWICE, f"{same[0].where} lists it already") for row in same[1:]]
    return found, left_out


def _contradiction(same: list[Row]) -> tuple[str, str]:
    """Code and reason if one path is listed in two ways; both empty if not."""
    if len(same) == 1:
        return "", ""
    for kind, values in (
        ("labels", [row.class_name for row in same]),
        ("splits", [row.split for row in same]),
        ("groups", [row.group or None for row in same]),
    ):
        first: dict[str | None, str] = {}
        for value, row in zip(values, same, strict=True):
            first.setdefault(value, row.where)
        if len(first) > 1:
            said = ", ".join(f"{(value or '')[:SHOWN]!r} ({where})" for value, where in list(first.items())[:5])
            return f"two-{kind}", f"it is listed with several {kind}: {said}. Keep one of them"
    return "", ""


def _checked(row: Row, files: _Files) -> Row:
    try:
        path = _relative(_path_of(row))
        split, reason = split_of(row.split)
        if reason:
            raise UnreadableImage("unknown-split", reason)
        files.check(path)
    except UnreadableImage as error:
        return row._replace(code=error.code, reason=error.reason)
    return row._replace(path=path, split=split)


def _path_of(row: Row) -> str:
    """The path as it is written, of a row whose cells are all usable text.

    Raises:
        UnreadableImage: ``nul``, ``cell-too-long``, ``no-path`` or ``no-label``.
    """
    cells = [cell for cell in (row.path, row.class_name, row.split, row.group) if cell]
    if any("\0" in cell for cell in cells):
        raise UnreadableImage("nul", "it holds a NUL character: remove it")
    if any(len(cell) > MOST_CELL for cell in cells):
        raise UnreadableImage("cell-too-long", f"a cell has more than {MOST_CELL:,} characters: shorten it")
    if row.path is None or not row.path.strip():
        raise UnreadableImage("no-path", "it names no file: write its path, or remove the row")
    if row.class_name is None or not row.class_name.strip():
        raise UnreadableImage("no-label", "it has no label: write one, or remove the row")
    return row.path


def _relative(written: str) -> str:
    """The path with ``/``, without detours.

    Raises:
        UnreadableImage: ``not-a-path`` or ``outside``; its text alone shows it.
    """
    if _ADDRESS.match(written):
        reason = "it is an address, and nothing is ever fetched: download it into the manifest's folder"
        raise UnreadableImage("not-a-path", reason)
    path = posixpath.normpath(written.replace("\\", "/"))
    if path.startswith("/") or _DRIVE.match(path):
        raise UnreadableImage("outside", "it is an absolute path: write it relative to the manifest's folder")
    if path == ".." or path.startswith("../"):
        raise UnreadableImage("outside", "it leaves the manifest's folder: copy the picture into it")
    return path


class _Files:
    """Tells whether a path is a file below a folder; each folder on the way is looked at once."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._real = Path(os.path.realpath(root))
        self._inside: dict[str, bool] = {}

    def check(self, path: str) -> None:
        """Nothing, for a file that is there.

        Raises:
            UnreadableImage: ``link-outside``, ``vanished``, ``permission-denied``, ``not-a-file`` or ``not-a-path``.
        """
        try:
            mode = self._mode(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UnreadableImage("vanished", "the file is not there: copy it back, or correct the path") from error
        except PermissionError as error:
            reason = "this user may not look into its folder: chmod +rx, or run as its owner"
            raise UnreadableImage("permission-denied", reason) from error
        except OSError as error:
            reason = f"the system cannot look for it ({error.strerror}): correct the path"
            raise UnreadableImage("not-a-path", reason) from error
        if stat.S_ISDIR(mode):
            raise UnreadableImage("not-a-file", "it is a folder: list the pictures in it one by one")
        if not stat.S_ISREG(mode):
            raise UnreadableImage("not-a-file", "it is a pipe, a socket or a device: remove it")

    def _mode(self, path: str) -> int:
        """What kind of thing lies there; a link is followed only to a place below the folder."""
        folder = posixpath.dirname(path)
        if folder not in self._inside:
            self._inside[folder] = self._is_inside(folder)
        place = f"{self._root}/{path}"  # a Path for each of 100,000 rows would take longer than the look at the file
        details = os.lstat(place) if self._inside[folder] else None
        if details is None or (stat.S_ISLNK(details.st_mode) and not self._is_inside(path)):
            raise UnreadableImage("link-outside", "a link in it leaves the corpus: copy what it points to")
        return Path(place).stat().st_mode if stat.S_ISLNK(details.st_mode) else details.st_mode

    def _is_inside(self, path: str) -> bool:
        return Path(os.path.realpath(f"{self._root}/{path}")).is_relative_to(self._real)
