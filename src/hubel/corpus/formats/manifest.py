"""A CSV, TSV or Parquet file that lists pictures with their class names; the pictures lie in or below its folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from hubel.corpus.corpus import Corpus, make_corpus
from hubel.corpus.formats.delimited_text import (
    DELIMITERS,
    WINDOWS,
    Dialect,
    find_encoding,
    read_first_line,
    read_rows,
    split_header,
)
from hubel.corpus.formats.image_tables import naming_damage
from hubel.corpus.formats.listed_files import BLANK_ROW, Row, check_rows, settle
from hubel.corpus.formats.table_columns import (
    GROUP_COLUMNS,
    LABEL_COLUMNS,
    PATH_COLUMNS,
    SPLIT_COLUMNS,
    check_names,
    check_type,
    find_column,
    holds_text,
    is_manifest,
    notes_on_groups,
    texts,
    usable_splits,
)
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import FolderTree
from hubel.corpus.trees.tree import TreeSource
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, Progress

ROWS_AT_A_TIME = 2000


class Columns(NamedTuple):
    """Names of the columns of a manifest."""

    path: str
    label: str
    split: str | None
    group: str | None


def matches(path: Path) -> bool:
    """By the name's ending; a Parquet file only if it lists pictures by path and holds none itself."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".parquet":
        try:
            return is_manifest(pq.read_schema(path))
        except (OSError, pa.ArrowException):  # the format of Parquet with images says what is wrong with it
            return False
    return path.suffix.lower() in (".csv", ".tsv")


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """Read the list, and look whether its files are there; no picture is opened yet.

    Each column is the first with one of its usual names. Labels are text: they are never interpreted.

    Raises:
        UnusableCorpus: no header with a path and a label column, no rows, or a damaged file.
    """
    if path.suffix.lower() == ".parquet":
        return read_parquet_manifest(path, on_event)
    return read_text_manifest(path, on_event)


def read_text_manifest(path: Path, on_event: OnEvent) -> Corpus:
    """Read a manifest in CSV or TSV, whatever its name.

    Raises:
        UnusableCorpus: no header with a path and a label column, no rows, or a file that cannot be read.
    """
    encoding = find_encoding(path)
    delimiter, names, columns = _split_header(path, read_first_line(path, encoding))
    places = [names.index(name) if name is not None else None for name in columns]
    rows = _text_rows(path, Dialect(encoding, delimiter), width=len(names), places=places)
    notes = _notes(columns, names)
    if encoding == WINDOWS:
        notes.append(f"{path.name} is not UTF-8: it is read as Windows-1252. Save it as UTF-8 if names look wrong.")
    return _make(path, rows, columns, notes, on_event)


def read_parquet_manifest(path: Path, on_event: OnEvent) -> Corpus:
    """Read a manifest in Parquet.

    Raises:
        UnusableCorpus: a damaged file, no path or label column, a column of another type than text, or no rows.
    """
    with naming_damage(path):
        schema = pq.read_schema(path)
    check_names(path, schema.names)
    columns = _find_columns(schema.names)
    if columns is None:
        raise UnusableCorpus(f"{path} has the columns {', '.join(schema.names)}. {_columns_wanted()}")
    for name in columns:
        check_type(path, schema, name)
    return _make(path, _parquet_rows(path, schema, columns), columns, _notes(columns, schema.names), on_event)


def _make(path: Path, rows: Iterable[Row], columns: Columns, notes: list[str], on_event: OnEvent) -> Corpus:
    checked = check_rows(_counted(rows, on_event), path.parent)
    if all(row.code == BLANK_ROW for row in checked):
        raise UnusableCorpus(f"{path} has a header, but lists no file: add a row for each picture.")
    found, left_out = settle(checked)
    found, more = usable_splits(found)
    more += notes_on_groups(found, [columns.group])
    source = TreeSource(FolderTree(path.parent), [each.path for each in found])
    return make_corpus(str(path), "manifest", found, source=source, left_out=left_out, notes=[*notes, *more])


def _counted(rows: Iterable[Row], on_event: OnEvent) -> Iterator[Row]:
    for count, row in enumerate(rows, start=1):
        yield row
        if count % ROWS_AT_A_TIME == 0:
            on_event(Progress("listing", count, 0, "files"))


def _split_header(path: Path, line: str) -> tuple[str, tuple[str, ...], Columns]:
    """Delimiter, column names, and which is which."""
    if not line:
        raise UnusableCorpus(f"{path} is empty. {_columns_wanted()}")
    for delimiter in DELIMITERS:
        names = split_header(line, delimiter)
        columns = _find_columns(names)
        if columns is not None:
            check_names(path, names)
            return delimiter, names, columns
    shown = line[:80] + (" ..." if len(line) > 80 else "")
    raise UnusableCorpus(f"{path} begins with {shown!r}, which is no header. {_columns_wanted()}")


def _columns_wanted() -> str:
    return (
        "Its first line must name a column with the pictures' paths and one with their labels: put path,label above "
        f"the first row, or rename the columns. Names for the paths: {', '.join(PATH_COLUMNS)}; for the labels: "
        f"{', '.join(LABEL_COLUMNS)}."
    )


def _find_columns(names: Sequence[str]) -> Columns | None:
    path, label = find_column(names, PATH_COLUMNS), find_column(names, LABEL_COLUMNS)
    if path is None or label is None:
        return None
    return Columns(path, label, find_column(names, SPLIT_COLUMNS), find_column(names, GROUP_COLUMNS))


def _notes(columns: Columns, names: Sequence[str]) -> list[str]:
    """Says which column was taken where several could have been meant."""
    notes = []
    for what, taken, usual in (("paths", columns.path, PATH_COLUMNS), ("labels", columns.label, LABEL_COLUMNS)):
        others = [name for name in names if name != taken and name.strip().casefold() in usual]
        if others:
            notes.append(f"The {what} are read from column {taken!r}, not from {', '.join(map(repr, others))}.")
    return notes


def _text_rows(path: Path, dialect: Dialect, *, width: int, places: Sequence[int | None]) -> Iterator[Row]:
    for row in read_rows(path, dialect, width=width):
        cells = [row.cells[place] if place is not None and place < len(row.cells) else None for place in places]
        yield Row(f"line {row.line}", f"{path.name}:{row.line}", *cells, code=row.code, reason=row.reason)


def _parquet_rows(path: Path, schema: pa.Schema, columns: Columns) -> Iterator[Row]:
    used = [name for name in columns if name is not None]
    plain = [name for name in used if holds_text(schema.field(name).type)]
    number = 0
    # read_dictionary: a text that is repeated in every row is held once
    with naming_damage(path), pq.ParquetFile(path, memory_map=True, read_dictionary=plain) as opened:
        for batch in opened.iter_batches(ROWS_AT_A_TIME, columns=used):
            nothing: list[str | None] = [None] * batch.num_rows
            cells = [texts(batch.column(name)) if name is not None else nothing for name in columns]
            for each in zip(*cells, strict=True):
                yield Row(f"row {number} (the first is 0)", f"{path.name}#{number:07d}", *each)
                number += 1
        if number != opened.metadata.num_rows:
            raise EOFError(f"it has {number:,} of {opened.metadata.num_rows:,} rows")
