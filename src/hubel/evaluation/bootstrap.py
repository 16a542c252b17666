"""Intervals of means by drawing the examples again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubel.random_streams import stream

DRAWS = 2000
ENDS = (0.025, 0.975)


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """95 % interval of a mean: percentiles over draws of the examples, with replacement; the same for the same values.

    With few examples it is too narrow: of 10 it holds the truth in about 90 %.

    Args:
        values: one for each example, at least one; [examples].

    Source: Efron 1979, Annals of Statistics 7, 1-26.
    """
    each = np.asarray(values, np.float64)
    chosen = stream("bootstrap").integers(0, len(each), (DRAWS, len(each)))
    low, high = np.quantile(each[chosen].mean(axis=1), ENDS)
    return float(low), float(high)
