"""Measurements of images that never were: usual ones, and one that is odd."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubel.corpus.corpus import Found, make_corpus
from hubel.corpus.duplicates import Copies
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.measurement import MEASUREMENT
from hubel.corpus.near_pairs import PAIR

USUAL = {
    "width": 400, "height": 300, "format": b"JPEG", "frames": 1, "dark_end": 30, "bright_end": 220, "contrast": 50,
    "sharpness": 0.5, "colour": 40,
}  # fmt: skip


def examined(
    found: Sequence[Found],
    *,
    digests: str = "",
    pairs: Sequence[tuple[int, int, float, int]] = (),
    changed: bool = False,
    **odd: object,
) -> ExaminedCorpus:
    """A corpus of usual images; ``odd`` gives a number of the first one."""
    corpus = make_corpus("here", "test", found=list(found), source=None)  # type: ignore[arg-type]
    rows = np.zeros(len(found), MEASUREMENT)
    for name, value in USUAL.items():
        rows[name] = value
    for name, value in odd.items():
        rows[name][0] = value
    marks = tuple(digests) if digests else tuple(str(place) for place in range(len(found)))
    all_pairs = np.array([(*pair, changed) for pair in pairs], PAIR) if pairs else np.zeros(0, PAIR)
    return ExaminedCorpus(corpus, rows, Copies(marks, all_pairs))


def images(count: int = 60) -> list[Found]:
    """So many cats, then so many dogs."""
    return [Found(f"{name}/{n:03}.jpg", name) for name in ("cat", "dog") for n in range(count)]
