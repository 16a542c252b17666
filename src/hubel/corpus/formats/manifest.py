"""A file that lists images with their class names: CSV, TSV, Excel, Parquet, JSON Lines, or a JSON array of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hubel.corpus.corpus import Corpus, Note
from hubel.corpus.formats.json_documents import begins_with
from hubel.corpus.formats.list_columns import ListColumns, choose_columns, looks_like_header
from hubel.corpus.formats.list_labels import note_on_several, one_hot_label, tidy_labels
from hubel.corpus.formats.list_splits import ListSplits, choose_splits
from hubel.corpus.formats.list_tables import ENDINGS, ROWS_AT_A_TIME, ListedRow, ListTable, open_table
from hubel.corpus.formats.listed_files import OTHER_SPLIT, Row, check_rows, make_listed_corpus
from hubel.corpus.formats.named_files import make_named_files
from hubel.corpus.formats.table_columns import is_manifest, split_of
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, Progress

OTHER_SPREADSHEETS = (".xls", ".xlsb", ".xlsm", ".ods", ".numbers")


def matches(path: Path) -> bool:
    """By the name's ending; a Parquet file only if it holds no images itself, JSON only if it is an array."""
    ending = path.suffix.lower()
    if not path.is_file():
        return False
    if ending == ".json":
        return begins_with(path, "[")
    if ending == ".parquet":
        try:
            return is_manifest(pq.read_schema(path))
        except (OSError, pa.ArrowException):  # the format of Parquet with images says what is wrong with it
            return False
    return ending in ENDINGS or ending in OTHER_SPREADSHEETS


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """Read the list, and look whether its files are there; no image is opened yet.

    Each column is the one that the user names, or else the first with one of its usual names. Labels are text: they
    are never interpreted.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: no header with a path and a label column, no rows, or a damaged file.
        WrongRequest: a column, or a word of the splits, that is not there.
    """
    if path.suffix.lower() in OTHER_SPREADSHEETS:
        raise UnusableCorpus(
            f"{path} is a spreadsheet in a format that Hubel does not read. Save its first sheet as .xlsx or CSV, and "
            "name that file."
        )
    files = make_named_files(reading.images, path.parent)
    rows, notes = read_list(path, on_event, reading=reading)
    return make_listed_corpus(path, "manifest", checked=check_rows(rows, files), files=files, notes=notes, whole=False)


def read_list(path: Path, on_event: OnEvent, *, reading: Reading) -> tuple[list[Row], list[Note]]:
    """The rows of a list with their labels and splits, and notes on how they were read; no file is looked for.

    Args:
        path: the list.
        on_event: hears `Progress`.
        reading: may name columns and splits.

    Raises:
        UnusableCorpus, WrongRequest: see `read`.
    """
    table = open_table(path, lambda names: looks_like_header(names, reading))
    columns = choose_columns(table, reading)
    for name in (columns.path, columns.group, None if columns.is_one_hot else columns.labels[0]):
        if name is not None:
            table.check_text(name)
    used = [columns.path, *columns.labels, *([columns.group] if columns.group is not None else [])]
    splits = choose_splits(table, reading, used=used)
    rows = list(_counted(_rows(table, columns, splits), on_event))
    notes: list[Note] = [*columns.notes, *splits.notes, *table.notes]
    if not columns.is_one_hot:
        rows, more = tidy_labels(rows, columns.labels[0])
        notes += more
    notes += note_on_several(rows)
    if columns.group is not None and any(row.group for row in rows if not row.code):
        notes.append(f"Examples with the same {columns.group!r} stay on one side of a split.")
    return rows, notes


def _rows(table: ListTable, columns: ListColumns, splits: ListSplits) -> Iterator[Row]:
    others = [name for name in (splits.column, columns.group) if name is not None]
    wanted = list(dict.fromkeys((columns.path, *columns.labels, *others)))
    place = {name: number for number, name in enumerate(wanted)}
    for row in table.read_rows(wanted):
        label, code, reason = _label(row, columns, place=place)
        split = None
        if splits.column is not None:
            split, problem = split_of(row.cells[place[splits.column]], words=splits.words)
            if problem and not code:
                code, reason = OTHER_SPLIT if splits.said else "unknown-split", problem
        group = row.cells[place[columns.group]] if columns.group is not None else None
        yield Row(row.where, row.key, row.cells[0], label, split, (group or "").strip() or None, code, reason)


def _label(row: ListedRow, columns: ListColumns, *, place: dict[str, int]) -> tuple[str | None, str, str]:
    """The label of a row; and a code and a reason, its own or that there is not exactly one."""
    if not columns.is_one_hot:
        return row.cells[place[columns.labels[0]]], row.code, row.reason
    if row.code:
        return None, row.code, row.reason
    return one_hot_label([row.cells[place[name]] for name in columns.labels], columns.labels)


def _counted(rows: Iterable[Row], on_event: OnEvent) -> Iterator[Row]:
    for count, row in enumerate(rows, start=1):
        yield row
        if count % ROWS_AT_A_TIME == 0:
            on_event(Progress("listing", count, 0, "files"))
