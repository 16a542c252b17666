"""Two variants on the same examples: is one better, or can the examples not tell?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import binomtest

from hubel.errors import WrongRequest
from hubel.evaluation.metrics import wilson_interval

LEVEL = 0.05
"""Share of false alarms that is accepted where nothing differs."""
BETTER, WORSE, CANNOT_TELL = "better", "worse", "cannot tell"


@dataclass(frozen=True)
class PairedTest:
    """What the same examples say of two variants.

    Args:
        examples: how many both saw.
        first_only: examples on which only the first is right.
        second_only: examples on which only the second is right.
        difference: share of the first less share of the second, -1 to 1.
        interval: 95 % interval of that difference, by `paired_interval`; of one comparison, not adjusted.
        p_value: of the exact McNemar test, two-sided.
        adjusted_p: the same for one of several comparisons, by `adjust`; decides.
    """

    examples: int
    first_only: int
    second_only: int
    difference: float
    interval: tuple[float, float]
    p_value: float
    adjusted_p: float

    @property
    def verdict(self) -> str:
        """The first is ``"better"`` or ``"worse"`` than the second; ``"cannot tell"`` where chance may explain it."""
        if self.adjusted_p > LEVEL:
            return CANNOT_TELL
        return BETTER if self.difference > 0 else WORSE

    @property
    def alike(self) -> bool:
        """No example divides the two: both are right on the same ones."""
        return self.first_only == self.second_only == 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"verdict": self.verdict, **asdict(self), "interval": list(self.interval)}


def compare_hits(first: np.ndarray, second: np.ndarray) -> PairedTest:
    """Compare two variants by the examples on which only one of them is right.

    Args:
        first: bool or 0/1 [examples], whether the first variant is right.
        second: the same for the second, on the same examples in the same order.

    Raises:
        WrongRequest: the two are not of the same length, or empty.

    Source: McNemar 1947; the exact test by the binomial distribution.
    """
    if len(first) != len(second) or len(first) == 0:
        raise WrongRequest(
            f"A paired test needs the same examples for both variants. Received: {len(first)} and {len(second)}."
        )
    one, other = np.asarray(first, bool), np.asarray(second, bool)
    first_only, second_only = int((one & ~other).sum()), int((~one & other).sum())
    divided = first_only + second_only
    p_value = float(binomtest(first_only, divided).pvalue) if divided else 1.0
    return PairedTest(
        examples=len(one),
        first_only=first_only,
        second_only=second_only,
        difference=(first_only - second_only) / len(one),
        interval=paired_interval(int((one & other).sum()), first_only, second_only=second_only, count=len(one)),
        p_value=p_value,
        adjusted_p=p_value,
    )


def paired_interval(both: int, first_only: int, *, second_only: int, count: int) -> tuple[float, float]:
    """95 % interval of the difference between two shares of the same examples.

    The Wilson intervals of both shares, joined with regard to how far the two agree.

    Args:
        both: examples on which both are right.
        first_only: on which only the first is.
        second_only: on which only the second is.
        count: all of them.

    Returns:
        (low, high) of the first share less the second, -1 to 1.

    Source: Newcombe 1998, Statistics in Medicine 17, 2635-2650, method 10.
    """
    neither = count - both - first_only - second_only
    first, second = (both + first_only) / count, (both + second_only) / count
    low_1, high_1 = wilson_interval(both + first_only, count)
    low_2, high_2 = wilson_interval(both + second_only, count)
    phi = _agreement(both, first_only, second_only=second_only, neither=neither)
    down = _joined(first - low_1, high_2 - second, phi=phi)
    up = _joined(high_1 - first, second - low_2, phi=phi)
    return max(-1.0, first - second - down), min(1.0, first - second + up)


def _agreement(both: int, first_only: int, *, second_only: int, neither: int) -> float:
    """Correlation of the two, corrected for continuity where it is positive; 0 where one of them never changes."""
    count = both + first_only + second_only + neither
    margins = (both + first_only, second_only + neither, both + second_only, first_only + neither)
    product = float(np.prod(np.array(margins, np.float64)))
    if product == 0:
        return 0.0
    numerator = both * neither - first_only * second_only
    if numerator > 0:
        numerator = max(numerator - count / 2, 0)
    return numerator / product**0.5


def _joined(one: float, other: float, *, phi: float) -> float:
    return max(0.0, one**2 - 2 * phi * one * other + other**2) ** 0.5


def adjust(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """The same tests, each ``adjusted_p`` raised so that all of them together give a false alarm in 5 % at most.

    Source: Holm 1979.
    """
    adjusted = holm([test.p_value for test in tests])
    return [replace(test, adjusted_p=p_value) for test, p_value in zip(tests, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests, each raised so that all together are as rarely below a level as one alone would be.

    Source: Holm 1979.
    """
    adjusted, highest = list(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


@dataclass(frozen=True)
class GapDifference:
    """How the train-test gaps of two variants differ.

    Args:
        difference: gap of the first less gap of the second, in shares.
        interval: its 95 % interval.
    """

    difference: float
    interval: tuple[float, float]

    @property
    def verdict(self) -> str:
        """The first is ``"better"`` (smaller gap), ``"worse"``, or ``"cannot tell"``."""
        low, high = self.interval
        if low <= 0 <= high:
            return CANNOT_TELL
        return BETTER if high < 0 else WORSE


def compare_gaps(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> GapDifference:
    """Compare two variants by accuracy on training examples less accuracy on test examples.

    Each difference of shares has its interval by `paired_interval`; the two are joined as those of independent
    differences are. A normal interval of ten test images takes a variance of 0 for certainty.

    Args:
        first: bool or 0/1 [training examples] and [test examples], whether the first variant is right.
        second: the same for the second, on the same examples.

    Source: Zou & Donner 2008, Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    train, test = (compare_hits(one, other) for one, other in zip(first, second, strict=True))
    difference = train.difference - test.difference
    down = np.hypot(train.difference - train.interval[0], test.interval[1] - test.difference)
    up = np.hypot(train.interval[1] - train.difference, test.difference - test.interval[0])
    return GapDifference(difference, (float(difference - down), float(difference + up)))
