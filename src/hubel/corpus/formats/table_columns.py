"""The columns of a table that lists or holds images: which is which, and what their cells mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from hubel.corpus.corpus import Found
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Option
from hubel.text import shortened

IMAGE_COLUMNS = ("image", "img", "picture", "pixels")
PATH_COLUMNS = (
    "path", "file", "filename", "filepath", "image", "image_path", "img", "img_path", "image_name", "image_file",
    "image_filename", "paths", "files", "filenames", "filepaths", "images", "image_id", "img_id", "id",
)  # fmt: skip
LABEL_COLUMNS = (
    "label", "labels", "class", "class_name", "category", "fine_label", "target", "classes", "category_name",
    "label_name", "choice", "tags",
)  # fmt: skip
SPLIT_COLUMNS = ("split", "subset")
GROUP_COLUMNS = ("group", "group_id", "patient", "patient_id", "subject", "subject_id")
"""Names of columns, in any case, with or without spaces, hyphens and underscores; the first of a list that is there is
taken."""

SPLIT_WORDS = ", ".join(SPLIT_FOLDERS)


class Columns(NamedTuple):
    """Names of the columns of one file with images; class names that whole-number labels stand for; words of splits."""

    image: str
    label: str
    split: str | None
    group: str | None
    class_names: tuple[str, ...] | None
    split_words: Mapping[str, str] | None = None

    @property
    def small(self) -> list[str]:
        """All but the images."""
        return [name for name in (self.label, self.split, self.group) if name is not None]


def find_columns(path: Path, schema: pa.Schema, *, features: dict[str, Any], reading: Reading = AS_FOUND) -> Columns:
    """Which column is what: as the user says, else as the ``datasets`` library typed them, else by the usual names.

    Args:
        path: the file, for messages.
        schema: its columns.
        features: what ``datasets`` wrote about them; may be empty.
        reading: what the user said; of splits, `choose_splits` knows more.

    Raises:
        WrongRequest: the user names a column that is not there.
        UnusableCorpus: no image or label column, or one of a type that cannot be used.
    """
    check_names(path, schema.names)
    image = image_column(path, schema, features=features)
    label = named_column(path, schema.names, wish="label_column", name=reading.label_column)
    label = label or _typed_column(path, schema, features=features, kind="ClassLabel", usual=LABEL_COLUMNS)
    split = find_column(schema.names, SPLIT_COLUMNS)
    group = named_column(path, schema.names, wish="group_column", name=reading.group_column)
    group = group or find_column(schema.names, GROUP_COLUMNS)
    for name in (label, group):
        check_type(path, schema, name=name)
    said = features.get(label)
    names = said.get("names") if isinstance(said, dict) else None
    usable = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    return Columns(image, label, split, group, tuple(names) if usable else None)


def image_column(path: Path, schema: pa.Schema, *, features: dict[str, Any]) -> str:
    """The column with the images.

    Args:
        path: the file, for messages.
        schema: its columns.
        features: what ``datasets`` wrote about them; may be empty.

    Raises:
        UnusableCorpus: there is none, or one of a type that cannot be used.
    """
    name = _typed_column(path, schema, features=features, kind="Image", usual=IMAGE_COLUMNS)
    if not holds_images(schema.field(name).type):
        raise UnusableCorpus(
            f"{path}: the column {name!r} must hold images as bytes, or as a struct of bytes and path. "
            f"Received: {schema.field(name).type}."
        )
    return name


def _typed_column(path: Path, schema: pa.Schema, *, features: dict[str, Any], kind: str, usual: tuple[str, ...]) -> str:
    described = {name: features.get(name) for name in schema.names}
    typed = [name for name, said in described.items() if isinstance(said, dict) and said.get("_type") == kind]
    name = find_column(typed, usual) or next(iter(typed), None) or find_column(schema.names, usual)
    if name is not None and not (kind == "Image" and is_manifest(schema)):
        return name
    listed = f"It lists images by their paths: name the file itself, {path}"
    advice = listed if is_manifest(schema) else "Rename the column that holds it."
    columns, wanted = ", ".join(schema.names), " or ".join(usual)
    raise UnusableCorpus(f"{path} has the columns {columns}; none of them is {wanted}. {advice}")


def named_column(path: Path, names: Sequence[str], *, wish: str, name: str | None) -> str | None:
    """The column that the user names, but for space around it and case; None for no name.

    Args:
        path: the table, for messages.
        names: of its columns.
        wish: the option that names the column.
        name: what it says; None where it is not given.

    Raises:
        WrongRequest: it is not there.
    """
    found = None if name is None else same_name(names, name)
    if name is None or found is not None:
        return found
    near = difflib.get_close_matches(name.casefold(), [each.casefold() for each in names], n=1)
    meant = next((each for each in names if near and each.casefold() == near[0]), None)
    hint = f" Did you mean {meant!r}?" if meant is not None else ""
    raise WrongRequest(
        f"{path} has no column {name!r}, which ", Option(wish), f" names.{hint} Its columns: {quoted(names)}."
    )


def same_name(names: Iterable[str], name: str) -> str | None:
    """The column of this name: exactly so, or else but for space around it and case.

    Args:
        names: of columns.
        name: as the user writes it.
    """
    by_name = {each.strip().casefold(): each for each in names}
    return name if name in by_name.values() else by_name.get(name.strip().casefold())


def quoted(names: Sequence[str]) -> str:
    """Names in a message."""
    return ", ".join(map(repr, names[:30])) + (" ..." if len(names) > 30 else "")


def find_column(names: Iterable[str], usual: Sequence[str]) -> str | None:
    """The column called by the first of the usual names that is there, however it is written.

    Args:
        names: of columns.
        usual: names, the likeliest first.
    """
    by_word = {plain_name(name): name for name in reversed(list(names))}
    return next((by_word[plain_name(word)] for word in usual if plain_name(word) in by_word), None)


def plain_name(name: str) -> str:
    """A column's name without what people write in different ways: ``filename`` of ``" File_Name"``."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def is_manifest(schema: pa.Schema) -> bool:
    """Whether a table can list images by their paths, and holds none itself."""
    return any(holds_text(field.type) for field in schema) and not any(
        holds_images(field.type) and (pa.types.is_struct(field.type) or field.name.casefold() in IMAGE_COLUMNS)
        for field in schema
    )


def holds_images(kind: pa.DataType) -> bool:
    """Whether a column of this type can hold images in Hugging Face layout."""
    if pa.types.is_struct(kind):
        return bool({"bytes", "path"} & {kind.field(place).name for place in range(kind.num_fields)})
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def holds_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse a table with two columns of one name: which of them is meant would be a guess.

    Args:
        path: the table, for messages.
        names: of its columns.

    Raises:
        UnusableCorpus: the name.
    """
    twice = next((name for place, name in enumerate(names) if name.strip() and name in names[:place]), None)
    if twice is not None:
        raise UnusableCorpus(f"{path} has two columns called {twice!r}: rename or remove one of them.")


def check_type(path: Path, schema: pa.Schema, *, name: str | None) -> None:
    """Refuse a column of something other than text or whole numbers; None is no column.

    Args:
        path: the table, for messages.
        schema: its columns.
        name: of the column, or None.

    Raises:
        UnusableCorpus: floats, booleans, lists ...: their text would be a guess.
    """
    if name is None:
        return
    kind = schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (holds_text(plain) or pa.types.is_integer(plain)):
        raise UnusableCorpus(
            f"{path}: the column {name!r} must hold text or whole numbers. Received: {kind}. {_cure(name, plain)}"
        )


def _cure(name: str, kind: pa.DataType) -> str:
    """What to type in pandas; empty cells stay empty, which ``astype(str)`` would make the class 'nan'."""
    if pa.types.is_null(kind):
        return "All its cells are empty: fill them in, or remove the column."
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind):
        return f"Keep one value per row, with pandas: table[{name!r}] = table[{name!r}].str[0]"
    if pa.types.is_floating(kind):
        return (
            f"Convert it, with pandas: table[{name!r}] = table[{name!r}].astype('Int64') for class numbers, which are "
            "floats where cells are empty; .astype('string') where there are fractions."
        )
    return f"Convert it, with pandas: table[{name!r}] = table[{name!r}].astype('string')"


def texts(column: pa.Array) -> list[str | None]:
    """Text as it is, whole numbers as decimal text, None for null.

    Raises:
        pyarrow.ArrowInvalid, UnicodeDecodeError: the column is damaged.
    """
    column.validate(full=True)  # the places of a damaged dictionary may point past its words
    if pa.types.is_dictionary(column.type):
        words = texts(column.dictionary)
        return [None if place is None else words[place] for place in column.indices.to_pylist()]
    return [None if value is None else str(value) for value in column.to_pylist()]


def split_of(
    said: str | None, otherwise: str | None = None, *, words: Mapping[str, str] | None = None
) -> tuple[str | None, str]:
    """The split that a cell names, and a reason if it names none that is known; an empty cell leaves the other.

    Args:
        said: the cell.
        otherwise: the split without a word.
        words: word, in lower case → split, where the user says so.
    """
    word = (said or "").strip()
    if not word:
        return otherwise, ""
    known = SPLIT_FOLDERS if words is None else words
    if word.casefold() not in known:
        leave_out = "the splits that were named leave it out"
        ask = leave_out if words is not None else f"write one of {SPLIT_WORDS}, or leave it empty"
        return None, f"it has the split {shortened(word, 60)!r}: {ask}"
    return known[word.casefold()], ""


def split_in_name(*names: str) -> str | None:
    """The split that a word in a name stands for, such as of ``instances_train2017.json``; the first name counts."""
    for name in names:
        said = {SPLIT_FOLDERS[word] for word in re.findall(r"[a-z]+", name.lower()) if word in SPLIT_FOLDERS}
        if len(said) == 1:
            return said.pop()
    return None


def usable_splits(found: list[Found]) -> tuple[list[Found], list[str]]:
    """The examples, without their given splits if none of them may be used for training; and a note about that."""
    if not found or any(each.split not in ("validation", "test") for each in found):
        return found, []
    note = "All examples are given for validation or test, none for training: the given splits are not used."
    return [each._replace(split=None) for each in found], [note]


def notes_on_groups(found: Sequence[Found], columns: Iterable[str | None]) -> list[str]:
    """Says by which column examples are kept together, if any.

    Args:
        found: the examples.
        columns: of the groups, one for each file; None without one.
    """
    if all(each.group is None for each in found):
        return []
    names = " or ".join(sorted({repr(name) for name in columns if name is not None}))
    return [f"Examples with the same {names} stay on one side of a split."]
