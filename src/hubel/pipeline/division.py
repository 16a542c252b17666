"""Corpus → splits that a classifier can learn from; it says what an empty part means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace

from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits, split_corpus
from hubel.errors import UnusableCorpus

LEAST = (
    "A class has images in every part if it has at least 3 of them, or at least 3 groups where images are "
    "grouped or copies of one another"
)
NO_VALIDATION = (
    "No image is left for validation. So no epoch is chosen by its score and the last one is kept, and nothing is "
    f"calibrated: the temperature stays 1. {LEAST}. Add some."
)


def divide(corpus: Corpus, together: Sequence[Hashable], *, seed: int, kept: Sequence[str | None] = ()) -> Splits:
    """`split_corpus`, with a note where the validation split is empty.

    Args:
        corpus: what is divided.
        together: one mark per example; those with equal marks stay on one side.
        seed: another seed gives another split.
        kept: the part that each example had before, as of `split_corpus`.

    Raises:
        UnusableCorpus: fewer than two classes have an image to train on.
    """
    splits = split_corpus(corpus, together, seed=seed, kept=kept)
    trained = Counter(corpus.class_names[corpus.examples[place].label] for place in splits.train)
    if len(trained) < 2:
        found = " and ".join(f"{count} of {name!r}" for name, count in trained.items()) or "none"
        elsewhere = len(splits.validation) + len(splits.test)
        others = "the other image lies" if elsewhere == 1 else f"the other {elsewhere:,} images lie"
        raise UnusableCorpus(
            f"A classifier learns from images of at least two classes; the training split of {corpus.location} holds "
            f"{found}, and {others} in its validation and test splits. Move some images of "
            "each class into the training split."
        )
    return splits if splits.validation else replace(splits, notes=(*splits.notes, NO_VALIDATION))
