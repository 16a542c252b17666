"""Columns: what a probe reads of each image, as numbers for a classifier, and as a sentence on what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hubel.text import elided

BINS = 8
"""Parts of equal size that the values of a column are divided into: a class may lie in the middle of the others."""
COMMONEST = 24
"""Words of a column that count one by one; all others count as one."""
LEAST = 5
"""Images that a word or a part must have to count by itself."""


@dataclass(frozen=True)
class NumberColumn:
    """One number of each image.

    Args:
        name: what it is, for a sentence.
        values: float [images].
        shown: a value → how people read it.
    """

    name: str
    values: np.ndarray
    shown: Callable[[float], str] = "{:.0f}".format

    def encoded(self) -> np.ndarray:
        """Its rank, and the part that it lies in: float [images, columns]; none where all are the same."""
        ordered, places, counts = np.unique(self.values, return_inverse=True, return_counts=True)
        if len(ordered) < 2:
            return np.zeros((len(self.values), 0))
        middle = (np.cumsum(counts) - counts / 2) / len(self.values)
        rank = middle[places]
        parts = np.minimum((rank * BINS).astype(int), BINS - 1)
        return np.column_stack([rank, _one_hot(parts.tolist())])

    def difference(self, of_class: np.ndarray) -> tuple[float, str]:
        """How much a class differs from the others, 0 to 1, and at which value most (Kolmogorov and Smirnov).

        Args:
            of_class: bool [images].
        """
        points = np.unique(self.values)
        parts = [np.sort(self.values[chosen]) for chosen in (of_class, ~of_class)]
        below = np.stack([np.searchsorted(part, points, "right") / len(part) for part in parts])
        place = int(np.abs(below[0] - below[1]).argmax())
        own, others = below[:, place]
        side, point = "up to", points[place]
        if own < others:
            side, point, own, others = "from", points[place + 1], 1 - own, 1 - others
        text = f"{self.name} {side} {self.shown(float(point))} in {100 * own:.0f} % of its images"
        return abs(own - others), f"{text}, {100 * others:.0f} % of the others"


@dataclass(frozen=True)
class WordColumn:
    """One word of each image.

    Args:
        name: what it is, for a sentence.
        values: of each image; empty where it has none.
    """

    name: str
    values: Sequence[str]

    def encoded(self) -> np.ndarray:
        """Which of the commonest words it is: float [images, words]; none where all are the same."""
        return _one_hot(self.values)

    def difference(self, of_class: np.ndarray) -> tuple[float, str]:
        """How much a class differs from the others, 0 to 1, and in what.

        Args:
            of_class: bool [images].
        """
        values = np.array([value or "none" for value in self.values])
        own, others = Counter(values[of_class].tolist()), Counter(values[~of_class].tolist())
        totals = own.total(), others.total()
        gaps = {word: own[word] / totals[0] - others[word] / totals[1] for word in sorted({*own, *others})}
        word = max(gaps, key=lambda each: (abs(gaps[each]), each))
        shares = [f"{100 * counts[word] / total:.0f} %" for counts, total in zip((own, others), totals, strict=True)]
        return abs(gaps[word]), f"{self.name} {elided(word)!r} in {shares[0]} of its images, {shares[1]} of the others"


@dataclass(frozen=True)
class CellColumn:
    """Some numbers of each of several parts of an image.

    Args:
        name: what they are, for a sentence.
        values: float [images, parts, numbers].
        where: (row, column) of the middle of each part, 0 to 1: float [parts, 2].
    """

    name: str
    values: np.ndarray
    where: np.ndarray

    def encoded(self) -> np.ndarray:
        """All numbers: float [images, columns]; none where all are the same."""
        flat = self.values.reshape(len(self.values), -1).astype(np.float64)
        return flat[:, np.ptp(flat, axis=0) > 0]

    def difference(self, of_class: np.ndarray) -> tuple[float, str]:
        """How much a class differs from the others, 0 to 1, and where most.

        Args:
            of_class: bool [images].
        """
        own, others = self.values[of_class], self.values[~of_class]
        apart = np.abs(own.mean(axis=0) - others.mean(axis=0)) / np.maximum(self.values.std(axis=0), 1e-6)
        row, column = self.where[apart.max(axis=1).argmax()]
        return float(min(apart.max() / 2, 1)), f"{self.name}, most at the {_place(row, column)}"


Column = NumberColumn | WordColumn | CellColumn


def _one_hot(values: Sequence[object]) -> np.ndarray:
    """One column for each of the commonest values: float [images, values]; none where all are the same."""
    counts = Counter(values)
    if len(counts) < 2:
        return np.zeros((len(values), 0))
    common = [value for value, count in counts.most_common(COMMONEST) if count >= LEAST]
    number = {value: place for place, value in enumerate(common)}
    hot = np.zeros((len(values), len(common)))
    for row, value in enumerate(values):
        if value in number:
            hot[row, number[value]] = 1
    return hot[:, np.ptp(hot, axis=0) > 0]


def _place(row: float, column: float) -> str:
    """In words: ``top left``, ``bottom``."""
    down = ("top", "", "bottom")[min(int(3 * row), 2)]
    across = ("left", "", "right")[min(int(3 * column), 2)]
    return " ".join(filter(None, (down, across))) or "middle"
