"""The files that answers can be written to: by the ending of their names."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.catalogue import Later
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.files import write_csv_rows
from hubel.workflows.predicting.rows import ERROR_COLUMNS, Shown, csv_cells


@dataclass(frozen=True)
class Form:
    """A kind of file.

    Args:
        begin: what stands before the first answer.
        write: records, as of `hubel.workflows.predicting.rows.record_of` → bytes, which stand one behind another.
        finish: these bytes, in a file → the final file, with ``shown``; None where they are it already.
    """

    begin: Callable[[Shown], bytes]
    write: Callable[[Sequence[dict[str, Any]], Shown], bytes]
    finish: Later | None = None


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    write_csv_rows(buffer, rows)
    return buffer.getvalue().encode("utf-8", "surrogateescape")  # file names keep their bytes


def _json_lines(records: Sequence[dict[str, Any]], _: Shown) -> bytes:
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


FORMS: Mapping[str, Form] = {
    ".csv": Form(
        lambda shown: _csv([(*shown.columns, *ERROR_COLUMNS)]),
        lambda records, shown: _csv([csv_cells(record, shown) for record in records]),
    ),
    ".jsonl": Form(lambda _: b"", _json_lines),
    ".parquet": Form(lambda _: b"", _json_lines, Later("hubel.workflows.predicting.parquet", "write_parquet")),
}
"""Ending → what is written."""
FEATURES_ENDING = ".npy"


def form_of(out: Path) -> Form:
    """What a file is to be, by its name.

    Raises:
        WrongRequest: it has another ending.
        PackageMissing: a package is not installed that writes it.
    """
    ending = out.suffix.lower()
    if ending not in FORMS:
        *first, last = FORMS
        raise WrongRequest(
            Option("out"), f" takes a file that ends in {', '.join(first)} or {last}. Received: {out.name!r}."
        )
    form = FORMS[ending]
    if form.finish is not None:
        form.finish.load()  # what it needs is missed before any work
    return form
