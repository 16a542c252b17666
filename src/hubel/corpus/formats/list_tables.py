"""A table that lists images, whatever it is written in: its column names, and its rows as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

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
from hubel.corpus.formats.json_rows import read_json_names, read_json_rows
from hubel.corpus.formats.spreadsheet import read_spreadsheet
from hubel.corpus.formats.table_columns import check_names, check_type, holds_text, texts
from hubel.errors import UnusableCorpus
from hubel.text import shortened

ROWS_AT_A_TIME = 2000
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
ENDINGS = (".csv", ".tsv", ".parquet", ".xlsx", *JSON_ENDINGS)

Fits: TypeAlias = Callable[[Sequence[str]], bool]


class ListedRow(NamedTuple):
    """One row of a list.

    Args:
        where: for a person, such as ``"line 5"``.
        key: stands for the path of a row without one, such as ``"list.csv:5"``.
        cells: of the columns asked for, in this order.
        code: a short stable word for a fault; empty for a good row.
        reason: why, and what to do.
    """

    where: str
    key: str
    cells: tuple[str | None, ...]
    code: str = ""
    reason: str = ""


def _any_cells_will_do(name: str) -> None:
    """Cells of a text file are always text."""


@dataclass(frozen=True)
class ListTable:
    """A list on disk; its rows are read anew each time they are asked for.

    Args:
        path: the file.
        names: of its columns, as they are written.
        read_rows: the cells of these columns, row by row.
        notes: what the user should know.
        header: how its first row reads, where it may be none.
        check_text: refuses a column whose cells are neither text nor whole numbers.
    """

    path: Path
    names: tuple[str, ...]
    read_rows: Callable[[Sequence[str]], Iterator[ListedRow]]
    notes: tuple[str, ...] = ()
    header: str = ""
    check_text: Callable[[str], None] = _any_cells_will_do


def open_table(path: Path, fits: Fits) -> ListTable:
    """Open a list, by the ending of its name; what has none of the known ones is taken for CSV.

    Args:
        path: the file.
        fits: whether these are the column names of a list: tells the delimiters of a CSV apart.

    Raises:
        UnusableCorpus: it is empty, damaged, or has two columns of one name.
    """
    ending = path.suffix.lower()
    if ending == ".parquet":
        table = open_parquet(path)
    elif ending == ".xlsx":
        table = _open_spreadsheet(path)
    elif ending in JSON_ENDINGS:
        table = ListTable(path, read_json_names(path), lambda wanted: _json_rows(path, wanted))
    else:
        table = _open_text(path, fits)
    check_names(path, table.names)
    return table


def _open_text(path: Path, fits: Fits) -> ListTable:
    encoding = find_encoding(path)
    line = read_first_line(path, encoding)
    if not line:
        raise UnusableCorpus(f"{path} is empty: write path,label into its first line, and a row for each image below.")
    headers = {delimiter: split_header(line, delimiter) for delimiter in DELIMITERS}
    widest = max(headers, key=lambda delimiter: len(headers[delimiter]))
    delimiter = next((each for each, names in headers.items() if fits(names)), widest)
    names = headers[delimiter]

    def rows(wanted: Sequence[str]) -> Iterator[ListedRow]:
        places = [names.index(name) for name in wanted]
        for row in read_rows(path, Dialect(encoding, delimiter), width=len(names)):
            cells = tuple(row.cells[place] if place < len(row.cells) else None for place in places)
            yield ListedRow(f"line {row.number}", f"{path.name}:{row.number}", cells, row.code, row.reason)

    said = f"{path.name} is not UTF-8: it is read as Windows-1252. Save it as UTF-8 if names look wrong."
    shown = shortened(line, 80)
    return ListTable(path, names, rows, (said,) if encoding == WINDOWS else (), shown)


def open_parquet(path: Path) -> ListTable:
    """The columns of a Parquet file as a list, also of one that holds the images itself."""
    with naming_damage(path):
        schema = pq.read_schema(path)
    return ListTable(
        path,
        tuple(schema.names),
        lambda wanted: _parquet_rows(path, schema, wanted=wanted),
        check_text=lambda name: check_type(path, schema, name=name),
    )


def _parquet_rows(path: Path, schema: pa.Schema, *, wanted: Sequence[str]) -> Iterator[ListedRow]:
    plain = [name for name in wanted if holds_text(schema.field(name).type)]
    number = 0
    # read_dictionary: a text that is repeated in every row is held once
    with naming_damage(path), pq.ParquetFile(path, memory_map=True, read_dictionary=plain) as opened:
        for batch in opened.iter_batches(ROWS_AT_A_TIME, columns=list(wanted)):
            columns = [texts(batch.column(name)) for name in wanted]
            for cells in zip(*columns, strict=True):
                yield ListedRow(f"row {number} (the first is 0)", f"{path.name}#{number:07d}", cells)
                number += 1
        if number != opened.metadata.num_rows:
            raise EOFError(f"it has {number:,} of {opened.metadata.num_rows:,} rows")


def _open_spreadsheet(path: Path) -> ListTable:
    sheet = read_spreadsheet(path)
    if not sheet.rows:
        raise UnusableCorpus(
            f"{path} is empty: write path and label into its first row, and a row for each image below."
        )
    names = tuple(name or "" for name in sheet.rows[0][1])

    def rows(wanted: Sequence[str]) -> Iterator[ListedRow]:
        places = [names.index(name) for name in wanted]
        for number, cells in sheet.rows[1:]:
            chosen = tuple(cells[place] if place < len(cells) else None for place in places)
            blank = not any(cell and cell.strip() for cell in cells)
            fault = ("blank-row", "all its cells are empty") if blank else ("", "")
            yield ListedRow(f"row {number}", f"{path.name}:{number}", chosen, *fault)

    notes = (f"{path.name} has {sheet.sheets} sheets: the first, {sheet.name!r}, is read.",) if sheet.sheets > 1 else ()
    return ListTable(path, names, rows, notes)


def _json_rows(path: Path, wanted: Sequence[str]) -> Iterator[ListedRow]:
    for row in read_json_rows(path, wanted):
        where = f"{'entry' if path.suffix.lower() == '.json' else 'line'} {row.number}"
        yield ListedRow(where, f"{path.name}:{row.number}", row.cells, row.code, row.reason)
