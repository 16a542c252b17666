"""Shared scenes: images of one fixed camera, one form, one kind of cell. They are alike, and no copies of one another.

Where an image has more than a few others that are roughly like it, and those are no handful of copies, its fingerprint
says what the scene is and not which image it is. There, images are compared by what is left of them when the mean of
the scene and its first principal components are taken away: position, light, the object that they have in common. Two
copies share the rest too, noise included; two images of one scene do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from hubel.corpus.fingerprint import inverse_orientation, normalised, oriented_image
from hubel.corpus.near_pairs import PAIR, Bounded, joined, leading, pairs_reaching, reaching
from hubel.images.registration import reduced

ALIKE = 0.85
"""Correlation of fingerprints from which two images may show one scene."""
FEW = 4
"""Images like one that do not make a scene yet."""
TIGHT = 0.985
"""Median correlation within a set from which its images are copies rather than a scene ..."""
MOST_OF_A_CLASS = 0.25
"""... as long as they are no more than this share of a class: no class is a quarter copies of one image."""
COMPONENTS, IMAGES_TO_A_COMPONENT = 12, 8
"""Principal components that are taken away: one for so many images of the scene, and no more than that."""
KEPT = 500
"""Principal components after these, by which the images of a scene are told apart."""
SAME_REST = 0.94
"""Correlation of what is left, from which two images of a scene are copies."""
CLOSE = 0.08
"""Squared distance of copies from their mean, over the squared length of what is usually left of an image."""
SMALLEST_REST = 0.02
"""Of an image's contrast; with less there is nothing by which it could be told from others."""
SMALLEST_VARIANCE = 1e-6
"""Of the largest along any direction; what is less is what rounding leaves."""
_SAMPLE, _ROWS, _PIXELS = 4000, 1024, 32
_LEADING = 32
"""Directions by which most images of a scene are told apart: the others need not be looked at."""


def find_scenes(
    fingerprints: np.ndarray, inner: np.ndarray, *, suspects: np.ndarray, labels: np.ndarray
) -> list[np.ndarray]:
    """Scenes among the images that have a likeness.

    Args:
        fingerprints: float32 [images, 144], of length 1.
        inner: the same, of what lies within frames and captions: copies are alike there too.
        suspects: places of images that look like a copy of another; only around these are scenes looked for.
        labels: class index of each image.

    Returns:
        The places of the images of each scene, ascending int [images of it]: no image is in two of them, and each has
        more than `FEW`.
    """
    count = len(fingerprints)
    sets, crowded = np.arange(count), np.zeros(count, bool)
    for start in range(0, len(suspects), _ROWS):
        rows = suspects[start : start + _ROWS]
        row, column = np.nonzero(fingerprints[rows] @ fingerprints.T >= ALIKE)
        degree = np.bincount(row, minlength=len(rows)) - 1  # itself
        crowded[rows[degree > FEW]] = True
        many = degree[row] > FEW
        sets = joined(sets, rows[row[many]], column[many])
    return [
        places
        for places in _members(sets, crowded)
        if len(places) > FEW + 1
        and not _are_copies((fingerprints[places], inner[places]), labels[places], all_labels=labels)
    ]


def _members(sets: np.ndarray, crowded: np.ndarray) -> Iterator[np.ndarray]:
    """The places of every set that has a crowded image."""
    order = np.argsort(sets, kind="stable")
    starts = np.flatnonzero(np.diff(sets[order], prepend=-1))
    stops = np.append(starts[1:], len(order))
    for number in np.flatnonzero(np.logical_or.reduceat(crowded[order], starts)) if len(order) else ():
        yield order[starts[number] : stops[number]]


def _are_copies(fingerprints: Sequence[np.ndarray], labels: np.ndarray, *, all_labels: np.ndarray) -> bool:
    """Whether a set of images is one image many times."""
    parts = [np.count_nonzero(labels == label) / np.count_nonzero(all_labels == label) for label in np.unique(labels)]
    if max(parts) > MOST_OF_A_CLASS:
        return False
    samples = (each[:: max(1, len(each) // 200)] for each in fingerprints)
    return all(np.median(sample @ sample.T) >= TIGHT for sample in samples)


def pairs_within(scene: np.ndarray, thumbnails: np.ndarray, *, guests: Sequence[tuple[int, int]]) -> np.ndarray:
    """Copies among the images of a scene, by what is left of them without the scene.

    Where images would have more than `FEW` copies and are not close to one another, they have something in common that
    the rest of the scene has not, such as a frame: they are a scene of their own.

    Args:
        scene: places of its images, ascending int [images of it].
        thumbnails: uint8 [images, 64, 64] of the whole corpus.
        guests: (place, orientation) of images that look like one of the scene's when they are turned or mirrored so.

    Returns:
        `PAIR` [pairs], without order; of none is it said that it is changed.
    """
    images = _flat(thumbnails[scene])
    space = _space_of(images)
    rests = space.rests_of(images)
    with_guests = _pairs_with(scene, rests, space=space, thumbnails=thumbnails, guests=guests)
    pairs = np.concatenate([_pairs_of(scene, rests), with_guests])
    usual = np.median((rests**2).sum(axis=1))
    for crowd in _crowds(pairs, len(thumbnails)):
        own = np.flatnonzero(np.isin(scene, crowd))
        distances = ((rests[own] - rests[own].mean(axis=0)) ** 2).sum(axis=1)
        if FEW + 1 < len(own) < len(scene) and np.median(distances) > CLOSE * usual:
            invited = [guest for guest in guests if guest[0] in crowd]
            outside = pairs[~np.isin(pairs["first"], crowd)]  # where the first is, the second is
            pairs = np.concatenate([outside, pairs_within(scene[own], thumbnails, guests=invited)])
    return pairs


def _pairs_of(scene: np.ndarray, rests: np.ndarray) -> np.ndarray:
    """Images of a scene whose rests [images, directions] are the same, as `PAIR`."""
    units = _units(rests)
    found = [np.zeros(0, PAIR)]
    for first, second in pairs_reaching(units, least=SAME_REST):
        similarity = _products(units.vectors[first], units.vectors[second])
        found.append(_as_pairs(scene[first], scene[second], similarity=similarity, orientation=np.zeros_like(first)))
    return np.concatenate(found)


def _pairs_with(
    scene: np.ndarray, rests: np.ndarray, *, space: _Space, thumbnails: np.ndarray, guests: Sequence[tuple[int, int]]
) -> np.ndarray:
    """Guests and images of a scene, as `PAIR`."""
    units = _units(rests)
    found = [np.zeros(0, PAIR)]
    for start in range(0, len(guests), _ROWS):
        some = np.array(guests[start : start + _ROWS])
        turned = np.stack([oriented_image(thumbnails[place], orientation) for place, orientation in some.tolist()])
        invited = _units(space.rests_of(_flat(turned)))
        first, second = reaching(invited, units, least=SAME_REST)
        similarity = _products(invited.vectors[first], units.vectors[second])
        place, orientation = some[first].T
        found.append(_as_pairs(place, scene[second], similarity=similarity, orientation=orientation))
    return np.concatenate(found)


def _products(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """The dot product of each two vectors [pairs, length]."""
    return np.einsum("pi,pi->p", one, two)


def _as_pairs(one: np.ndarray, two: np.ndarray, *, similarity: np.ndarray, orientation: np.ndarray) -> np.ndarray:
    """Each two images of which an orientation makes the second of the first, as `PAIR`."""
    pairs = np.zeros(len(one), PAIR)
    pairs["first"], pairs["second"] = np.minimum(one, two), np.maximum(one, two)
    pairs["similarity"] = np.minimum(similarity, 1.0)
    pairs["orientation"] = np.where(one < two, orientation, inverse_orientation(orientation))
    return pairs[one != two]


def _crowds(pairs: np.ndarray, count: int) -> list[np.ndarray]:
    """Places of the images of every set of pairs in which one has more than `FEW` partners."""
    ends = np.concatenate([pairs["first"], pairs["second"]])
    crowded = np.bincount(ends, minlength=count) > FEW
    if not crowded.any():
        return []
    return list(_members(joined(np.arange(count), pairs["first"], pairs["second"]), crowded))


@dataclass(frozen=True)
class _Space:
    """What tells the images of a scene apart.

    Those directions in which they differ most (position, light, the object they have in common) are left out, and so
    are those in which they hardly differ, where saving again changes more than that.

    Args:
        mean: of the images, float32 [pixels].
        directions: in which they differ, most of all in the first, float32 [pixels, directions].
        skipped: how many of these are left out.
        outside: of the directions in which these images do not differ at all, for they are few, the share that counts.
    """

    mean: np.ndarray
    directions: np.ndarray
    skipped: int
    outside: float

    def rests_of(self, images: np.ndarray) -> np.ndarray:
        """What is left of normalised images [images, pixels]: float32 [images, numbers]; zeros if little."""
        centred = images - self.mean
        along = centred @ self.directions
        rests = along[:, self.skipped :]
        if self.outside:
            left = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0)
            rests = np.column_stack([rests, np.sqrt(self.outside * left)])
        little = np.linalg.norm(rests, axis=1, keepdims=True) < SMALLEST_REST * np.sqrt(images.shape[1])
        return np.where(little, 0, rests).astype(np.float32)


def _units(rests: np.ndarray) -> Bounded:
    """Of length 1; zeros stay zeros."""
    return leading(rests / np.maximum(np.linalg.norm(rests, axis=1, keepdims=True), 1e-6), _LEADING)


def _space_of(images: np.ndarray) -> _Space:
    sample = images[:: max(1, len(images) // _SAMPLE)]
    mean = sample.mean(axis=0)
    skipped = min(COMPONENTS, len(sample) // IMAGES_TO_A_COMPONENT)
    directions = _principal_directions(sample - mean)
    nowhere = images.shape[1] - directions.shape[1]
    directions = directions[:, : skipped + KEPT]
    missing = skipped + KEPT - directions.shape[1]
    return _Space(mean, directions, skipped, outside=missing / nowhere if missing else 0.0)


def _principal_directions(centred: np.ndarray) -> np.ndarray:
    """In which images [images, pixels] of mean 0 differ, most of all in the first: [pixels, directions].

    Of few images, from their products with one another: of a hundred sets of some images each, this is what takes time.
    """
    few = len(centred) < centred.shape[1]
    with threadpool_limits(1, user_api="blas"):  # see `near_pairs`
        values, vectors = np.linalg.eigh(centred @ centred.T if few else centred.T @ centred)  # ascending
        if few:
            present = values > SMALLEST_VARIANCE * values[-1]
            vectors = centred.T @ (vectors[:, present] / np.sqrt(values[present]))
    return vectors[:, ::-1].astype(np.float32)


def _flat(thumbnails: np.ndarray) -> np.ndarray:
    """uint8 [images, 64, 64] → float32 [images, 1024], in the same light: mean 0, standard deviation 1."""
    small = np.empty((len(thumbnails), _PIXELS, _PIXELS), np.float32)
    for start in range(0, len(thumbnails), _ROWS):
        some = slice(start, start + _ROWS)
        small[some] = reduced(thumbnails[some].astype(np.float32), _PIXELS)
    return normalised(small.reshape(len(small), -1))
