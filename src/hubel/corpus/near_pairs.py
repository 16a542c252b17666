"""Pairs of images whose fingerprints are alike in some orientation: an image saved again, or a scene seen twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

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

    All pairs are compared: some seconds for 60,000 images on two cores, four times that for twice as many. Of each
    image the first `LINKS` pairs are kept, and every pair that joins two sets: of thousands of frames of one scene
    nobody needs the millions of pairs.

    Args:
        fingerprints: float32 [images, 144], of length 1.
        on_event: hears `Progress`.

    Returns:
        `PAIR` [pairs], without order; of none is it said that it is changed.
    """
    links = _Links(len(fingerprints))
    for first, second in _candidates(without_orientation(fingerprints), on_event):
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


def _candidates(vectors: np.ndarray, on_event: OnEvent) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(first, second), first < second, of all vectors whose dot product reaches `NEAR`; block by block."""
    for rows in in_chunks(len(vectors), _ROWS, stage="comparing", on_event=on_event):
        top = rows.start
        for left in range(top, len(vectors), _COLUMNS):
            products = vectors[rows] @ vectors[left : left + _COLUMNS].T
            row, column = np.divmod(np.flatnonzero(products >= NEAR - 1e-4), products.shape[1])
            first, second = row + top, column + left
            yield first[first < second], second[first < second]
