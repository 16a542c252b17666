"""What the tests of lists and exports share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.conftest import write_image

from hubel.cli.main import find_command
from hubel.cli.wording import worded
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import make_reading
from hubel.errors.wording import Text

PIXELS = np.zeros((4, 4, 3), np.uint8)


def images(folder: Path, *paths: str) -> None:
    for path in paths:
        write_image(folder / path, PIXELS)


def read(folder: Path, text: str, name: str = "list.csv", **wishes: str) -> Corpus:
    (folder / name).write_text(text)
    return read_file(folder / name, **wishes)


def read_file(path: Path, **wishes: str) -> Corpus:
    """Every file is accounted for."""
    corpus = read_corpus(path, reading=make_reading(wishes))
    counts = corpus.intake_counts
    assert counts["found"] == counts["read"] + counts["refused"] + counts["ignored"]
    return corpus


def classes(corpus: Corpus) -> dict[str, str]:
    return {each.path: corpus.class_names[each.label] for each in corpus.examples}


def splits(corpus: Corpus) -> list[str | None]:
    return [each.split for each in corpus.examples]


def faults(corpus: Corpus) -> dict[str, str]:
    return {row.path: row.code for row in corpus.left_out}


def typed(text: Text | str) -> str:
    """A note, or the text of an error, as ``hubel train`` says it."""
    return worded(text, find_command("train"))
