"""A zip or tar archive with class folders or labelled pictures in it, read without extraction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from hubel.corpus.corpus import REFUSED, Corpus, IntakeRow
from hubel.corpus.formats import webdataset
from hubel.corpus.formats.class_folders import arrange
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.catalogue import ArchiveTree, is_archive, open_archive
from hubel.corpus.trees.tree import is_debris_folder
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent


def matches(path: Path) -> bool:
    """By content, or else by the name's ending: a damaged archive is still meant to be one."""
    return is_archive(path)


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """List the archive; pictures stay in it, and are read from it when they are needed.

    Raises:
        UnusableCorpus: a damaged archive, or one without class folders and labels.
    """
    tree = open_archive(path, on_event)
    rows = tuple(tree.rows())
    if webdataset.has_labels_beside(rows):
        return webdataset.read_single(path, tree, rows, on_event=on_event)
    return _with_classes(path, tree, rows)


def _with_classes(path: Path, tree: ArchiveTree, rows: Sequence[IntakeRow]) -> Corpus:
    folders, skipped = _class_level(tree.listing.folders)
    try:
        return arrange(path, "archive", tree, rows, folders=folders, skipped=skipped)
    except UnusableCorpus as error:
        refused = [row for row in rows if row.status == REFUSED]
        if not refused:
            raise
        first = f"{refused[0].path!r}: {refused[0].reason}"
        raise UnusableCorpus(f"{error} Files refused: {len(refused)}. First: {first}.") from error


def _class_level(folders: Collection[str]) -> tuple[list[str], str]:
    """The folders that may be classes or splits, and the one around all of them, if there is one."""
    kept = [path for path in sorted(folders) if not any(is_debris_folder(name) for name in path.split("/"))]
    top = [path for path in kept if "/" not in path]
    inner = [path.split("/")[1] for path in kept if "/" in path]
    if len(top) == 1 and len(inner) >= 2:
        return inner, f"{top[0]}/"
    return top, ""
