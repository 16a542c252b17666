"""Folders of labels for detection, which look like a corpus and are none: a refusal that names what they are."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.formats.places import is_folder, paths_in
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
    inside = paths_in(path)
    folders = [path, *filter(is_folder, inside)]
    pairs = [folder for folder in folders if is_folder(folder / LABELS) and is_folder(folder / IMAGES)]
    named = {each.name.lower() for each in inside} & set(YOLO_FILES)
    if not pairs or not (named or _has_texts(pairs[0] / LABELS)):
        return
    raise UnusableCorpus(
        f"{path} holds YOLO detection labels: the text files in {LABELS}/ list the boxes of each "
        "image, and Hubel names one class per image. Export the labels as COCO, which Hubel reads if all boxes of "
        "an image have the same class, or cut the boxes out into a folder for each class. (YOLO's format for "
        "classification is class folders.)"
    )


def _has_texts(folder: Path) -> bool:
    paths = paths_in(folder)
    inner = [each for path in filter(is_folder, paths[:5]) for each in paths_in(path)[:5]]
    return any(path.name.lower().endswith(".txt") for path in (*paths[:20], *inner))
