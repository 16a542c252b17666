"""What Parquet and Arrow files with images have in common: a row → an example or why not, and its bytes later."""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hubel.corpus.corpus import IGNORED, REFUSED, Corpus, Found, IntakeRow, Note, make_corpus
from hubel.corpus.formats.table_columns import Columns, holds_text, notes_on_groups, split_of, texts, usable_splits
from hubel.corpus.trees.folder import FolderTree, read_file
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.text import first_line

HELD_BYTES, HELD_BATCHES = 256_000_000, 256
"""Encoded images held in memory at a time; more only where two batches are larger."""

DAMAGE = (OSError, EOFError, pa.ArrowException, UnicodeDecodeError, OverflowError)
"""What is raised for a file that is not as its writer left it."""


@dataclass(frozen=True)
class Table:
    """One file with images.

    Args:
        path: the file.
        rows: how many it has.
        starts: rows at which reading can begin, ascending from 0.
        read_images: gives the image cells from such a row on, a batch at a time.
    """

    path: Path
    rows: int
    starts: tuple[int, ...]
    read_images: Callable[[int], Iterator[pa.Array]]


class ListedTable(NamedTuple):
    """A file, its columns, what each of its rows is (an example, or why it is none), and what the user should know."""

    table: Table
    columns: Columns
    rows: list[Found | IntakeRow]
    notes: tuple[Note, ...] = ()


class _Batch(NamedTuple):
    table: int
    first: int
    images: pa.Array

    def has(self, table: int, row: int) -> bool:
        return self.table == table and self.first <= row < self.first + len(self.images)


@dataclass
class TableSource:
    """Reads encoded images; quick in the order of the rows, and only the last batches are held in memory.

    Args:
        tables: the files.
        rows: row of each example, counted over all files.
    """

    tables: tuple[Table, ...]
    rows: Sequence[int]
    _held: list[_Batch] = field(default_factory=list, repr=False)
    _latest: _Batch | None = field(default=None, repr=False)
    _stream: Iterator[_Batch] = field(default_factory=lambda: iter(()), repr=False)
    _next: tuple[int, int] = field(default=(-1, 0), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._ends = list(accumulate(table.rows for table in self.tables))

    def read(self, position: int) -> bytes:
        """The bytes of the image at this place.

        Raises:
            UnreadableImage: its cell is empty, or its file is gone or damaged.
        """
        number = bisect_right(self._ends, self.rows[position])
        table = self.tables[number]
        row = self.rows[position] - (self._ends[number] - table.rows)
        try:
            with self._lock:
                batch = self._find(number, row)
            cell = batch.images[row - batch.first].as_py()
        except FileNotFoundError as error:
            raise UnreadableImage("vanished", f"{table.path.name} is no longer there: copy it back") from error
        except (*DAMAGE, StopIteration) as error:
            reason = f"{table.path.name} is damaged there ({first_line(error)}): download it again"
            raise UnreadableImage("corrupt", reason) from error
        return _image_bytes(cell, table.path.parent)

    def _find(self, number: int, row: int) -> _Batch:
        if self._latest is not None and self._latest.has(number, row):
            return self._latest
        self._latest = self._found(number, row)
        return self._latest

    def _found(self, number: int, row: int) -> _Batch:
        for batch in reversed(self._held):
            if batch.has(number, row):
                return batch
        starts = self.tables[number].starts
        start = starts[bisect_right(starts, row) - 1]
        if self._next[0] != number or not start <= self._next[1] <= row:
            self._stream, self._next = _batches(number, self.tables[number], start=start), (number, start)
        while True:
            batch = self._advance()
            if batch.has(number, row):
                return batch

    def _advance(self) -> _Batch:
        number, self._next = self._next[0], (-1, 0)  # a stream that fails is never asked again
        batch = next(self._stream)
        self._next = (number, batch.first + len(batch.images))
        self._held.append(batch)
        while len(self._held) > 2 and (
            len(self._held) > HELD_BATCHES or sum(each.images.nbytes for each in self._held) > HELD_BYTES
        ):
            del self._held[0]
        return batch


@dataclass(frozen=True)
class TableStream:
    """The images of one file, by the numbers of their rows."""

    table: Table
    _source: TableSource = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_source", TableSource((self.table,), range(self.table.rows)))

    @property
    def count(self) -> int:
        """Rows that it has."""
        return self.table.rows

    def rows(self) -> Iterator[tuple[IntakeRow, int]]:
        """Every row, with its number."""
        for number in range(self.count):
            yield IntakeRow(f"{number:07d}", ""), number

    def read(self, place: int) -> bytes:
        """The bytes of an image; quick in the order of the rows.

        Raises:
            UnreadableImage: its cell is empty, or the file is gone or damaged.
        """
        return self._source.read(place)


def _batches(number: int, table: Table, *, start: int) -> Iterator[_Batch]:
    for images in table.read_images(start):
        yield _Batch(number, start, images)
        start += len(images)


def _image_bytes(cell: object, folder: Path) -> bytes:
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, dict):
        if isinstance(cell.get("bytes"), bytes):
            return cell["bytes"]
        if isinstance(cell.get("path"), str) and "\0" not in cell["path"]:
            path = Path(os.path.realpath(folder / cell["path"]))
            if not path.is_relative_to(os.path.realpath(folder)):
                raise UnreadableImage("link-outside", "its path leaves the corpus: copy the image beside its table")
            return read_file(path)
    raise UnreadableImage("empty", "the row holds no image: neither bytes nor a path")


def list_rows(
    columns: Columns, batches: Iterable[pa.RecordBatch], *, prefix: str, split: str | None
) -> list[Found | IntakeRow]:
    """What each row is: an example, or why it is none.

    Args:
        columns: the file's.
        batches: at least `Columns.small` of every row.
        prefix: what stands before the row's number in its path, such as ``"train.parquet#"``.
        split: the given split of rows that say none themselves.
    """
    rows: list[Found | IntakeRow] = []
    for batch in batches:
        nothing: list[str | None] = [None] * batch.num_rows
        labels = batch.column(columns.label)
        names = None if holds_text(labels.type) else columns.class_names
        splits = texts(batch.column(columns.split)) if columns.split else nothing
        groups = texts(batch.column(columns.group)) if columns.group else nothing
        for label, said, group in zip(texts(labels), splits, groups, strict=True):
            path = f"{prefix}{len(rows):07d}"
            class_name, code, reason = _class_name(label, names)
            given, problem = split_of(said, split, words=columns.split_words)
            if code:
                rows.append(IntakeRow(path, REFUSED, code, reason))
            elif problem:
                kind = (REFUSED, "unknown-split") if columns.split_words is None else (IGNORED, "other-split")
                rows.append(IntakeRow(path, *kind, problem, class_name))
            else:
                rows.append(Found(path, class_name, given, group or None))
    return rows


def _class_name(label: str | None, names: tuple[str, ...] | None) -> tuple[str, str, str]:
    """Class name, code and reason; without a code, the name is good."""
    if label is None or not label.strip():
        return "", "no-label", "the row has no label: give it one, or remove the row"
    if names is None:
        return label, "", ""
    if label == "-1":
        return "", "no-label", "the row has the label -1, which stands for none: give it one, or remove the row"
    if not 0 <= int(label) < len(names):
        reason = f"the row has the label {label}, which is not in its own list of {len(names)} classes: correct it"
        return "", "no-such-class", reason
    return names[int(label)], "", ""


def make_table_corpus(
    location: Path,
    format_name: str,
    *,
    listed: Sequence[ListedTable],
    others: Sequence[IntakeRow],
    notes: Sequence[Note],
) -> Corpus:
    """Put the rows of all files together.

    Args:
        location: what the user named.
        format_name: the format's name in its catalogue.
        listed: the files with examples.
        others: the rows of all other files.
        notes: what the user should know.

    Raises:
        UnusableCorpus: no row is an example.
    """
    rows = [row for each in listed for row in each.rows]
    examples = [(number, row) for number, row in enumerate(rows) if isinstance(row, Found)]
    refused = [row for row in rows if isinstance(row, IntakeRow)]
    if not examples:
        first = f" First: {refused[0].path}: {refused[0].reason}." if refused else ""
        raise UnusableCorpus(f"{location} has {len(rows)} rows, and no row is an image with a label.{first}")
    said = list(dict.fromkeys(note for each in listed for note in each.notes))
    found, more = usable_splits([row for _, row in examples])
    more += notes_on_groups(found, [each.columns.group for each in listed])
    source = TableSource(tuple(each.table for each in listed), [number for number, _ in examples])
    left_out, notes = [*refused, *others], [*notes, *said, *more]
    return make_corpus(str(location), format_name, found=found, source=source, left_out=left_out, notes=notes)


def side_files(root: Path, used: Iterable[str]) -> list[IntakeRow]:
    """A row for every other file below a folder: none of them is an example.

    Args:
        root: the folder.
        used: the files that hold the examples, relative to it, with ``/``.
    """
    known = set(used)
    reason = "it lies beside the files that hold the examples"
    rows = []
    for row in FolderTree(root).rows():
        if row.path not in known:
            kept = row.status == IGNORED or row.path.endswith("/")  # with "/": a folder not to be listed
            rows.append(row if kept else IntakeRow(row.path, IGNORED, "other-file", reason))
    return rows


@contextmanager
def naming_damage(path: Path) -> Generator[None]:
    """Says which file is damaged when pyarrow cannot read it.

    Raises:
        UnusableCorpus: instead of what pyarrow raises.
    """
    try:
        yield
    except PermissionError as error:
        raise UnusableCorpus(f"{path} may not be read by this user: chmod +r, or run as its owner.") from error
    except DAMAGE as error:
        raise UnusableCorpus(f"{path} is damaged ({first_line(error)}): download it again.") from error
