"""Corpus → what can be learned from: read, surveyed, decoded, examined and split, in this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from hubel.arrays import Labels
from hubel.corpus.corpus import Corpus, check_trainable
from hubel.corpus.duplicates import members
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split import Splits, split_corpus
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, ignore
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.pipeline.examine import decode_and_measure, examine_decoded
from hubel.pipeline.survey import Survey, survey_corpus

LEAST = (
    "A class has images in every part if it has at least 3 of them, or at least 3 groups where images are "
    "grouped or copies of one another"
)
NO_VALIDATION = (
    "No image is left for validation. So no epoch is chosen by its score and the last one is kept, and nothing is "
    f"calibrated: the temperature stays 1. {LEAST}. Add some."
)


class Chosen(Protocol):
    """What was chosen for a corpus."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How its images are prepared."""
        ...


@dataclass(frozen=True)
class OnlyPreprocessing:
    """Nothing else was chosen."""

    preprocessing: Preprocessing


C_co = TypeVar("C_co", bound=Chosen, covariant=True)


@dataclass(frozen=True)
class Kept:
    """A decoded corpus whose examples have had a part before.

    Args:
        decoded: without the images that cannot be tested on.
        parts: the part that each example had, or has to have because of it; None of what is new. Empty where no
            example had one.
        seen: SHA-256 of images outside of the corpus that weights have learned from.
    """

    decoded: DecodedCorpus
    parts: tuple[str | None, ...] = ()
    seen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preparation:
    """How a corpus is prepared, beside its architecture.

    Args:
        reading: how it is read, and what counts as a copy.
        bands: numbers of the bands to take, from 1; none takes all.
        seed: of the split; None splits nothing, and does not ask whether the corpus can be trained on.
        refine: the corpus that was read → the one to use: corrected, or a part of it.
        keep: finds what the examples have been used for before; None where they are new.
    """

    reading: Reading = AS_FOUND
    bands: tuple[int, ...] = ()
    seed: int | None = None
    refine: Callable[[Corpus], Corpus] = field(default=lambda corpus: corpus)
    keep: Callable[[DecodedCorpus], Kept] | None = None


@dataclass(frozen=True)
class Prepared(Generic[C_co]):
    """A corpus that can be learned from.

    Args:
        chosen: for it, its preprocessing among that.
        survey: a look at some of its images.
        decoded: corpus and pixels.
        examined: what is measured on each image, and which are copies.
        splits: places of train, validation and test; all empty where it was not split.
        kept: what its examples were used for before.
    """

    chosen: C_co
    survey: Survey
    decoded: DecodedCorpus
    examined: ExaminedCorpus
    splits: Splits
    kept: Kept

    @property
    def corpus(self) -> Corpus:
        """Less what could not be decoded."""
        return self.decoded.corpus

    @cached_property
    def labels(self) -> Labels:
        """Class indices, int64 [examples]."""
        return np.array([example.label for example in self.corpus.examples], np.int64)

    @property
    def classes(self) -> int:
        """How many."""
        return len(self.corpus.class_names)

    @property
    def copies(self) -> int:
        """Images that are copies of another one."""
        return sum(map(len, members(self.examined.copies.sets())))

    @property
    def together(self) -> list[int]:
        """One mark for each example; copies, and groups, have the same."""
        return self.examined.copies.kept_together(self.corpus)

    def indices(self, split: str) -> np.ndarray:
        """Places of a split, int64 [examples of it], ascending."""
        return np.array(self.splits.of(split), np.int64)


def prepare_corpus(
    source: str | Path | Corpus,
    choose: Callable[[Survey, Corpus], C_co],
    *,
    how: Preparation | None = None,
    on_event: OnEvent = ignore,
) -> Prepared[C_co]:
    """Read, survey, decode, examine and split a corpus.

    Args:
        source: a location that `read_corpus` takes, or a `Corpus`.
        choose: what is chosen for the corpus, from a look at some of its images.
        how: it is prepared; None for as it is, and not split.
        on_event: hears `Progress`.

    Raises:
        UnusableCorpus: it cannot be read, or, where it is split, too little is left to train on.
    """
    how = how or Preparation()
    corpus = source
    if not isinstance(corpus, Corpus):
        corpus = read_corpus(corpus, reading=how.reading, on_event=on_event)
    corpus = how.refine(corpus)
    if how.seed is not None:
        check_trainable(corpus)
    survey = survey_corpus(corpus, bands=how.bands)
    chosen = choose(survey, corpus)
    # Of a corpus of which a part is kept, only that is measured.
    read = decode_and_measure if how.keep is None else decode_corpus
    decoded = read(corpus, chosen.preprocessing, on_event=on_event)
    if how.seed is not None:
        check_trainable(decoded.corpus)
    kept = Kept(decoded) if how.keep is None else how.keep(decoded)
    examined = examine_decoded(kept.decoded, copies=how.reading.copies, on_event=on_event)
    splits = Splits((), (), ())
    if how.seed is not None:
        together = examined.copies.kept_together(kept.decoded.corpus)
        splits = divide(kept.decoded.corpus, together, seed=how.seed, kept=kept.parts)
    return Prepared(chosen, survey, kept.decoded, examined, splits, kept)


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
