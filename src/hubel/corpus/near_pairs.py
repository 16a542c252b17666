"""Pairs of images whose fingerprints are alike in some orientation: an image saved again, or a scene seen twice."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from hubel.corpus.fingerprint import LENGTH, oriented, without_orientation
from hubel.events import OnEvent, in_chunks

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
_DIRECTIONS, _SAMPLE = 39, 4000
"""Of 78: fewer take less time for all pairs, but leave more of them in doubt."""
_MOST_DOUBTFUL = 64
"""One pair in so many is looked at on its own, no more."""


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
    with closing(_candidates(without_orientation(fingerprints), on_event)) as candidates:
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


def _candidates(vectors: np.ndarray, on_event: OnEvent) -> Generator[tuple[np.ndarray, np.ndarray]]:
    """(first, second), first < second, of all vectors whose dot product reaches `NEAR`; block by block."""
    # Within one product, threads wait for one another many times: where another program has one of two cores, comparing
    # 60,000 images took 54 s like that, and takes 3 s with each product on one thread.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        short = _shortened(vectors)
        for rows in in_chunks(len(vectors), _ROWS, stage="comparing", on_event=on_event):
            for left in range(rows.start, len(vectors), _COLUMNS):
                stop = min(left + _COLUMNS, len(vectors))
                tiles = [slice(start, min(start + _TILE, stop)) for start in range(left, stop, _TILE)]
                found = list(pool.map(lambda tile, rows=rows: _near_in(vectors, short, rows=rows, columns=tile), tiles))
                first, second = np.concatenate(found, axis=1)
                order = np.lexsort((second, first))  # as if the block had been looked at row by row
                first, second = first[order], second[order]
                yield first[first < second], second[first < second]


def _near_in(vectors: np.ndarray, short: np.ndarray, *, rows: slice, columns: slice) -> np.ndarray:
    """Places of all pairs of these rows and columns whose dot product reaches `NEAR`: int [2, pairs]."""
    near = NEAR - 1e-4
    bounds = short[rows] @ short[columns].T
    places = np.flatnonzero(bounds >= near)
    if len(places) > bounds.size // _MOST_DOUBTFUL:  # one by one they would take longer than all together
        first, second = np.nonzero(vectors[rows] @ vectors[columns].T >= near)
    else:
        first, second = np.divmod(places, bounds.shape[1])
        products = np.einsum("pi,pi->p", vectors[first + rows.start], vectors[second + columns.start])
        first, second = first[products >= near], second[products >= near]
    return np.stack([first + rows.start, second + columns.start])


def _shortened(vectors: np.ndarray) -> np.ndarray:
    """Vectors of half the length whose dot products are never below those of the given ones: float32 [vectors, 40].

    Their coordinates along the directions in which these vectors are longest, and the length of what is left: the dot
    product of what is left is at most that of the lengths (Cauchy-Schwarz).
    """
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending
    turned = vectors @ directions
    rest = np.linalg.norm(turned[:, :-_DIRECTIONS], axis=1, keepdims=True)
    return np.concatenate([turned[:, -_DIRECTIONS:], rest], axis=1)
