"""FiftyOneImageClassificationDataset: ``data/`` with the images, and ``labels.json`` with their classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.json_documents import mentions, read_json
from hubel.corpus.formats.list_labels import note_on_several
from hubel.corpus.formats.listed_files import Row, check_rows, make_listed_corpus
from hubel.corpus.formats.named_files import NamedFiles
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import is_file, is_folder
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent
from hubel.text import shortened

LIST, FOLDER = "labels.json", "data"


def matches(path: Path) -> bool:
    """A folder with ``labels.json`` and ``data/``."""
    return is_folder(path / FOLDER) and is_file(path / LIST) and mentions(path / LIST, "labels")


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """Read the labels; an image whose label is null is refused as one without.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged list.
    """
    document = read_json(path / LIST)
    labels = document.get("labels") if isinstance(document, dict) else None
    if not isinstance(labels, dict):
        raise UnusableCorpus(
            f"{path / LIST} has no object 'labels' with a label for each image: export it again with FiftyOne as "
            "FiftyOneImageClassificationDataset."
        )
    said = document.get("classes")
    names = said if isinstance(said, list) and all(isinstance(name, str) for name in said) else None
    files = NamedFiles(path, path)
    rows = []
    for written, value in labels.items():
        label, code, reason = _label(value, names)
        rows.append(Row(repr(written), f"{LIST}#{len(rows) + 1:07d}", written, label, code=code, reason=reason))
    checked = check_rows(rows, files, base=FOLDER)
    notes = note_on_several(checked)
    return make_listed_corpus(path, "fiftyone", checked=checked, files=files, notes=notes, whole=True)


def _label(value: Any, names: list[str] | None) -> tuple[str | None, str, str]:
    """Class name, or a code and a reason."""
    if isinstance(value, dict):  # with confidence or attributes
        value = value.get("label")
    if value is None:
        return None, "no-label", "its label is null: give it one, or remove it from the list"
    if isinstance(value, list):
        return None, "several-labels", f"it has a list of {len(value)} labels: an image has one"
    if isinstance(value, str) and (names is None or value in names):
        return value, "", ""
    if isinstance(value, int) and names is not None and 0 <= value < len(names):
        return names[value], "", ""
    if isinstance(value, int) and names is None:
        return str(value), "", ""
    return None, "no-such-class", f"its label {shortened(repr(value), 60)} is none of 'classes': correct it"
