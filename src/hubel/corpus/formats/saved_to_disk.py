"""Folders that the ``datasets`` library writes with ``save_to_disk``: Arrow files, one folder for each split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.hugging_face import described_features
from hubel.corpus.formats.image_tables import (
    ListedTable,
    Table,
    list_rows,
    make_table_corpus,
    naming_damage,
    side_files,
)
from hubel.corpus.formats.table_columns import Columns, check_type, find_columns
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent

END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
"""The last bytes of every Arrow stream."""

DICT_FILE, STATE_FILE, INFO_FILE = "dataset_dict.json", "state.json", "dataset_info.json"
AGAIN = "copy the folder again, or write it again with save_to_disk"


def matches(path: Path) -> bool:
    """A folder with the files that ``save_to_disk`` writes."""
    if not path.is_dir():
        return False
    saved = (path / STATE_FILE).is_file() and (path / INFO_FILE).is_file()
    return saved or (path / DICT_FILE).is_file() or any(path.glob("data-*.arrow"))


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """List the rows of every Arrow file; images stay on disk, which is mapped into memory.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a missing or damaged file, no image or label column, or no usable row at all.
    """
    parts = _parts(path)
    listed: dict[str, ListedTable] = {}  # path below the corpus → table
    for folder, split in parts:
        state = _read_json(folder / STATE_FILE)
        given = SPLIT_FOLDERS.get((split or str(state.get("_split"))).lower())
        for name in _file_names(folder, state):
            below = (folder / name).relative_to(path).as_posix()
            listed[below] = _list_file(folder / name, f"{below}#", split=given)
    notes = [
        f"Split {split!r} is none of train, validation and test: its rows are divided like those without a split."
        for _, split in parts
        if split and split.lower() not in SPLIT_FOLDERS
    ]
    others = side_files(path, listed)
    return make_table_corpus(path, "saved-to-disk", listed=list(listed.values()), others=others, notes=notes)


def _parts(path: Path) -> list[tuple[Path, str]]:
    """Folders with Arrow files, and the split that each is called; the folder itself has no such name."""
    if not (path / DICT_FILE).exists():
        return [(path, "")]
    names = _read_json(path / DICT_FILE).get("splits")
    if not isinstance(names, list) or not names or not all(map(_is_plain_name, names)):
        raise UnusableCorpus(f"{path / DICT_FILE} does not list the folders of the splits: {AGAIN}.")
    return [(path / name, name) for name in names]


def _file_names(folder: Path, state: dict[str, Any]) -> list[str]:
    if state.get("_indices_data_files"):
        raise UnusableCorpus(
            f"{folder} was saved with a selection of rows beside its data, by an old version of datasets. Load it, "
            "call flatten_indices() and save it again."
        )
    files = state.get("_data_files")
    listed = files if isinstance(files, list) else []
    names = [str(each.get("filename")) if isinstance(each, dict) else "" for each in listed]
    if not names or not all(map(_is_plain_name, names)):
        raise UnusableCorpus(f"{folder / STATE_FILE} does not list the Arrow files: {AGAIN}.")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UnusableCorpus(f"{folder / missing[0]} is not there, but {STATE_FILE} lists it: {AGAIN}.")
    return names


def _is_plain_name(name: object) -> bool:
    return isinstance(name, str) and name not in ("", ".", "..") and not set("/\\:\0") & set(name)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnusableCorpus(f"{path} is missing, though save_to_disk writes it: {AGAIN}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableCorpus(f"{path} cannot be read as JSON ({error}): {AGAIN}.") from error
    if not isinstance(document, dict):
        raise UnusableCorpus(f"{path} holds no JSON object: {AGAIN}.")
    return document


def _features(folder: Path, schema: pa.Schema) -> dict[str, Any]:
    described = described_features(schema.metadata)
    if described or not (folder / INFO_FILE).exists():
        return described
    features = _read_json(folder / INFO_FILE).get("features")
    return features if isinstance(features, dict) else {}


def _list_file(path: Path, prefix: str, *, split: str | None) -> ListedTable:
    with naming_damage(path):
        with pa.memory_map(str(path)) as file:
            schema = pa.ipc.open_stream(file).schema
        columns = find_columns(path, schema, features=_features(path.parent, schema))
        check_type(path, schema, name=columns.split)
        rows = list_rows(columns, _read_batches(path, columns.small), prefix=prefix, split=split)
    return ListedTable(Table(path, len(rows), (0,), partial(_read_images, path, columns)), columns, rows)


def _read_batches(path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file:
        schema = pa.ipc.open_stream(file).schema
    wanted = pa.ipc.IpcReadOptions(included_fields=[schema.get_field_index(name) for name in names])
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file, options=wanted) as batches:
        for batch in batches:
            batch.validate(full=True)  # a damaged offset would be followed out of the file
            yield batch
        end = file.tell()
        file.seek(max(0, file.size() - len(END_OF_STREAM)))
        if end != file.size() or file.read() != END_OF_STREAM:  # pyarrow takes a file cut between batches for whole
            raise EOFError("it is cut off, or goes on after its end")


def _read_images(path: Path, columns: Columns, start: int) -> Iterator[pa.Array]:  # noqa: ARG001  (start is always 0)
    for batch in _read_batches(path, [columns.image]):
        yield batch.column(columns.image)
