"""A score in one plain sentence: the classes it is good for, those it is not, and those the images cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.evaluation.metrics import wilson_interval
from hubel.text import counted, listed, one_line

GOOD = 0.7
"""A class is good where at least this share of it is found, and of the answers that name it is right."""
MOST_NAMED = 4
"""Longer lists of classes are counted, and some of them named."""
SOME_NAMED = 3
RULE = (
    f"Good: with 95 % confidence at least {100 * GOOD:.0f} % of the class is found, and at least {100 * GOOD:.0f} % of "
    "the answers that name it are right. Not good: with 95 % confidence one of the two shares is lower."
)


@dataclass(frozen=True)
class Suitability:
    """What a score says of each class.

    Args:
        good: class names, the best first.
        bad: class names, the worst first.
        unsure: class names that the images cannot tell of, the worst first: there are too few, or a share is too near
            to `GOOD`.
        useful: it is shown to be better than always predicting the largest class.
    """

    good: tuple[str, ...]
    bad: tuple[str, ...]
    unsure: tuple[str, ...]
    useful: bool

    @property
    def sentence(self) -> str:
        """For a headline: names on one line, none of them more than text."""
        if not self.useful:
            return "Not usable as it is: it has not been shown to be better than always predicting the largest class."
        classes = len(self.good) + len(self.bad) + len(self.unsure)
        every = "both classes" if classes == 2 else f"all {classes:,} classes"
        if len(self.unsure) == classes:
            return "What it is good for is not known: there are too few test images of every class to tell."
        if len(self.good) == classes:
            return f"Good for {every}."
        if len(self.bad) == classes:
            return "Not good for any class."
        good, bad = (f"for {_named(names, some='such as')}" for names in (self.good, self.bad))
        parts = [f"Good {good}" if self.good else f"Not good {bad}"]
        if self.good and self.bad:
            parts.append(f", not {bad}")
        if self.unsure:
            parts.append(f". There are too few test images of {_named(self.unsure, some='the weakest:')} to tell")
        return f"{''.join(parts)}."

    def to_json(self) -> dict[str, Any]:
        """The object ``suitability`` of a score in ``metrics.json``."""
        names = {"good": list(self.good), "bad": list(self.bad), "unsure": list(self.unsure)}
        return {**names, "useful": self.useful, "least_share": GOOD, "sentence": self.sentence}


def judge(class_names: Sequence[str], confusion: np.ndarray) -> Suitability:
    """What the counts say of each class.

    Args:
        class_names: in the order of the rows.
        confusion: int64 [classes, classes], row = true class, column = named class; at least one image.
    """
    found = np.diagonal(confusion)
    shares = [
        [(int(found[index]), int(total[index])) for total in (confusion.sum(axis=1), confusion.sum(axis=0))]
        for index in range(len(class_names))
    ]
    ends = [[wilson_interval(right, count) if count else (0.0, 1.0) for right, count in pair] for pair in shares]
    good = [index for index, pair in enumerate(ends) if all(low >= GOOD for low, _ in pair)]
    bad = [index for index, pair in enumerate(ends) if any(high < GOOD for _, high in pair)]
    unsure = [index for index in range(len(class_names)) if index not in {*good, *bad}]
    quality = [2 * right / max(1, of_class + of_answers) for (right, of_class), (_, of_answers) in shares]  # F1

    def named(indices: Sequence[int], *, best_first: bool) -> tuple[str, ...]:
        ordered = sorted(indices, key=lambda index: -quality[index] if best_first else quality[index])
        return tuple(class_names[index] for index in ordered)

    lowest = wilson_interval(int(found.sum()), int(confusion.sum()))[0]
    largest = int(confusion.sum(axis=1).max()) / int(confusion.sum())
    return Suitability(
        named(good, best_first=True), named(bad, best_first=False), named(unsure, best_first=False), lowest > largest
    )


def _named(names: Sequence[str], *, some: str) -> str:
    words = [one_line(name) for name in names]
    if len(words) <= MOST_NAMED:
        return listed(words)
    return f"{counted(len(words), 'class', 'classes')} ({some} {listed(words[:SOME_NAMED])})"
