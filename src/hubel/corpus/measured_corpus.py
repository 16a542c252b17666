"""ExaminedCorpus: a corpus and what is known of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.duplicates import Copies
from hubel.text import brief


@brief
@dataclass(frozen=True)
class ExaminedCorpus:
    """A corpus and what is known of its images.

    Args:
        corpus: less what could not be decoded.
        measurements: `MEASUREMENT` [examples], in the corpus' order.
        copies: which of them are copies of one another.
    """

    corpus: Corpus
    measurements: np.ndarray
    copies: Copies

    def paths(self, places: Sequence[int]) -> tuple[str, ...]:
        """The paths of these examples."""
        return tuple(self.corpus.examples[place].path for place in places)

    def classes(self, places: Sequence[int]) -> tuple[str, ...]:
        """The class names that these examples have, each once, in order."""
        labels = sorted({self.corpus.examples[place].label for place in places})
        return tuple(self.corpus.class_names[label] for label in labels)

    def given_splits(self, places: Sequence[int]) -> tuple[str, ...]:
        """The given splits that these examples lie in, each once; empty where none is given."""
        return tuple(sorted({split for place in places if (split := self.corpus.examples[place].split) is not None}))


def describe_frames(examined: ExaminedCorpus) -> list[str]:
    """A sentence on animations and files of several pages, if there are any."""
    several = np.flatnonzero(examined.measurements["frames"] > 1)
    if not len(several):
        return []
    first = examined.paths([int(several[0])])[0]
    what = "image has" if len(several) == 1 else "images have"
    return [f"{len(several):,} {what} several frames or pages, such as {first!r}: only the first is used."]
