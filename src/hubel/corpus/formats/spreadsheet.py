"""The first sheet of an .xlsx file as text: a zip of XML, read within bounds and without any DTD."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias
from xml.parsers import expat

from hubel.corpus.formats.delimited_text import MOST_CELL, MOST_CELLS
from hubel.errors import UnusableCorpus

MOST_BYTES = 200_000_000
"""Of one unpacked part of the file."""
MOST_ROWS = 1_048_576
"""Rows of a sheet in Excel."""
_BLOCK = 1 << 18
_COLUMN = re.compile(r"[A-Z]{1,3}")


class Sheet(NamedTuple):
    """A sheet: its name, how many the file has, and (number, cells) of each row that has any."""

    name: str
    sheets: int
    rows: list[tuple[int, tuple[str | None, ...]]]


class _NotASheet(Exception):
    """Why a file is none; the door adds the name and the cure."""


def read_spreadsheet(path: Path) -> Sheet:
    """The first sheet. Formulas have the value they were saved with; booleans are True and False.

    Raises:
        UnusableCorpus: a damaged file, one with a password, or one that unpacks to more than it may.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            book = _elements(archive, "xl/workbook.xml", wanted="sheet")
            if not book:
                raise _NotASheet("it has no sheets")
            links = _elements(archive, "xl/_rels/workbook.xml.rels", wanted="Relationship")
            first = next((value for key, value in book[0].items() if key.endswith(":id")), "")
            target = next((link["Target"] for link in links if link.get("Id") == first), "worksheets/sheet1.xml")
            sheet = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            shared = _shared_texts(archive) if "xl/sharedStrings.xml" in archive.namelist() else []
            return Sheet(book[0].get("name", ""), len(book), list(_rows(archive, sheet, shared)))
    except FileNotFoundError as error:
        raise UnusableCorpus(f"{path} is not there: check its name, or copy it back.") from error
    except PermissionError as error:
        raise UnusableCorpus(f"{path} may not be read by this user: chmod +r, or run as its owner.") from error
    except (_NotASheet, zipfile.BadZipFile, expat.ExpatError, zlib.error, KeyError, *_FAULTS) as error:
        reason = str(error) or type(error).__name__
        raise UnusableCorpus(
            f"{path} cannot be read as an Excel file ({reason}). Save it again as .xlsx without a password, or as CSV."
        ) from error


_FAULTS = (OSError, EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError)
"""What the standard library raises for a part that is encrypted, cut off or packed in a way it does not know."""


_Start: TypeAlias = Callable[[str, dict[str, str]], None]
_Text: TypeAlias = Callable[[str], None]


def _parse(
    archive: zipfile.ZipFile, name: str, *, start: _Start, end: _Text | None = None, data: _Text | None = None
) -> Iterator[None]:
    """Walk through a part of the file, block by block; a declaration of a document type, so of entities, is refused.

    Args:
        archive: the file.
        name: of the part.
        start: hears where an element begins, and its attributes.
        end: hears where an element ends.
        data: hears the characters between.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    with archive.open(name) as part:
        done = 0
        while block := part.read(_BLOCK):
            done += len(block)
            if done > MOST_BYTES:
                raise _NotASheet(f"{name} unpacks to more than {MOST_BYTES:,} bytes")
            parser.Parse(block, False)  # noqa: FBT003  (it takes no keywords)
            yield
        parser.Parse(b"", True)  # noqa: FBT003
        yield


def _elements(archive: zipfile.ZipFile, name: str, *, wanted: str) -> list[dict[str, str]]:
    """The attributes of every element of this name."""
    found: list[dict[str, str]] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        if _local(element) == wanted:
            found.append(attributes)

    for _ in _parse(archive, name, start=start):
        pass
    return found


def _refuse_doctype(*_: object) -> None:
    raise _NotASheet("it declares a document type, which no spreadsheet program writes")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    texts: list[str] = []
    pieces: list[str] = []
    inside = {"t": 0, "rPh": 0}  # rPh: how a text is pronounced; no part of it

    def start(name: str, _: dict[str, str]) -> None:
        if _local(name) in inside:
            inside[_local(name)] += 1

    def end(name: str) -> None:
        if _local(name) in inside:
            inside[_local(name)] -= 1
        elif _local(name) == "si":
            texts.append("".join(pieces))
            pieces.clear()

    def data(text: str) -> None:
        if inside["t"] and not inside["rPh"]:
            pieces.append(text)

    for _ in _parse(archive, "xl/sharedStrings.xml", start=start, end=end, data=data):
        pass
    return texts


class _Rows:
    """Collects the cells of a sheet, row by row."""

    def __init__(self, shared: list[str]) -> None:
        self.shared = shared
        self.done: list[tuple[int, tuple[str | None, ...]]] = []
        self._number = self._count = 0
        self._cells: list[str | None] = []
        self._kind, self._place = "n", 0
        self._text: list[str] | None = None
        self._reading = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        local = _local(name)
        if local == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells = []
        elif local == "c":
            self._kind, self._text = attributes.get("t", "n"), None
            letters = _COLUMN.match(attributes.get("r", ""))
            self._place = _column(letters.group()) if letters else len(self._cells)
        elif local in ("v", "t"):
            self._reading = True

    def data(self, text: str) -> None:
        """Characters of a cell."""
        if self._reading:
            self._text = self._text or []
            self._text.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        local = _local(name)
        if local in ("v", "t"):
            self._reading = False
        elif local == "c" and self._text is not None and self._place < MOST_CELLS:
            self._cells += [None] * (self._place + 1 - len(self._cells))
            self._cells[self._place] = self._value("".join(self._text))
        elif local == "row" and any(cell is not None for cell in self._cells):
            self._count += 1
            if self._count > MOST_ROWS:
                raise _NotASheet(f"it has more than {MOST_ROWS:,} rows")
            self.done.append((self._number, tuple(self._cells)))

    def _value(self, text: str) -> str | None:
        if self._kind == "e":  # such as #N/A
            return None
        if self._kind == "b":
            return "True" if text.strip() == "1" else "False"
        if self._kind != "s":
            return text[: MOST_CELL + 1]
        place = int(text)
        if not 0 <= place < len(self.shared):
            raise _NotASheet(f"a cell points to text {place}, of {len(self.shared)}")
        return self.shared[place]


def _column(letters: str) -> int:
    """0 for A, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _rows(archive: zipfile.ZipFile, name: str, shared: list[str]) -> Iterator[tuple[int, tuple[str | None, ...]]]:
    rows = _Rows(shared)
    for _ in _parse(archive, name, start=rows.start, end=rows.end, data=rows.data):
        yield from rows.done
        rows.done.clear()
