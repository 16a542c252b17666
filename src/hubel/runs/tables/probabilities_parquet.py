"""``predictions.parquet``: the probabilities of all of many classes; needs PyArrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hubel.arrays import Probabilities
from hubel.files import written_file
from hubel.runs.is_run import PREDICTIONS

ROWS_AT_ONCE = 4096
CLASS_NAMES = "class_names"
"""Key of the metadata: a JSON list."""


def write_probabilities(
    path: Path,
    header: Sequence[str],
    *,
    class_names: Sequence[str],
    parts: Iterable[tuple[Sequence[tuple], Probabilities]],
) -> None:
    """A column for each word of the header, and ``probabilities``, a list for each row; class names in the metadata.

    Args:
        path: of the file.
        header: names of the columns; ``probability`` holds numbers, the others text.
        class_names: in the order of the probabilities.
        parts: rows of these columns, and the probabilities [rows, classes] of them.

    Raises:
        OutputNotWritable: the file cannot be written.
    """
    kinds = {"probability": pa.float64()}
    fields = [pa.field(name, kinds.get(name, pa.string())) for name in header]
    fields.append(pa.field("probabilities", pa.list_(pa.float64(), len(class_names))))
    schema = pa.schema(fields, metadata={CLASS_NAMES: json.dumps(list(class_names))})
    with written_file(path) as file, pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=False) as writer:
        for heads, probabilities in parts:
            for start in range(0, len(heads), ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                columns = [
                    pa.array([utf8(cell) if isinstance(cell, str) else cell for cell in column], field.type)
                    for column, field in zip(zip(*heads[part], strict=True), fields, strict=False)
                ]
                values = pa.array(np.ascontiguousarray(probabilities[part], np.float64).ravel())
                rows = pa.FixedSizeListArray.from_arrays(values, len(class_names))
                writer.write_batch(pa.record_batch([*columns, rows], schema=schema))


def read_probabilities(path: Path, paths: Sequence[str]) -> tuple[tuple[str, ...], Probabilities]:
    """Class names, and probabilities float64 [rows, classes].

    Args:
        path: of the file.
        paths: that its rows must have.

    Raises:
        ValueError: it has other rows, or is damaged.
    """
    with pq.ParquetFile(path) as file:
        names = json.loads((file.schema_arrow.metadata or {}).get(CLASS_NAMES.encode(), b"[]"))
        table = file.read(["path", "probabilities"])
    if [utf8(each) for each in paths] != table["path"].to_pylist():
        raise ValueError(f"its rows are not those of {PREDICTIONS}")
    values = table["probabilities"].combine_chunks().flatten().to_numpy()
    return tuple(names), values.reshape(table.num_rows, len(names))


def utf8(text: str) -> str:
    """Text for Parquet, which takes UTF-8 alone: other bytes, as in file names of old systems, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
