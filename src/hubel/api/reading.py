"""``hubel.read_corpus``: no framework is loaded for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.explain import explain
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus as read
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.wishes import READING


@explain(READING)
def read_corpus(  # noqa: PLR0913, D417  (each is a wish the user may have)
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
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears `Progress` while many files are listed.

    Raises:
        UnusableCorpus: nothing there, or nothing that is a corpus.
        WrongRequest: a wish that this form of corpus has no place for.
    """
    return read(corpus, reading=make_reading(locals()), on_event=on_event)
