"""Which column of a list is what: as the user says, else by its name, else by what is left; doubt is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hubel.corpus.formats.list_tables import ListTable
from hubel.corpus.formats.table_columns import (
    GROUP_COLUMNS,
    LABEL_COLUMNS,
    PATH_COLUMNS,
    SPLIT_COLUMNS,
    find_column,
    named_column,
    plain_name,
    quoted,
    same_name,
)
from hubel.corpus.reading import Reading
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Option, Remedy, Text

MAYBE_SPLIT_COLUMNS = ("set", "dataset", "partition", "phase", "usage", "data_type", "data_split", "fold", "kfold")
"""Columns that hold splits only where their words are those of splits."""
FLAG_COLUMNS = {
    "is_valid": ("validation", "train"), "is_val": ("validation", "train"), "is_validation": ("validation", "train"),
    "is_test": ("test", "train"), "is_train": ("train", "test"), "is_training": ("train", "test"),
    "is_training_image": ("train", "test"),
}  # fmt: skip
"""Columns of True and False → the split that each stands for."""

NO_LABELS = (
    "text", "caption", "captions", "prompt", "description", "url", "width", "height", "size", "bbox", "objects",
    "md5", "sha1", "sha256", "hash", "date", "created_at", "updated_at", "index", "",
)  # fmt: skip
"""Columns that are not taken for the labels because no other is left."""

ONE_HOT = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
"""Cells of a column that says of each image whether it is of one class."""


class ListColumns(NamedTuple):
    """Names of columns of a list.

    Args:
        path: the column that names the files.
        labels: one with the labels, or several that hold 1 for one class and 0 else.
        group: the column of the groups, if any.
        notes: what was chosen where the user might have meant another.
    """

    path: str
    labels: tuple[str, ...]
    group: str | None
    notes: tuple[Text | str, ...]

    @property
    def is_one_hot(self) -> bool:
        """Whether each class has a column of its own."""
        return len(self.labels) > 1


def looks_like_header(names: Sequence[str], reading: Reading) -> bool:
    """Whether these may be the column names of a list, told from one column alone.

    Args:
        names: the cells of a first row.
        reading: may name the column of the paths.
    """
    if len(names) < 2:
        return False
    if reading.path_column is not None:
        return same_name(names, reading.path_column) is not None
    return find_column(names, PATH_COLUMNS) is not None


def choose_columns(table: ListTable, reading: Reading) -> ListColumns:
    """Which column is what; where no single column can be the labels, those that hold only 0 and 1 are looked for.

    Args:
        table: the list.
        reading: may name columns.

    Raises:
        WrongRequest: the user names a column that is not there.
        UnusableCorpus: it is not clear which column holds the paths or the labels.
    """
    names = table.names
    path = named_column(table.path, names, wish="path_column", name=reading.path_column)
    path = path or find_column(names, PATH_COLUMNS)
    group = named_column(table.path, names, wish="group_column", name=reading.group_column)
    group = group or find_column(names, GROUP_COLUMNS)
    if path is None:
        raise _unclear(table, path)
    labels = _named_labels(table, reading.label_column)
    notes: list[Text | str] = list(_other_paths(names, path)) if reading.path_column is None else []
    if not labels:
        single = _label_by_name(names, path)
        labels = (single,) if single is not None else _one_hot_columns(table, _left(names, path, group=group))
        notes += _notes_on_labels(names, labels)
    if not labels:
        raise _unclear(table, path)
    return ListColumns(path, labels, group, tuple(notes))


def _named_labels(table: ListTable, said: str | None) -> tuple[str, ...]:
    """One column, or several joined by commas; a name that has a comma itself is one."""
    if said is None:
        return ()
    whole = same_name(table.names, said)
    words = [whole] if whole is not None else [word for word in said.split(",") if word.strip()] or [said]
    columns = (named_column(table.path, table.names, wish="label_column", name=word) for word in words)
    return tuple(dict.fromkeys(map(str, columns)))


def _label_by_name(names: Sequence[str], path: str | None) -> str | None:
    """The column with a usual name, or the only one that may hold labels."""
    usual = find_column([name for name in names if name != path], LABEL_COLUMNS)
    if usual is not None:
        return usual
    left = _left(names, path, group=find_column(names, GROUP_COLUMNS))
    return left[0] if len(left) == 1 else None


def _left(names: Sequence[str], path: str | None, *, group: str | None) -> list[str]:
    """Columns that may hold labels: none of another meaning, and no row numbers."""
    others = (*PATH_COLUMNS, *SPLIT_COLUMNS, *MAYBE_SPLIT_COLUMNS, *FLAG_COLUMNS, *NO_LABELS)
    used = set(map(plain_name, others))
    plain = {name: plain_name(name) for name in names if name not in (path, group)}
    return [name for name, word in plain.items() if word not in used and not word.startswith("unnamed:")]


def _one_hot_columns(table: ListTable, candidates: Sequence[str]) -> tuple[str, ...]:
    """Those whose cells are all 0 or 1; none unless there are two."""
    alive, seen = list(range(len(candidates))), False
    for row in table.read_rows(candidates) if len(alive) > 1 else ():
        if not row.code:
            seen = True
            alive = [place for place in alive if (row.cells[place] or "").strip().casefold() in ONE_HOT]
        if len(alive) < 2:
            break
    return tuple(candidates[place] for place in alive) if seen and len(alive) > 1 else ()


def _other_paths(names: Sequence[str], path: str) -> Iterable[Text]:
    numbers = ("imageid", "imgid", "id")
    others = [name for name in names if name != path and plain_name(name) not in numbers]
    others = [name for name in others if find_column([name], PATH_COLUMNS)]
    if others:
        said = f"The paths are read from column {path!r}, not from {quoted(others)}."
        yield Text(said, Remedy("To choose: ", Option("path_column", "NAME")))


def _notes_on_labels(names: Sequence[str], labels: Sequence[str]) -> Iterable[Text | str]:
    if len(labels) > 1:
        shown = quoted([name.strip() for name in labels[:5]]) + (" ..." if len(labels) > 5 else "")
        yield f"Each of {len(labels)} columns is a class, with 1 where an image belongs to it: {shown}."
        return
    others = [name for name in names if name not in labels and find_column([name], LABEL_COLUMNS)]
    if others and labels:
        said = f"The labels are read from column {labels[0]!r}, not from {quoted(others)}."
        yield Text(said, Remedy("To choose: ", Option("label_column", "NAME")))
    elif labels and find_column(labels, LABEL_COLUMNS) is None:
        yield f"The labels are read from column {labels[0]!r}, the only one that can hold them."


def _unclear(table: ListTable, path: str | None) -> UnusableCorpus:
    """Says what is missing, with the columns that may be meant."""
    wanted = Text(
        "A list has a column with the paths of the images and one with their labels, called path and label.",
        _columns("If they are called otherwise, name them: ", "NAME", "NAME"),
    )
    path_like = path or _near_miss(table.names, PATH_COLUMNS)
    others = [name for name in table.names if name != path_like]
    label_like = find_column(others, LABEL_COLUMNS) or _near_miss(others, LABEL_COLUMNS)
    if path_like is None and label_like is None and table.header:
        return UnusableCorpus(
            f"{table.path} begins with {table.header!r}, which is not a header that Hubel knows. If that row is an "
            "image already, put path,label above it. ",
            wanted,
        )
    start = f"{table.path} has the columns {quoted(table.names)}"
    if path_like is not None and label_like is not None:
        meant = f"If {path_like!r} holds the paths and {label_like!r} the labels: "
        return UnusableCorpus(
            f"{start}; it is not clear which hold the paths and the labels.",
            _columns(meant, path_like, label_like),
        )
    if path is not None:
        return UnusableCorpus(
            f"{start}. The paths are in {path!r}; it is not clear which column holds the labels.",
            Remedy("Name it: ", Option("label_column", "NAME")),
        )
    return UnusableCorpus(f"{start}. ", wanted)


def _columns(when: str, path: str, label: str) -> Remedy:
    return Remedy(when, Option("path_column", path), " ", Option("label_column", label))


def _near_miss(names: Sequence[str], usual: Sequence[str]) -> str | None:
    words = [plain_name(word) for word in usual if len(word) > 3]
    pairs = ((name, difflib.SequenceMatcher(None, plain_name(name), word)) for name in names[:50] for word in words)
    likeness, best = max(((pair.ratio(), name) for name, pair in pairs), default=(0.0, ""))
    return best if likeness >= 0.75 else None
