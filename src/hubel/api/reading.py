"""``hubel.read_corpus``: no framework is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus as read
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore


def read_corpus(  # noqa: PLR0913  (each is a wish the user may have)
    corpus: str | Path,
    *,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    on_event: OnEvent = ignore,
) -> Corpus:
    """Read a corpus: list its examples and account for every file found; no image is decoded yet.

    Args:
        corpus: a folder, an archive, or a file in one of the formats; or the word ``"digits"``.
        splits: as of `hubel.train`, and the five that follow too.
        path_column: of a list, with the names of the files.
        label_column: with the labels.
        split_column: with the words train, validation and test.
        group_column: whose equal values stay on one side of a split.
        images: the folder in which the files of a list lie.
        on_event: hears `Progress` while many files are listed.

    Raises:
        UnusableCorpus: nothing there, or nothing that is a corpus.
        WrongRequest: a wish that this form of corpus has no place for.
    """
    wishes = {
        "splits": splits, "path_column": path_column, "label_column": label_column, "split_column": split_column,
        "group_column": group_column, "images": images,
    }  # fmt: skip
    return read(corpus, reading=make_reading(wishes), on_event=on_event)
