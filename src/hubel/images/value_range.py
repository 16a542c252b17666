"""Which numbers of deep images become black and white: one range for a whole corpus, or that of an image on its own.

An image is deep if it has more than 8 bits a sample, or floats. How many of its bits count, the file does not say: a
camera of 11 bits writes 0 to 2,047 into a file of 16.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hubel.random_streams import stream

Range = tuple[float, float]
"""The value that becomes 0, and the one that becomes 255."""

FILLED = 0.25
"""Share of the full scale that values must spread over for it to be taken."""
ENDS_PERCENT = (0.1, 99.9)
"""Percentiles between which values are said to spread: a hot pixel or a burnt-in mark does not count."""
_KEPT = 50_000
"""Values of a block of an image that percentiles are taken of, drawn at the same places each time."""


@dataclass(frozen=True)
class Values:
    """Visible values of one deep image.

    Args:
        kept: some of them, or all; at least one.
        low: the lowest of all.
        high: the highest of all.
        floats: whether they are floats.
    """

    kept: np.ndarray
    low: float
    high: float
    floats: bool


def summarise(visible: np.ndarray) -> Values | None:
    """What is kept of the visible values of an image, [any shape]; None where there are none."""
    values = visible.ravel()
    if not values.size:
        return None
    kept = values
    if len(values) > _KEPT:  # evenly spaced ones could all be red, or of one column
        kept = values[stream("sampled values").integers(0, len(values), _KEPT)]
    floats = bool(np.issubdtype(values.dtype, np.floating))
    return Values(kept.astype(np.float64), float(values.min()), float(values.max()), floats)


def full_scale(highest: float, *, floats: bool) -> float:
    """The least of 255, 511, 1,023 … that is not below a value; of floats up to 1, it is 1.

    Args:
        highest: value that is there.
        floats: whether values are floats.
    """
    if floats and highest <= 1:
        return 1.0
    return float(2 ** max(8, math.ceil(highest).bit_length()) - 1)


def choose_range(images: Iterable[Values]) -> Range | None:
    """The one range of a corpus: its full scale, or where its values fill little of that, where nearly all of them lie.

    Args:
        images: of the same kind, integers or floats.

    Returns:
        None where there are no images.
    """
    seen = list(images)
    if not seen:
        return None
    low, high = min(each.low for each in seen), max(each.high for each in seen)
    dark, bright = np.percentile(np.concatenate([each.kept for each in seen]), ENDS_PERCENT)
    full = full_scale(high, floats=seen[0].floats)
    if low >= 0 and bright - dark >= FILLED * full:
        return 0.0, full
    if bright > dark:
        return float(dark), float(bright)
    return (low, high) if high > low else (min(0.0, low), full)


def range_alone(values: Values | None, *, grey: bool) -> Range:
    """The range of an image that is read without a corpus: its own.

    Grey goes from its lowest to its highest value; colour from 0 to its full scale, so that it keeps its colours.

    Args:
        values: that can be seen; None where there are none.
        grey: whether there is one channel.
    """
    if values is None:
        return 0.0, 0.0  # no value that could be seen
    if grey or values.low < 0:
        return values.low, values.high
    return 0.0, full_scale(values.high, floats=values.floats)


def is_range(value: object) -> bool:
    """Whether it is two finite numbers, the lower one first."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(end, (int, float)) and not isinstance(end, bool) and math.isfinite(end) for end in value)
        and value[0] < value[1]
    )
