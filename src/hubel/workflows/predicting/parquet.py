"""Answers as a Parquet file: the columns of the CSV with their types, and null where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hubel.workflows.predicting.rows import ERROR_COLUMNS, Shown, cells_of

_ROWS_AT_ONCE = 10_000
"""Of a row group."""

_TYPES = {
    "abstained": pa.bool_(), "off_corpus": pa.bool_(), "probability": pa.float64(), "off_corpus_score": pa.float64(),
    "prediction_set": pa.list_(pa.string()),
}  # fmt: skip


def write_parquet(lines: Path, target: Path, *, shown: Shown) -> None:
    """Write the records of a file of JSON lines; the same bytes for the same records.

    Args:
        lines: the file.
        target: the file to write.
        shown: which columns there are.
    """
    schema = pa.schema([(name, _type(name)) for name in (*shown.columns, *ERROR_COLUMNS)])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for records in _records_in(lines):
            columns = zip(*(cells_of(record, shown) for record in records), strict=True)
            typed = zip(columns, schema.types, strict=True)
            cells = [pa.array([_storable(cell) for cell in column], kind) for column, kind in typed]
            writer.write_batch(pa.record_batch(cells, schema=schema))


def _records_in(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as file:
        while records := [json.loads(line) for line in islice(file, _ROWS_AT_ONCE)]:
            yield records


def _type(column: str) -> pa.DataType:
    return _TYPES.get("probability" if column.startswith("probability_") else column, pa.string())


def _storable(cell: Any) -> Any:
    """Text of a file name that is not UTF-8 has its broken bytes escaped: Parquet has no place for them."""
    if isinstance(cell, list):
        return [_storable(each) for each in cell]
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell
