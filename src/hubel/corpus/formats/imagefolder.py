"""The ``imagefolder`` layout of Hugging Face: ``metadata.csv`` or ``.jsonl`` beside the images of each split."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.corpus import Corpus, Note
from hubel.corpus.formats.list_columns import looks_like_header
from hubel.corpus.formats.list_tables import open_table
from hubel.corpus.formats.listed_files import Row, check_rows, make_listed_corpus
from hubel.corpus.formats.manifest import read_list
from hubel.corpus.formats.named_files import NamedFiles
from hubel.corpus.formats.table_columns import LABEL_COLUMNS, find_column
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.corpus.trees.folder import is_file, is_folder, paths_in
from hubel.errors import HubelError
from hubel.events import OnEvent

NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def matches(path: Path) -> bool:
    """A folder with such a file in it or in a folder of a split, which has a column of labels."""
    return any(_has_labels(file) for file in _lists(path))


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """Read every list. The split of a row is what its column says, or else the name of the folder of the list.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus, WrongRequest: see `hubel.corpus.formats.manifest.read`.
    """
    files = NamedFiles(path, path)
    checked: list[Row] = []
    notes: list[Note] = []
    for file in _lists(path):
        if not _has_labels(file):
            continue
        base = file.parent.relative_to(path).as_posix()
        base = "" if base == "." else base
        rows, more = read_list(file, on_event, reading=reading)
        if base:
            split, name = SPLIT_FOLDERS.get(file.parent.name.lower()), f"{base}/{file.name}"
            rows = [
                row._replace(where=f"{name}, {row.where}", key=f"{base}/{row.key}", split=row.split or split)
                for row in rows
            ]
        checked += check_rows(rows, files, base=base)
        notes += [note for note in more if note not in notes]
    return make_listed_corpus(path, "imagefolder", checked=checked, files=files, notes=notes, whole=True)


def _lists(path: Path) -> list[Path]:
    if not is_folder(path):
        return []
    folders = [path]
    for parent in (path, path / "data"):
        if is_folder(parent):
            folders += [each for each in paths_in(parent) if each.name.lower() in SPLIT_FOLDERS]
    return [folder / name for folder in folders for name in NAMES if is_file(folder / name)]


def _has_labels(file: Path) -> bool:
    """A list of captions or boxes is none of classes: then the folders may be the classes."""
    try:
        names = open_table(file, lambda names: looks_like_header(names, AS_FOUND)).names
    except HubelError:
        return False
    return looks_like_header(names, AS_FOUND) and find_column(names, LABEL_COLUMNS) is not None
