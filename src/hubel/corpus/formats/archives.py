"""A zip or tar archive with class folders or labelled images in it, read without extraction."""

from __future__ import annotations

from pathlib import Path

from hubel.corpus.corpus import REFUSED, Corpus
from hubel.corpus.formats import webdataset
from hubel.corpus.formats.class_folders import Files, arrange
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.catalogue import is_archive, open_archive
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.events import OnEvent


def matches(path: Path) -> bool:
    """By content, or else by the name's ending: a damaged archive is still meant to be one."""
    return is_archive(path)


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """List the archive; images stay in it, and are read from it when they are needed.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged archive, or one without class folders and labels.
        WrongRequest: the reading names a folder that is not there.
    """
    tree = open_archive(path, on_event)
    rows = tuple(tree.rows())
    if webdataset.has_labels_beside(rows):
        if "splits" in reading.wishes:
            raise WrongRequest(
                f"{path} holds a label beside each image, and no folders that could be parts. Name a folder of such "
                "archives, one for each part: train.tar, test.tar."
            )
        return webdataset.read_single(path, tree, rows=rows, on_event=on_event)
    try:
        return arrange(path, "archive", files=Files(tree, rows, sorted(tree.listing.folders)), reading=reading)
    except UnusableCorpus as error:
        refused = [row for row in rows if row.status == REFUSED]
        if not refused:
            raise
        first = f"{refused[0].path!r}: {refused[0].reason}"
        raise UnusableCorpus(error.text, f" Files refused: {len(refused)}. First: {first}.") from error
