"""COCO: images, annotations and categories in JSON. An image whose boxes are all of one category is of that class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.json_documents import begins_with, mentions, read_json, text_of
from hubel.corpus.formats.list_labels import note_on_several
from hubel.corpus.formats.listed_files import Row, check_rows, make_listed_corpus
from hubel.corpus.formats.named_files import NamedFiles, make_named_files
from hubel.corpus.formats.table_columns import split_in_name
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.corpus.trees.folder import is_file, is_folder, paths_in
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, Progress
from hubel.text import counted, shortened

ANNOTATIONS = "annotations"
MOST_FILES = 100
"""JSON files of a folder that are looked into; where there are more, they belong to one image each."""


def matches(path: Path) -> bool:
    """A JSON file in COCO form, or a folder with one in it, in ``annotations/``, or in the folders of the splits."""
    return _is_coco(path) if is_file(path) else bool(_lists(path))


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """Read the annotations; images are looked for by their file names, and addresses are never fetched.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged document, or one without images.
    """
    lists = [path] if is_file(path) else _lists(path)
    folder = folder_of_images(path) if is_file(path) else path
    files = make_named_files(reading.images, folder)
    checked: list[Row] = []
    notes: list[str] = []
    for count, file in enumerate(lists, start=1):
        on_event(Progress("reading annotations", count, len(lists), "files"))
        base = _base(file, folder, files)
        rows, more = _read_list(file, f"{file.name}, " if len(lists) > 1 else "", base=base)
        checked += check_rows(rows, files, base=base)
        notes += more
    notes += note_on_several(checked)
    whole = is_folder(path) and reading.images is None
    return make_listed_corpus(path, "coco", checked=checked, files=files, notes=notes, whole=whole)


def folder_of_images(file: Path) -> Path:
    """The folder of the images of a single file of annotations."""
    return file.parent.parent if file.parent.name.lower() == ANNOTATIONS else file.parent


def _is_coco(path: Path) -> bool:
    return begins_with(path, "{") and mentions(path, "images", ANNOTATIONS, "categories")


def _lists(path: Path) -> list[Path]:
    if not is_folder(path):
        return []
    names = (ANNOTATIONS, *SPLIT_FOLDERS)
    lists: list[Path] = []
    for folder in (path, *(each for each in paths_in(path) if each.name.lower() in names and is_folder(each))):
        files = [each for each in paths_in(folder) if each.name.lower().endswith(".json")]
        lists += filter(_is_coco, files) if len(files) <= MOST_FILES else ()
    return lists


def _base(file: Path, folder: Path, files: NamedFiles) -> str:
    """The folder of a list, below that of the images: file names may be relative to it."""
    if files.root != folder or not file.is_relative_to(folder):
        return ""
    base = file.parent.relative_to(folder).as_posix()
    return "" if base in (".", ANNOTATIONS) else base


def _read_list(path: Path, prefix: str, *, base: str) -> tuple[list[Row], list[str]]:
    document = read_json(path)
    found = document if isinstance(document, dict) else {}
    entries = {key: found.get(key) for key in ("images", ANNOTATIONS, "categories")}
    wrong = next((key for key, value in entries.items() if not isinstance(value, list)), None)
    if wrong is not None:
        raise UnusableCorpus(f"{path} is not in COCO form: its {wrong!r} is no list. Export it again as COCO.")
    names = {_key(each.get("id")): text_of(each.get("name")) for each in _objects(entries["categories"])}
    categories: dict[str, set[str]] = defaultdict(set)
    for each in _objects(entries[ANNOTATIONS]):
        categories[_key(each.get("image_id"))].add(_key(each.get("category_id")))
    split = split_in_name(path.stem, base)
    rows = []
    images = [image if isinstance(image, dict) else {} for image in entries["images"] or ()]
    for number, image in enumerate(images, start=1):
        key = _key(image.get("id"))
        label, code, reason = _label(categories.pop(key, set()), names)
        written = text_of(image.get("file_name"))
        row = Row(f"{prefix}image {number}", f"{path.name}#{number:07d}", written, label, split)
        rows.append(row._replace(code=code, reason=reason) if written else row)
    notes = []
    if categories:
        images = counted(len(categories), "image")
        notes.append(f"{path.name} has annotations of {images} that it does not list: not used.")
    return rows, notes


def _objects(entries: Any) -> Iterator[dict[str, Any]]:
    return (each for each in entries if isinstance(each, dict))


def _key(value: object) -> str:
    """Numbers and texts that name the same thing are written both ways by different tools."""
    return str(value) if isinstance(value, (int, str)) else ""


def _label(found: set[str], names: dict[str, str | None]) -> tuple[str | None, str, str]:
    """The class of an image with these categories, or a code and a reason."""
    if not found:
        return None, "no-label", "it has no annotation: give it one, or remove it from the list"
    labels = sorted({names.get(each) or "" for each in found})
    if "" in labels:
        unknown = next(each for each in found if not names.get(each))
        return None, "no-such-class", f"its category {shortened(unknown, 60)!r} has no name in 'categories': add it"
    if len(labels) > 1:
        shown = ", ".join(map(repr, labels[:5])) + (" ..." if len(labels) > 5 else "")
        return None, "several-labels", f"it has annotations of {len(labels)} classes ({shown}): an image has one"
    return labels[0], "", ""
