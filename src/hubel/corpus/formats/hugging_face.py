"""Parquet in Hugging Face image layout: ``image: {bytes, path}`` and ``label``, one file or a folder of them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.image_tables import (
    ListedTable,
    Table,
    TableStream,
    list_rows,
    make_table_corpus,
    naming_damage,
    side_files,
)
from hubel.corpus.formats.list_splits import choose_splits
from hubel.corpus.formats.list_tables import open_parquet
from hubel.corpus.formats.table_columns import check_names, find_columns, image_column
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import split_of_file
from hubel.events import OnEvent

BATCH_BYTES, BATCH_ROWS = 64_000_000, 1000
"""Images read at a time: about so many bytes, and no more than so many rows."""


def matches(path: Path) -> bool:
    """A .parquet file, or a folder with some in it or in its ``data`` folder."""
    return bool(_parquet_paths(path))


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """List the rows of every file; no image is read yet.

    The split of a row is what a column says, chosen as in a list, else the first word of its file's name
    (``train-00000-of-00001.parquet``), else its folder's. Rows without a usable label are refused one by one.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged file, one without an image or a label column, or no usable row at all.
    """
    root = path if path.is_dir() else path.parent
    files = {file.relative_to(root).as_posix(): file for file in _parquet_paths(path)}
    listed = [_list_file(file, f"{relative}#", reading=reading) for relative, file in files.items()]
    others = side_files(root, files) if path.is_dir() else []
    return make_table_corpus(path, "hugging-face", listed=listed, others=others, notes=[])


def _parquet_paths(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() == ".parquet" else []
    return sorted(path.glob("*.parquet")) or sorted(path.glob("data/*.parquet"))


def _list_file(path: Path, prefix: str, *, reading: Reading) -> ListedTable:
    with naming_damage(path), pq.ParquetFile(path, memory_map=True) as opened:
        schema = opened.schema_arrow
        columns = find_columns(path, schema, features=described_features(schema.metadata), reading=reading)
        used = [name for name in (columns.image, columns.label, columns.group) if name is not None]
        splits = choose_splits(open_parquet(path), reading, used=used)
        columns = columns._replace(split=splits.column, split_words=splits.words)
        batches = opened.iter_batches(columns=columns.small)
        rows = list_rows(columns, batches, prefix=prefix, split=None if reading.no_splits else split_of_file(path))
        if len(rows) != opened.metadata.num_rows:
            raise EOFError(f"it has {len(rows):,} of {opened.metadata.num_rows:,} rows")
        starts = _group_starts(opened)
    table = Table(path, len(rows), starts, partial(_read_images, path, columns.image))
    return ListedTable(table, columns, rows, splits.notes)


def stream_images(path: Path) -> TableStream:
    """The images of a Parquet file one after another, whatever else is in it.

    Args:
        path: of the file.

    Raises:
        UnusableCorpus: it is damaged, or holds no images.
    """
    with naming_damage(path), pq.ParquetFile(path, memory_map=True) as opened:
        schema = opened.schema_arrow
        check_names(path, schema.names)
        column = image_column(path, schema, features=described_features(schema.metadata))
        table = Table(path, opened.metadata.num_rows, _group_starts(opened), partial(_read_images, path, column))
    return TableStream(table)


def _group_starts(opened: pq.ParquetFile) -> tuple[int, ...]:
    sizes = [opened.metadata.row_group(index).num_rows for index in range(opened.num_row_groups)]
    return tuple(accumulate(sizes[:-1], initial=0))


def _read_images(path: Path, column: str, start: int) -> Iterator[pa.Array]:
    """Image cells from the row group on that begins at this row."""
    with pq.ParquetFile(path, memory_map=True, pre_buffer=False) as opened:
        first = bisect_right(_group_starts(opened), start) - 1
        for group in range(first, opened.num_row_groups):
            # the details of a column chunk would say it closer, but pyarrow 26 aborts on some damaged ones
            rows, size = opened.metadata.row_group(group).num_rows, opened.metadata.row_group(group).total_byte_size
            size = max(1, min(BATCH_ROWS, rows * BATCH_BYTES // max(1, size)))
            for batch in opened.iter_batches(size, row_groups=[group], columns=[column]):
                yield batch.column(column)


def described_features(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    """What the ``datasets`` library wrote about the columns into a schema; empty where it did not."""
    try:
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}
