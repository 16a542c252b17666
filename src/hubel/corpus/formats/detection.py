"""Folders of labels for detection, which look like a corpus and are none: a refusal that names what they are."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.formats.places import is_folder
from hubel.corpus.trees.folder import list_folder
from hubel.errors import UnusableCorpus

YOLO_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt")
LABELS, IMAGES = "labels", "images"


def refuse_detection(path: Path) -> None:
    """Nothing, for a folder that holds no labels for detection in the form of YOLO.

    Raises:
        UnusableCorpus: what it is, and what to do.
    """
    if not is_folder(path):
        return
    names = {entry.name.lower(): entry for entry in list_folder(path)[0]}
    folders = [Path(entry.path) for entry in names.values() if is_folder(Path(entry.path))]
    pairs = [folder for folder in (path, *folders) if is_folder(folder / LABELS) and is_folder(folder / IMAGES)]
    if not pairs or not (any(name in names for name in YOLO_FILES) or _has_texts(pairs[0] / LABELS)):
        return
    raise UnusableCorpus(
        f"{path} holds YOLO detection labels: the text files in {LABELS}/ list the boxes of each "
        "image, and Hubel names one class per image. Export the labels as COCO, which Hubel reads if all boxes of "
        "an image have the same class, or cut the boxes out into a folder for each class. (YOLO's format for "
        "classification is class folders.)"
    )


def _has_texts(folder: Path) -> bool:
    entries = list_folder(folder)[0]
    inner = [
        each for entry in entries[:5] if is_folder(Path(entry.path)) for each in list_folder(Path(entry.path))[0][:5]
    ]
    return any(entry.name.lower().endswith(".txt") for entry in (*entries[:20], *inner))
