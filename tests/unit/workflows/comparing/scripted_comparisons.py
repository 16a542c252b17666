"""A comparison that never took place: two architectures and a claim, with numbers that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.formats.arrays_in_memory import ArraySource
from hubel.corpus.split import Splits
from hubel.evaluation.paired import adjust, compare_hits
from hubel.workflows.comparing.comparison import CompareRequest, Comparison, Pair
from hubel.workflows.comparing.variant_result import VariantResult
from hubel.workflows.comparing.variants import CLAIMS, select
from hubel.workflows.comparing.verdicts import judge

TRAIN, VALIDATION, TEST = 140, 20, 40


def first(count: int, of: int = TEST) -> np.ndarray:
    """Bool [of]: so many right ones, then wrong ones."""
    return np.arange(of) < count


def corpus(location: str = "photos") -> Corpus:
    """As many tiny images as the split has, of two classes in turn."""
    count = TRAIN + VALIDATION + TEST
    found = [Found(f"{place:03}.png", "ab"[place % 2]) for place in range(count)]
    return make_corpus(location, "npz", found=found, source=ArraySource((np.zeros((count, 8, 8, 3), np.uint8),)))


SPLITS = Splits(
    train=tuple(range(TRAIN)),
    validation=tuple(range(TRAIN, TRAIN + VALIDATION)),
    test=tuple(range(TRAIN + VALIDATION, TRAIN + VALIDATION + TEST)),
)
DENSE = VariantResult(
    "dense",
    parameters=1_234_567,
    macs=987,
    activation_bytes=1_000,
    memory_bytes=20_000_000,
    epochs=12.0,
    still_falling=0.0,
    epoch_s=0.5,
    train_hits=first(TRAIN, TRAIN),
    validation_hits=first(10, VALIDATION),
    test_hits=first(20),
    stays=first(10),
)
SMALL_CNN = VariantResult(
    "small-cnn",
    parameters=4_321,
    macs=2_500_000,
    activation_bytes=4_000,
    memory_bytes=3_210_000_000,
    field=(5, 7),
    epochs=12.0,
    still_falling=0.05,
    epoch_s=1.234,
    train_hits=first(133, TRAIN),
    validation_hits=first(19, VALIDATION),
    test_hits=first(38),
    stays=first(36),
)
BROKEN = VariantResult("residual", 10, 10, 10, 10, diverged=True)


def pairs_of(*rows: VariantResult) -> tuple[Pair, ...]:
    """Each against each other."""
    both = [(one, other) for place, one in enumerate(rows) for other in rows[place + 1 :]]
    tests = adjust([compare_hits(one.test_hits, other.test_hits) for one, other in both])
    return tuple(Pair(one.name, other.name, test) for (one, other), test in zip(both, tests, strict=True))


def compared(*rows: VariantResult, claims: str | None = None, **changes: Any) -> Comparison:
    """A comparison of these, 12 epochs each; by default of a dense and a convolutional network.

    Args:
        rows: one for each variant.
        claims: names, as they are typed.
        changes: of the comparison.
    """
    rows = rows or (DENSE, SMALL_CNN)
    by_name = {row.name: row for row in rows}
    selection = select("dense,small-cnn", claims)
    made = Comparison(
        request=CompareRequest("photos", selection, epochs=12, seed=3),
        corpus=corpus(),
        image_size=(16, 24),
        splits=SPLITS,
        budget="12 epochs",
        moved_px=1,
        rows=rows,
        pairs=pairs_of(*(row for row in rows if row.name in ("dense", "small-cnn"))),
        claims=tuple(judge(name, CLAIMS[name], rows=by_name) for name in selection.claims),
        interrupted=False,
    )
    return replace(made, **changes)
