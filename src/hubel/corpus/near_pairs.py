"""Pairs of images whose fingerprints are alike in some orientation: an image saved again, or a scene seen twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from hubel.corpus.fingerprint import FREQUENCIES, LENGTH, oriented, without_orientation
from hubel.events import OnEvent, ignore, in_chunks

PAIR = cast(
    "np.dtype[np.void]",
    np.dtype([("first", "<i4"), ("second", "<i4"), ("similarity", "<f4"), ("orientation", "<i4"), ("changed", "?")]),
)
"""``first`` < ``second``; ``orientation`` is what makes the second of the first; ``changed``: a part of the image
differs, as in a crop, a frame, a caption."""
NEAR = 0.95
"""Correlation of fingerprints from which two images count as near duplicates. Copies that were re-encoded, resized or
made brighter stay above 0.99; see docs/decisions/0006-near-duplicates.md for how it was chosen."""
LINKS = 8
"""Pairs kept of each image, besides those that join two sets."""
_ROWS, _COLUMNS, _AT_ONCE = 1024, 8192, 4000
_TILE = 1024
"""Columns whose products stay in the processor's cache until they are compared."""
_ROUNDING = 1e-4
"""Of products in another order of adding: nothing is left out for it."""
_DIRECTIONS, _SAMPLE = 39, 4000
"""Of 78: fewer take less time for all pairs, but leave more of them in doubt."""
_MOST_DOUBTFUL = 64
"""One pair in so many is looked at on its own, no more."""
_ROWS_AT_ONCE = 128
"""Of a tile, whose products in four parts stay in the processor's cache until they are added."""


def joined(sets: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The sets after these links, each by a number of its own.

    Args:
        sets: number of the set of each image, int [images].
        first: places of one image each, int [links].
        second: places of another, int [links].
    """
    count = len(sets)
    links = coo_array((np.ones(len(first), bool), (sets[first], sets[second])), (count, count))
    return connected_components(links, directed=False)[1][sets]


def find_alike(fingerprints: np.ndarray, on_event: OnEvent) -> np.ndarray:
    """Pairs of fingerprints that correlate at `NEAR` and more in some orientation.

    All pairs are compared: a few seconds for 60,000 images on two cores, four times that for twice as many. Of each
    image the first `LINKS` pairs are kept, and every pair that joins two sets: of thousands of frames of one scene
    nobody needs the millions of pairs.

    Args:
        fingerprints: float32 [images, 144], of length 1.
        on_event: hears `Progress`.

    Returns:
        `PAIR` [pairs], without order; of none is it said that it is changed.
    """
    links = _Links(len(fingerprints))
    search = pairs_reaching(
        _turned_to_bound(without_orientation(fingerprints)),
        least=NEAR - _ROUNDING,
        crowded=partial(_near_in_some_orientation, fingerprints),
        on_event=on_event,
    )
    with closing(search) as candidates:
        for first, second in candidates:
            wanted = links.tell_something(first, second)
            for start in range(0, len(wanted), _AT_ONCE):
                chosen = wanted[start : start + _AT_ONCE]
                chosen = chosen[links.tell_something(first[chosen], second[chosen])]
                one, two = first[chosen], second[chosen]
                similarity, orientation = _compare(fingerprints[one], fingerprints[two])
                near = similarity >= NEAR
                links.add(one[near], two[near], similarity[near], orientation[near])
    return links.pairs()


class _Links:
    """Pairs so far, and which sets they make; once with all of them, once with the upright ones alone."""

    def __init__(self, count: int) -> None:
        self._sets = np.arange(count)
        self._upright = np.arange(count)
        self._degree = np.zeros(count, np.int64)
        self._kept: list[np.ndarray] = [np.zeros(0, PAIR)]

    def tell_something(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Indices of the pairs that would join sets, or whose second image has few links."""
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
        self._sets = joined(self._sets, first, second)
        self._upright = joined(self._upright, first[upright], second[upright])

    def pairs(self) -> np.ndarray:
        """All that were kept."""
        return np.concatenate(self._kept)


_SIGNS = np.concatenate([oriented(np.ones((1, LENGTH), np.float32), flips) for flips in range(4)]).T
"""Float32 [144, 4]: what each flip does to the numbers of a fingerprint, which is no more than a change of signs."""


def _compare(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(similarity, orientation) of fingerprints [pairs, 144], in the orientation that fits best."""
    turned = oriented(one, 4)  # rows and columns are swapped before they are flipped
    similarity = np.concatenate([(one * two) @ _SIGNS, (turned * two) @ _SIGNS], axis=1)  # [pairs, orientations]
    best = similarity.max(axis=1)
    orientation = np.argmax(similarity >= best[:, None] - 1e-6, axis=1)  # upright wins where a flip changes nothing
    return best, orientation.astype(np.int32)


_PARITIES = tuple(
    np.flatnonzero((np.arange(LENGTH) // FREQUENCIES % 2 == row) & (np.arange(LENGTH) % FREQUENCIES % 2 == column))
    for row in (0, 1)
    for column in (0, 1)
)
"""Places of the numbers of a fingerprint whose signs change together, whatever is flipped."""


def _near_in_some_orientation(fingerprints: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Which of these correlate at `NEAR` and more in the orientation that fits best: bool [rows, columns].

    As `_compare` finds for pairs, for all of them at once: quicker where more than a few of them are in doubt.
    """
    two = [fingerprints[columns][:, places].T for places in _PARITIES]
    near = []
    for start in range(rows.start, rows.stop, _ROWS_AT_ONCE):
        one = fingerprints[start : min(start + _ROWS_AT_ONCE, rows.stop)]
        best = np.maximum(*(_best_of_flips(each, two) for each in (one, oriented(one, 4))))
        near.append(best >= NEAR - _ROUNDING)
    return np.concatenate(near)


def _best_of_flips(one: np.ndarray, two: list[np.ndarray]) -> np.ndarray:
    """The best correlation [rows, columns] of fingerprints [rows, 144] and `two`, in four parts [36, columns]."""
    plain, left, top, both = (one[:, places] @ part for places, part in zip(_PARITIES, two, strict=True))
    return np.maximum(plain + top + np.abs(left + both), plain - top + np.abs(left - both))


@dataclass(frozen=True)
class Bounded:
    """Vectors, and shorter ones whose dot products are never below theirs: most pairs need not be looked at.

    Args:
        vectors: float32 [vectors, length].
        short: float32 [vectors, shorter length].
    """

    vectors: np.ndarray
    short: np.ndarray

    def __getitem__(self, places: slice) -> Bounded:
        """Some of them."""
        return Bounded(self.vectors[places], self.short[places])


def leading(vectors: np.ndarray, count: int) -> Bounded:
    """Bounded by so many coordinates and the length of what is left.

    The dot product of what is left is at most that of the lengths (Cauchy-Schwarz).

    Args:
        vectors: float32 [vectors, length], longest along the first coordinates.
        count: of coordinates.
    """
    rest = np.linalg.norm(vectors[:, count:], axis=1, keepdims=True)
    return Bounded(vectors, np.concatenate([vectors[:, :count], rest], axis=1))


def reaching(
    one: Bounded, two: Bounded, *, least: float, crowded: Callable[[], np.ndarray] | None = None
) -> np.ndarray:
    """Places of the pairs whose dot product reaches a bound, in the order of the first: int [2, pairs].

    Args:
        one: the first of each pair.
        two: the second.
        least: the bound.
        crowded: which pairs are wanted, bool [one, two]: asked where there are many. None where that is all that reach
            the bound.
    """
    bounds = one.short @ two.short.T
    places = np.flatnonzero(bounds >= least - _ROUNDING)
    if len(places) <= bounds.size // _MOST_DOUBTFUL:
        first, second = np.divmod(places, bounds.shape[1])
        near = np.einsum("pi,pi->p", one.vectors[first], two.vectors[second]) >= least
        return np.stack([first[near], second[near]])
    # one by one they would take longer than all together
    return np.stack(np.nonzero(one.vectors @ two.vectors.T >= least if crowded is None else crowded()))


def pairs_reaching(
    vectors: Bounded,
    *,
    least: float,
    crowded: Callable[[slice, slice], np.ndarray] | None = None,
    on_event: OnEvent = ignore,
) -> Generator[tuple[np.ndarray, np.ndarray]]:
    """All pairs whose dot product reaches a bound; block by block.

    Args:
        vectors: each is compared with every other.
        least: the bound.
        crowded: as of `reaching`, of these rows and columns.
        on_event: hears `Progress`.

    Returns:
        (first, second), places int [pairs] of each, first < second.
    """
    count = len(vectors.vectors)

    def pairs_in(rows: slice, columns: slice) -> np.ndarray:
        asked = None if crowded is None else partial(crowded, rows, columns)
        found = reaching(vectors[rows], vectors[columns], least=least, crowded=asked)
        return found + np.array([[rows.start], [columns.start]])

    # Within one product, threads wait for one another many times: where another program has one of two cores, comparing
    # 60,000 images took 54 s like that, and takes 3 s with each product on one thread.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for rows in in_chunks(count, _ROWS, stage="comparing", on_event=on_event):
            for left in range(rows.start, count, _COLUMNS):
                stop = min(left + _COLUMNS, count)
                tiles = [slice(start, min(start + _TILE, stop)) for start in range(left, stop, _TILE)]
                found = pool.map(partial(pairs_in, rows), tiles)
                first, second = np.concatenate(list(found), axis=1)
                order = np.lexsort((second, first))  # as if the block had been looked at row by row
                first, second = first[order], second[order]
                yield first[first < second], second[first < second]


def _turned_to_bound(vectors: np.ndarray) -> Bounded:
    """The same, with coordinates along the directions in which these vectors are longest."""
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending
    return leading(vectors @ directions[:, ::-1], _DIRECTIONS)
