"""The columns of a table that lists or holds images: which is which, and what their cells mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from hubel.corpus.corpus import Found
from hubel.corpus.formats.class_folders import SPLIT_FOLDERS
from hubel.errors import UnusableCorpus

IMAGE_COLUMNS = ("image", "img", "picture", "pixels")
PATH_COLUMNS = ("path", "file", "filename", "file_name", "filepath", "image", "image_path", "img")
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "fine_label", "target")
SPLIT_COLUMNS = ("split", "subset")
GROUP_COLUMNS = ("group", "group_id", "patient", "subject")
"""Names of columns, in any case; the first of a list that is there is taken."""

SPLIT_WORDS = ", ".join(SPLIT_FOLDERS)


class Columns(NamedTuple):
    """Names of the columns of one file with images, and the class names that whole-number labels stand for."""

    image: str
    label: str
    split: str | None
    group: str | None
    class_names: tuple[str, ...] | None

    @property
    def small(self) -> list[str]:
        """All but the images."""
        return [name for name in (self.label, self.split, self.group) if name is not None]


def find_columns(path: Path, schema: pa.Schema, features: dict[str, Any]) -> Columns:
    """Which column is what: first as the ``datasets`` library typed them, then by the usual names.

    Args:
        path: the file, for messages.
        schema: its columns.
        features: what ``datasets`` wrote about them; may be empty.

    Raises:
        UnusableCorpus: no image or label column, or one of a type that cannot be used.
    """
    check_names(path, schema.names)
    image = _typed_column(path, schema, features, "Image", IMAGE_COLUMNS)
    label = _typed_column(path, schema, features, "ClassLabel", LABEL_COLUMNS)
    if not holds_images(schema.field(image).type):
        raise UnusableCorpus(
            f"{path}: the column {image!r} must hold images as bytes, or as a struct of bytes and path. "
            f"Received: {schema.field(image).type}."
        )
    split, group = find_column(schema.names, SPLIT_COLUMNS), find_column(schema.names, GROUP_COLUMNS)
    for name in (label, split, group):
        check_type(path, schema, name)
    said = features.get(label)
    names = said.get("names") if isinstance(said, dict) else None
    usable = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    return Columns(image, label, split, group, tuple(names) if usable else None)


def _typed_column(path: Path, schema: pa.Schema, features: dict[str, Any], kind: str, usual: tuple[str, ...]) -> str:
    described = {name: features.get(name) for name in schema.names}
    typed = [name for name, said in described.items() if isinstance(said, dict) and said.get("_type") == kind]
    name = find_column(typed, usual) or next(iter(typed), None) or find_column(schema.names, usual)
    if name is not None and not (kind == "Image" and is_manifest(schema)):
        return name
    advice = "Rename the column that holds it."
    if is_manifest(schema):
        advice = f"It lists pictures by their paths: name the file itself, {path}"
    raise UnusableCorpus(
        f"{path} has the columns {', '.join(schema.names)}; none of them is {' or '.join(usual)}. {advice}"
    )


def find_column(names: Iterable[str], usual: Sequence[str]) -> str | None:
    """The column called by the first of the usual names that is there, in any case."""
    by_word = {name.strip().casefold(): name for name in reversed(list(names))}
    return next((by_word[word] for word in usual if word in by_word), None)


def is_manifest(schema: pa.Schema) -> bool:
    """Whether a table lists pictures by their paths and holds none itself."""
    path, label = find_column(schema.names, PATH_COLUMNS), find_column(schema.names, LABEL_COLUMNS)
    types = {field.name: field.type for field in schema}
    if path is None or label is None or not holds_text(types[path]):
        return False
    return not any(
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

    Raises:
        UnusableCorpus: the name.
    """
    twice = next((name for place, name in enumerate(names) if name.strip() and name in names[:place]), None)
    if twice is not None:
        raise UnusableCorpus(f"{path} has two columns called {twice!r}: rename or remove one of them.")


def check_type(path: Path, schema: pa.Schema, name: str | None) -> None:
    """Refuse a column of something other than text or whole numbers; None is no column.

    Raises:
        UnusableCorpus: floats, booleans, lists ...: their text would be a guess.
    """
    if name is None:
        return
    kind = schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (holds_text(plain) or pa.types.is_integer(plain)):
        raise UnusableCorpus(
            f"{path}: the column {name!r} must hold text or whole numbers. Received: {kind}. Convert it, with pandas: "
            f"table[{name!r}] = table[{name!r}].astype(str)"
        )


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


def split_of(said: str | None, otherwise: str | None = None) -> tuple[str | None, str]:
    """The split that a cell names, and a reason if it names none that is known; an empty cell leaves the other."""
    word = (said or "").strip().lower()
    if not word:
        return otherwise, ""
    if word not in SPLIT_FOLDERS:
        return None, f"it has the split {word[:60]!r}: write one of {SPLIT_WORDS}, or leave it empty"
    return SPLIT_FOLDERS[word], ""


def usable_splits(found: list[Found]) -> tuple[list[Found], list[str]]:
    """The examples, without their given splits if none of them may be used for training; and a note about that."""
    if not found or any(each.split not in ("validation", "test") for each in found):
        return found, []
    note = "All examples are given for validation or test, none for training: the given splits are not used."
    return [each._replace(split=None) for each in found], [note]


def notes_on_groups(found: Sequence[Found], columns: Iterable[str | None]) -> list[str]:
    """Says by which column examples are kept together, if any."""
    if all(each.group is None for each in found):
        return []
    names = " or ".join(sorted({repr(name) for name in columns if name is not None}))
    return [f"Examples with the same {names} stay on one side of a split."]
