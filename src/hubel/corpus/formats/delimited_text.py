"""CSV and TSV text, a line at a time: a line that cannot be used is named, and the next one is read.

1. A byte-order mark decides the encoding; without one it is UTF-8, or Windows-1252 where the bytes are not UTF-8.
2. Cells are text: they stay as they are, spaces included.
3. A quoted cell may hold line ends. A quote that is never closed costs its own line only, not all that follow.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from hubel.corpus.trees.folder import naming_file

DELIMITERS = (",", ";", "\t", "|")
MOST_CELL = 65_536
"""Characters of one cell."""
MOST_CELLS = 1000
MOST_LINE = 1_000_000
"""Characters of one line: no more is ever held of it."""
MOST_LINES_OF_ROW, MOST_CHARACTERS_OF_ROW = 100, 200_000
"""How far a row with quoted line ends may go; it bounds how far an unclosed quote is followed."""

UTF_8, UTF_16, WINDOWS = "utf-8-sig", "utf-16", "cp1252"
_BLOCK = 1 << 20


class NumberedRow(NamedTuple):
    """One row of a list, and its cells.

    Args:
        number: of the line where it begins, or of the entry of an array; counted from 1.
        cells: of a row with a fault, only those that are sure; None where there is none.
        code: a short stable word for the fault; empty without one.
        reason: why, and what to do.
    """

    number: int
    cells: tuple[str | None, ...]
    code: str = ""
    reason: str = ""


class Dialect(NamedTuple):
    """How a file's text is written."""

    encoding: str
    delimiter: str


def find_encoding(path: Path) -> str:
    """``"utf-8-sig"``, ``"utf-16"`` or ``"cp1252"``, from the byte-order mark or else from all bytes of the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with naming_file(path), path.open("rb") as file:
        block = file.read(_BLOCK)
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return UTF_16
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return WINDOWS
    return UTF_8


def read_first_line(path: Path, encoding: str) -> str:
    """The first line that is not empty, without its end; empty where there is none.

    Args:
        path: the file.
        encoding: of `find_encoding`.
    """
    with naming_file(path), _open(path, encoding) as file:
        return next((text.rstrip("\r\n") for _, text in _lines(file) if text.strip()), "")


def read_lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Number, counted from 1, and text of each line; of one that is too long, one character more than the limit.

    Args:
        path: the file.
        encoding: of `find_encoding`.
    """
    with naming_file(path), _open(path, encoding) as file:
        yield from _lines(file)


def split_header(line: str, delimiter: str) -> tuple[str, ...]:
    """The column names in a header line; none where it is no usable one with this delimiter.

    Args:
        line: without its end.
        delimiter: between its cells.
    """
    try:
        cells = _parse(line, delimiter)
    except csv.Error:
        return ()
    return cells if len(cells) <= MOST_CELLS else ()


def read_rows(path: Path, dialect: Dialect, *, width: int) -> Iterator[NumberedRow]:
    """Every row after the header; empty lines are none.

    Args:
        path: the file.
        dialect: how it is written.
        width: cells that the header has, and each row must have.
    """
    with naming_file(path), _open(path, dialect.encoding) as file:
        lines = _lines(file)
        next((text for _, text in lines if text.strip()), None)  # the header
        waiting: deque[tuple[int, str]] = deque()  # lines already looked at to find the end of a quoted cell
        while waiting or _fetch(waiting, lines):
            number, text = waiting.popleft()
            if text.strip("\r\n"):
                yield _row(number, text, dialect, width, _Following(waiting, lines))


class _Following(NamedTuple):
    """The lines after one: those already looked at, then those still in the file."""

    waiting: deque[tuple[int, str]]
    lines: Iterator[tuple[int, str]]


def _open(path: Path, encoding: str) -> TextIO:
    # newline="": line ends inside of quotes stay; "replace": such characters are found again in _row
    return path.open(encoding=encoding, errors="replace", newline="")


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Number and text of each line; of one that is too long, one character more than the limit."""
    number = 0
    while text := file.readline(MOST_LINE + 1):
        number += 1
        yield number, text
        while len(text) > MOST_LINE and not text.endswith(("\r", "\n")):
            text = file.readline(MOST_LINE + 1)


def _fetch(waiting: deque[tuple[int, str]], lines: Iterator[tuple[int, str]]) -> bool:
    line = next(lines, None)
    if line is not None:
        waiting.append(line)
    return line is not None


def _parse(text: str, delimiter: str) -> tuple[str, ...]:
    return tuple(next(csv.reader([text], delimiter=delimiter, strict=True), ()))


def _row(number: int, text: str, dialect: Dialect, width: int, following: _Following) -> NumberedRow:
    if len(text) > MOST_LINE:
        return NumberedRow(number, (), "line-too-long", f"it has more than {MOST_LINE:,} characters: shorten it")
    try:
        cells = _parse(text, dialect.delimiter)
    except csv.Error as error:
        if "unexpected end" in str(error):
            longer = _longer_row(number, text, dialect=dialect, width=width, following=following)
            return longer or _unclosed_row(number, text, dialect=dialect)
        if "field larger" in str(error):
            return NumberedRow(
                number, (), "cell-too-long", f"a cell has more than {MOST_CELL:,} characters: shorten it"
            )
        return NumberedRow(number, (), "bad-quote", "there is a quote inside of a quoted cell: write it twice")
    if not any(cell.strip() for cell in cells):
        return NumberedRow(number, (), "blank-row", "all its cells are empty")
    return NumberedRow(number, cells, *_fault(text, cells, dialect=dialect, width=width))


def _longer_row(number: int, text: str, *, dialect: Dialect, width: int, following: _Following) -> NumberedRow | None:
    """The row that this line begins and a later one ends; its lines are taken only if they make a good row."""
    joined = text
    for place in range(MOST_LINES_OF_ROW - 1):
        if place == len(following.waiting) and not _fetch(*following):
            return None
        line = following.waiting[place][1]
        joined += line
        if len(joined) > MOST_CHARACTERS_OF_ROW:
            return None
        if line.count('"') % 2:  # it closes the quote, or nothing does
            break
    try:
        cells = _parse(joined, dialect.delimiter)
    except csv.Error:
        return None
    if _fault(joined, cells, dialect=dialect, width=width)[0]:
        return None
    for _ in range(place + 1):
        following.waiting.popleft()
    return NumberedRow(number, cells)


def _unclosed_row(number: int, text: str, *, dialect: Dialect) -> NumberedRow:
    before = next(csv.reader([text], delimiter=dialect.delimiter), [])[:-1]
    reason = "it opens a quote that is not closed: close it, or take it away"
    return NumberedRow(number, tuple(before), "unclosed-quote", reason)


def _fault(text: str, cells: tuple[str, ...], *, dialect: Dialect, width: int) -> tuple[str, str]:
    """Code and reason; both empty for a good row."""
    if "\0" in text:
        return "nul", "it holds a NUL character: remove it"
    if "\ufffd" in text and dialect.encoding != UTF_8:
        return "not-text", "it has bytes that are not text in this encoding: save the manifest as UTF-8"
    if max(map(len, cells)) > MOST_CELL:
        return "cell-too-long", f"a cell has more than {MOST_CELL:,} characters: shorten it"
    if len(cells) < width:
        return "missing-cells", f"it has {len(cells)} of the {width} cells that the header names: add what is missing"
    if len(cells) > width:
        return "extra-cells", (
            f"it has {len(cells)} cells, the header names {width}: remove the extra ones, or put a cell that holds "
            f"{dialect.delimiter!r} in quotes"
        )
    return "", ""
