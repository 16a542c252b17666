"""What a comparison was asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split import Splits
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.evaluation.paired import PairedTest
from hubel.text import brief, counted, elided
from hubel.wishes import COMPARING, check_bounds
from hubel.workflows.comparing.variant_result import VariantResult
from hubel.workflows.comparing.variants import Selection, select
from hubel.workflows.comparing.verdicts import ClaimVerdict


@dataclass(frozen=True)
class CompareRequest:
    """What the user asked for.

    Args:
        corpus: a location that `read_corpus` takes, or a `Corpus`.
        selection: what is compared.
        epochs: passes over the training split, of each variant; None for a number that suits the corpus.
        time_limit_s: seconds for everything; the training time is divided equally. Not with ``epochs``.
        image_size: pixels of the square working size.
        max_examples: compare on a random part of so many examples.
        seed: of split, part, weights and shuffling.
        reading: how the corpus is read, and what counts as a copy in it.
    """

    corpus: str | Path | Corpus
    selection: Selection
    epochs: int | None = None
    time_limit_s: float | None = None
    image_size: int | None = None
    max_examples: int | None = None
    seed: int = 0
    reading: Reading = AS_FOUND

    def __post_init__(self) -> None:
        if self.epochs is not None and self.time_limit_s is not None:
            raise WrongRequest(
                "Give ", Option("epochs"), " or ", Option("time_limit"), ", not both: all variants share one budget."
            )
        check_bounds(COMPARING, self)


def make_compare_request(corpus: str | Path | Corpus, wishes: Mapping[str, Any], *, reading: Reading) -> CompareRequest:
    """The request for what was given at a door.

    Args:
        corpus: a location that `read_corpus` takes, or a `Corpus`.
        wishes: those of `hubel.wishes.COMPARING` that a comparison obeys, by name; others are passed over.
        reading: how the corpus is read, and what counts as a copy in it.

    Raises:
        WrongRequest: an impossible value, or values that do not go together.
        UnknownName: no such architecture or claim.
    """
    names = (wishes["architectures"], wishes["claims"])
    selection = select(*(each if each is None or isinstance(each, str) else ",".join(each) for each in names))
    obeyed = ("epochs", "time_limit", "image_size", "max_examples", "seed")
    given = {COMPARING[name].field or name: COMPARING[name].read(wishes[name]) for name in obeyed}
    return CompareRequest(corpus, selection, **given, reading=reading)


@dataclass(frozen=True)
class Pair:
    """Two architectures, and what the test images say of them."""

    first: str
    second: str
    test: PairedTest


@brief
@dataclass(frozen=True)
class Comparison:
    """What became of a comparison.

    Args:
        request: what was asked for.
        corpus: what was compared on.
        image_size: (height, width) in pixels.
        splits: the same for all.
        budget: of each variant, in words.
        moved_px: the longest move behind the shift consistency.
        rows: one for each finished variant.
        pairs: each architecture against each other.
        claims: what became of each.
        interrupted: the user ended it before all were done.
    """

    request: CompareRequest
    corpus: Corpus
    image_size: tuple[int, int]
    splits: Splits
    budget: str
    moved_px: int
    rows: tuple[VariantResult, ...]
    pairs: tuple[Pair, ...]
    claims: tuple[ClaimVerdict, ...]
    interrupted: bool

    def _brief(self) -> Iterator[str]:
        yield f"Comparison of {counted(len(self.rows), 'variant')} on {elided(self.corpus.location)}, {self.budget}"
        yield from map(repr, self.rows[:7])
        yield f"{len(self.pairs)} pairs, {len(self.claims)} claims"
