"""Pictures that are the same: by their bytes, or near enough to be copies of one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.fingerprint import MIN_SIDE, oriented, without_orientation
from hubel.events import OnEvent, Progress, ignore

NEAR = 0.95
"""Correlation of fingerprints from which two pictures count as near duplicates. Copies that were re-encoded, resized or
made brighter stay above 0.99; see docs/decisions/0006-near-duplicates.md for how it was chosen."""

MAX_CHROMA_DIFFERENCE = 20.0
"""Two coloured pictures whose mean colours differ by more (of 255) are not copies: the same shape in another colour."""
GREY_COLOUR = 6.0
"""Mean difference of channels below which a picture counts as grey: a grey copy of a coloured picture is a copy."""

PAIR = cast(
    "np.dtype[np.void]",
    np.dtype([("first", "<i4"), ("second", "<i4"), ("similarity", "<f4"), ("orientation", "<i4")]),
)
_ROWS, _COLUMNS = 1024, 8192


def find_near_pairs(measurements: np.ndarray, digests: Sequence[str], *, on_event: OnEvent = ignore) -> np.ndarray:
    """Every pair of different files whose pictures are near duplicates, in whatever orientation.

    All pairs are compared: half a second for 25,000 pictures on two cores, four times that for twice as many.

    Args:
        measurements: `MEASUREMENT` [pictures].
        digests: SHA-256 of each; of equal files only the first is compared.
        on_event: hears `Progress`.

    Returns:
        `PAIR` [pairs], ``first`` < ``second``, sorted; ``orientation`` is what makes the second of the first.
    """
    places = _comparable(measurements, digests)
    fingerprints = measurements["fingerprint"][places].astype(np.float32)
    lengths = np.linalg.norm(fingerprints, axis=1, keepdims=True)
    fingerprints /= np.maximum(lengths, 1e-6)
    first, second = _candidates(without_orientation(fingerprints), on_event)
    similarity = np.full(len(first), -1.0, np.float32)
    orientation = np.zeros(len(first), np.int32)
    for number in range(8):
        found = (oriented(fingerprints[first], number) * fingerprints[second]).sum(axis=1)
        better = found > similarity + 1e-6  # upright wins where a picture is its own mirror image
        similarity[better], orientation[better] = found[better], number
    first, second = places[first], places[second]
    kept = (similarity >= NEAR) & ~_other_colour(measurements, first, second)
    pairs = np.zeros(int(kept.sum()), PAIR)
    pairs["first"], pairs["second"] = first[kept], second[kept]
    pairs["similarity"], pairs["orientation"] = np.minimum(similarity[kept], 1.0), orientation[kept]
    return np.sort(pairs, order=["first", "second"])


def _comparable(measurements: np.ndarray, digests: Sequence[str]) -> np.ndarray:
    """Places of the first of each file, if it is large enough and has contrast."""
    first_of: dict[str, int] = {}
    for place, digest in enumerate(digests):
        first_of.setdefault(digest, place)
    places = np.array(sorted(first_of.values()), np.int64)
    rows = measurements[places]
    large = np.minimum(rows["width"], rows["height"]) >= MIN_SIDE
    return places[large & rows["fingerprint"].astype(bool).any(axis=1)]


def _candidates(vectors: np.ndarray, on_event: OnEvent) -> tuple[np.ndarray, np.ndarray]:
    """(first, second), first < second, of all vectors whose dot product reaches `NEAR`."""
    firsts, seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for top in range(0, len(vectors), _ROWS):
        for left in range(top, len(vectors), _COLUMNS):
            products = vectors[top : top + _ROWS] @ vectors[left : left + _COLUMNS].T
            row, column = np.divmod(np.flatnonzero(products >= NEAR - 1e-4), products.shape[1])
            first, second = row + top, column + left
            firsts.append(first[first < second])
            seconds.append(second[first < second])
        on_event(Progress("comparing", min(len(vectors), top + _ROWS), len(vectors)))
    return np.concatenate(firsts), np.concatenate(seconds)


def _other_colour(measurements: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    one, two = measurements[first], measurements[second]
    difference = np.hypot(one["blue_yellow"] - two["blue_yellow"], one["red_green"] - two["red_green"])
    both_coloured = np.minimum(one["colour"], two["colour"]) >= GREY_COLOUR
    return both_coloured & (difference > MAX_CHROMA_DIFFERENCE)


class _Union:
    """Sets that grow together (union-find with path halving)."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def find(self, place: int) -> int:
        while self.parent[place] != place:
            self.parent[place] = self.parent[self.parent[place]]
            place = self.parent[place]
        return place

    def join(self, one: int, two: int) -> None:
        low, high = sorted((self.find(one), self.find(two)))
        self.parent[high] = low

    def sets(self) -> list[int]:
        """The smallest place of the set that each place is in."""
        return [self.find(place) for place in range(len(self.parent))]


def equal_files(digests: Sequence[str]) -> list[tuple[int, ...]]:
    """Places of files with the same bytes: groups of two and more, in order."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        groups[digest].append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]


@dataclass(frozen=True)
class Copies:
    """Which pictures of a corpus are copies of one another.

    Args:
        digests: SHA-256 of each example's file.
        pairs: from `find_near_pairs`.
    """

    digests: tuple[str, ...]
    pairs: np.ndarray

    def sets(self) -> list[int]:
        """For each example the smallest place of the set of copies it belongs to, copies of copies included."""
        return self._union().sets()

    def kept_together(self, corpus: Corpus) -> list[int]:
        """The same, with the examples of each given group joined too: nothing of a set may be split up."""
        union = self._union()
        first_of: dict[str, int] = {}
        for place, example in enumerate(corpus.examples):
            if example.group is not None:
                union.join(place, first_of.setdefault(example.group, place))
        return union.sets()

    def _union(self) -> _Union:
        union = _Union(len(self.digests))
        for group in equal_files(self.digests):
            for place in group[1:]:
                union.join(group[0], place)
        for pair in self.pairs:
            union.join(int(pair["first"]), int(pair["second"]))
        return union


def members(sets: Sequence[Hashable]) -> Iterator[tuple[int, ...]]:
    """The places of each set of two and more, in order."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for place, name in enumerate(sets):
        groups[name].append(place)
    return (tuple(group) for group in groups.values() if len(group) > 1)
