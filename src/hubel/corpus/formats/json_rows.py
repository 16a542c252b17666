"""Lists in JSON: one flat object per line, or an array of them. Their keys are the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hubel.corpus.formats.delimited_text import MOST_CELLS, NumberedRow, find_encoding, read_lines
from hubel.corpus.formats.json_documents import read_json, text_of
from hubel.errors import UnusableCorpus

ROWS_FOR_NAMES = 1000
"""Objects whose keys are the columns: a key that is null or missing in the first one may be there in a later one."""


def read_json_names(path: Path) -> tuple[str, ...]:
    """The keys of the first objects, in the order in which they come.

    Raises:
        UnusableCorpus: the file cannot be read, or holds no object.
    """
    names: dict[str, None] = {}
    for count, (_, value) in enumerate(_objects(path)):
        if isinstance(value, dict):
            names.update(dict.fromkeys(value))
        if count >= ROWS_FOR_NAMES or len(names) > MOST_CELLS:
            break
    if not names:
        raise UnusableCorpus(
            f'{path} holds no JSON object. Each line must be one, such as {{"path": "1.jpg", "label": "cat"}}.'
        )
    return tuple(names)


def read_json_rows(path: Path, names: Sequence[str]) -> Iterator[NumberedRow]:
    """The values of these keys, object by object.

    Args:
        path: the file.
        names: the keys that are wanted.

    Raises:
        UnusableCorpus: the file cannot be read.
    """
    for number, value in _objects(path):
        if not isinstance(value, dict):
            yield NumberedRow(number, (None,) * len(names), "not-an-object", _fault(value))
            continue
        cells = {name: value.get(name) for name in names}
        several = next((name for name, cell in cells.items() if isinstance(cell, list) and len(cell) > 1), None)
        texts = tuple(map(text_of, cells.values()))
        if several is None:
            yield NumberedRow(number, texts)
        else:
            reason = f"its {several!r} holds {len(value[several])} values: an image has one label. Keep one of them"
            yield NumberedRow(number, texts, "several-labels", reason)


def _fault(value: object) -> str:
    if isinstance(value, Exception):
        return f"it is not JSON ({value}): correct it"
    return 'it is not a JSON object: write one such as {"path": "1.jpg", "label": "cat"}'


def _objects(path: Path) -> Iterator[tuple[int, Any]]:
    """Number and value of each line or entry; a line that cannot be parsed gives the error."""
    if path.suffix.lower() == ".json":
        document = read_json(path)
        yield from enumerate(document if isinstance(document, list) else [document], start=1)
        return
    for number, text in read_lines(path, find_encoding(path)):
        if text.strip():
            yield number, _parse(text)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        return ValueError("it is nested too deeply")
    except ValueError as error:
        return error
