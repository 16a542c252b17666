"""Pictures that are the same: by their bytes, or near enough to be copies of one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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
LINKS = 8
"""Pairs kept of each picture, besides those that join two sets."""
_ROWS, _COLUMNS, _AT_ONCE = 1024, 8192, 20_000


def find_near_pairs(measurements: np.ndarray, digests: Sequence[str], *, on_event: OnEvent = ignore) -> np.ndarray:
    """Pairs of different files whose pictures are near duplicates, in whatever orientation.

    All pairs are compared: some seconds for 60,000 pictures on two cores, four times that for twice as many. Of each
    picture the first `LINKS` pairs are kept, and every pair that joins two sets: of thousands of frames of one scene
    nobody needs the millions of pairs.

    Args:
        measurements: `MEASUREMENT` [pictures].
        digests: SHA-256 of each; of equal files only the first is compared.
        on_event: hears `Progress`.

    Returns:
        `PAIR` [pairs], ``first`` < ``second``, sorted; ``orientation`` is what makes the second of the first.
    """
    places = _comparable(measurements, digests)
    fingerprints = measurements["fingerprint"][places].astype(np.float32)
    fingerprints /= np.maximum(np.linalg.norm(fingerprints, axis=1, keepdims=True), 1e-6)
    links = _Links(len(places))
    for first, second in _candidates(without_orientation(fingerprints), on_event):
        wanted = links.tell_something(first, second)
        for start in range(0, len(wanted), _AT_ONCE):
            chosen = wanted[start : start + _AT_ONCE]
            chosen = chosen[links.tell_something(first[chosen], second[chosen])]
            one, two = first[chosen], second[chosen]
            similarity, orientation = _compare(fingerprints[one], fingerprints[two])
            near = (similarity >= NEAR) & ~_other_colour(measurements, places[one], places[two])
            links.add(one[near], two[near], similarity[near], orientation[near])
    pairs = links.pairs()
    pairs["first"], pairs["second"] = places[pairs["first"]], places[pairs["second"]]
    return np.sort(pairs, order=["first", "second"])


class _Links:
    """Pairs so far, and which sets they make; once with all of them, once with the upright ones alone."""

    def __init__(self, count: int) -> None:
        self._sets = np.arange(count)
        self._upright = np.arange(count)
        self._degree = np.zeros(count, np.int64)
        self._kept: list[np.ndarray] = [np.zeros(0, PAIR)]

    def tell_something(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Indices of the pairs that would join sets, or whose second picture has few links."""
        joins = (self._sets[first] != self._sets[second]) | (self._upright[first] != self._upright[second])
        return np.flatnonzero(joins | (self._degree[second] < LINKS))

    def add(self, first: np.ndarray, second: np.ndarray, similarity: np.ndarray, orientation: np.ndarray) -> None:
        """Keep these pairs."""
        if not len(first):
            return
        pairs = np.zeros(len(first), PAIR)
        pairs["first"], pairs["second"] = first, second
        pairs["similarity"], pairs["orientation"] = np.minimum(similarity, 1.0), orientation
        self._kept.append(pairs)
        np.add.at(self._degree, second, 1)
        upright = orientation == 0
        self._sets = _joined(self._sets, first, second)
        self._upright = _joined(self._upright, first[upright], second[upright])

    def pairs(self) -> np.ndarray:
        """All that were kept."""
        return np.concatenate(self._kept)


def _joined(sets: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The sets after these links, each by a number of its own."""
    count = len(sets)
    links = coo_array((np.ones(len(first), bool), (sets[first], sets[second])), (count, count))
    return connected_components(links, directed=False)[1][sets]


def _compare(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(similarity, orientation) of fingerprints [pairs, 144], in the orientation that fits best."""
    similarity = np.full(len(one), -1.0, np.float32)
    orientation = np.zeros(len(one), np.int32)
    for number in range(8):
        found = (oriented(one, number) * two).sum(axis=1)
        better = found > similarity + 1e-6  # upright wins where a picture is its own mirror image
        similarity[better], orientation[better] = found[better], number
    return similarity, orientation


def _comparable(measurements: np.ndarray, digests: Sequence[str]) -> np.ndarray:
    """Places of the first of each file, if it is large enough and has contrast."""
    first_of: dict[str, int] = {}
    for place, digest in enumerate(digests):
        first_of.setdefault(digest, place)
    places = np.array(sorted(first_of.values()), np.int64)
    rows = measurements[places]
    large = np.minimum(rows["width"], rows["height"]) >= MIN_SIDE
    return places[large & rows["fingerprint"].astype(bool).any(axis=1)]


def _candidates(vectors: np.ndarray, on_event: OnEvent) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(first, second), first < second, of all vectors whose dot product reaches `NEAR`; block by block."""
    for top in range(0, len(vectors), _ROWS):
        for left in range(top, len(vectors), _COLUMNS):
            products = vectors[top : top + _ROWS] @ vectors[left : left + _COLUMNS].T
            row, column = np.divmod(np.flatnonzero(products >= NEAR - 1e-4), products.shape[1])
            first, second = row + top, column + left
            yield first[first < second], second[first < second]
        on_event(Progress("comparing", min(len(vectors), top + _ROWS), len(vectors)))


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
