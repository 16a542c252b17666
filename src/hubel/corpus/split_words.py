"""The words by which people name the parts of a corpus, alone in a column or inside the name of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

SPLIT_FOLDERS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
"""Word → part. A table, a list of files and a folder share it."""

EVALUATED = "eval"
"""Stands for test; beside a test part it stands for validation."""
_PART_OF_WORD = {
    **SPLIT_FOLDERS,
    "trn": "train", "trainval": "train", "dev": "validation", "tst": "test", "holdout": "test",
    "eval": EVALUATED, "evaluation": EVALUATED,
}  # fmt: skip
"""The same with what only folders are called."""
_NOT_LABELLED = {"unlabeled", "unlabelled", "unsup", "unsupervised"}
_TO_NAME = {"pred", "predict", "prediction", "predictions", "inference"}
_FILLERS = {
    "data", "dataset", "datasets", "set", "sets", "split", "splits", "part", "folder", "folders", "dir", "files",
    "image", "images", "img", "imgs", "photo", "photos", "picture", "pictures", "pic", "pics", "sample", "samples",
    "jpg", "jpeg", "png",
}  # fmt: skip
"""Words that say nothing of what is in a folder."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_FOLD = re.compile(r"(k?fold|cv|split|part)s?[\W_]*\d+", re.IGNORECASE)

PLAIN, EXACT, SHARED, INSIDE = range(4)
"""How sure a name is: the word alone; the word with fillers or numbers; the same name for two parts but for the word;
the word among others, as in ``test_tube``."""


def split_of_file(path: Path) -> str | None:
    """The split of a shard: by the first word of its name (``train-0000.tar``), or else by its folder."""
    word = re.match(r"[a-z]+", path.name.lower())
    return SPLIT_FOLDERS.get(word.group() if word else "") or SPLIT_FOLDERS.get(path.parent.name.lower())


class PartName(NamedTuple):
    """What the name of a folder says of the part it is.

    Args:
        part: ``"train"``, ``"validation"``, ``"test"`` or `EVALUATED`.
        rest: its other words, without fillers and numbers.
        sure: `PLAIN`, `EXACT` or `INSIDE`.
    """

    part: str
    rest: tuple[str, ...]
    sure: int


def part_name(name: str) -> PartName | None:
    """The part that a folder's name speaks of; None where it speaks of none, or of several.

    ``"seg_train"``, ``"trainImages"``, ``"Test set 2"`` and ``"val2017"`` do.
    """
    words = _words(name)
    found = {_PART_OF_WORD[word] for word in words if word in _PART_OF_WORD}
    if found == {"train", "validation"}:
        found = {"train"}  # both together are what is left when the test part is taken away
    if len(found) != 1:
        return None
    rest = tuple(word for word in words if word not in _PART_OF_WORD and not _says_nothing(word))
    sure = PLAIN if len(words) == 1 else INSIDE if rest else EXACT
    return PartName(found.pop(), rest, sure)


def is_without_labels(name: str) -> bool:
    """The name says that the images have no labels, and nothing else: ``"unlabeled"``, ``"unsup_images"``."""
    words = _words(name)
    return not _NOT_LABELLED.isdisjoint(words) and all(word in _NOT_LABELLED or _says_nothing(word) for word in words)


def is_to_be_named(name: str) -> bool:
    """The name speaks of a part, or of images that someone wants named: ``"seg_pred"``, ``"test_stg1"``."""
    return part_name(name) is not None or not (_TO_NAME | _NOT_LABELLED).isdisjoint(_words(name))


def is_filler(name: str) -> bool:
    """The name says nothing of what is in the folder, but perhaps which part it is: ``"images"``, ``"data set"``."""
    words = _words(name)
    return any(word.isalpha() for word in words) and all(word in _PART_OF_WORD or _says_nothing(word) for word in words)


def is_fold(name: str) -> bool:
    """The name is that of one fold of a cross-validation: ``"fold_0"``."""
    return _FOLD.fullmatch(name) is not None


def _words(name: str) -> list[str]:
    return [part for word in _WORD.findall(name) for part in _unglued(word.lower())]


def _unglued(word: str) -> list[str]:
    """``["train", "set"]`` of ``"trainset"``."""
    for filler in _FILLERS:
        stem = word.removesuffix(filler)
        if stem != word and stem in _PART_OF_WORD:
            return [stem, filler]
    return [word]


def _says_nothing(word: str) -> bool:
    return word in _FILLERS or word.isdecimal()
