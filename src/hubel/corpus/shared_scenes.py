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
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hubel.corpus.fingerprint import inverse_orientation, normalised, oriented_image

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
SMALLEST_REST = 0.02
"""Of an image's contrast; with less there is nothing by which it could be told from others."""
_SAMPLE, _ROWS, _PIXELS = 4000, 1024, 32


@dataclass(frozen=True)
class Scene:
    """Places of the images that share a scene, ascending."""

    places: np.ndarray


def find_scenes(fingerprints: np.ndarray, suspects: np.ndarray, labels: np.ndarray) -> list[Scene]:
    """Scenes among the images that have a likeness.

    Args:
        fingerprints: float32 [images, 144], of length 1.
        suspects: places of images that look like a copy of another; only around these are scenes looked for.
        labels: class index of each image.

    Returns:
        Scenes without a common image, of more than `FEW` images each.
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
        Scene(places)
        for places in _members(sets, crowded)
        if len(places) > FEW + 1 and not _are_copies(fingerprints[places], labels[places], labels)
    ]


def joined(sets: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The sets after these links, each by a number of its own."""
    count = len(sets)
    links = coo_array((np.ones(len(first), bool), (sets[first], sets[second])), (count, count))
    return connected_components(links, directed=False)[1][sets]


def _members(sets: np.ndarray, crowded: np.ndarray) -> Iterator[np.ndarray]:
    """The places of every set that has a crowded image."""
    order = np.argsort(sets, kind="stable")
    starts = np.flatnonzero(np.diff(sets[order], prepend=-1))
    for places in np.split(order, starts[1:]):
        if crowded[places].any():
            yield places


def _are_copies(fingerprints: np.ndarray, labels: np.ndarray, all_labels: np.ndarray) -> bool:
    """Whether a set of images is one image many times."""
    parts = [np.count_nonzero(labels == label) / np.count_nonzero(all_labels == label) for label in np.unique(labels)]
    if max(parts) > MOST_OF_A_CLASS:
        return False
    sample = fingerprints[:: max(1, len(fingerprints) // 200)]
    return float(np.median(sample @ sample.T)) >= TIGHT


def pairs_within(
    scene: Scene, thumbnails: np.ndarray, guests: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, float, int]]:
    """Copies among the images of a scene, by what is left of them without the scene.

    Args:
        scene: its images.
        thumbnails: uint8 [images, 64, 64] of the whole corpus.
        guests: (place, orientation) of images that look like one of the scene's when they are turned or mirrored so.

    Returns:
        (first, second, similarity, orientation), first < second, without order.
    """
    space = _space_of(_flat(thumbnails[scene.places]))
    rest = space.rest_of(_flat(thumbnails[scene.places]))
    for start in range(0, len(rest), _ROWS):
        similarity = rest[start : start + _ROWS] @ rest.T
        for row, column in np.argwhere(similarity >= SAME_REST):
            if row + start < column:
                yield int(scene.places[row + start]), int(scene.places[column]), float(similarity[row, column]), 0
    for start in range(0, len(guests), _ROWS):
        some = guests[start : start + _ROWS]
        turned = np.stack([oriented_image(thumbnails[place], orientation) for place, orientation in some])
        similarity = space.rest_of(_flat(turned)) @ rest.T
        for row, column in np.argwhere(similarity >= SAME_REST):
            (guest, orientation), host = some[row], int(scene.places[column])
            if guest < host:
                yield guest, host, float(similarity[row, column]), orientation
            elif host < guest:
                yield host, guest, float(similarity[row, column]), inverse_orientation(orientation)


@dataclass(frozen=True)
class _Space:
    """What tells the images of a scene apart: their mean, and directions, float32 [pixels, directions].

    Those in which they differ most (position, light, the object they have in common) are left out, and so are those in
    which they hardly differ, where saving again changes more than that.
    """

    mean: np.ndarray
    directions: np.ndarray

    def rest_of(self, images: np.ndarray) -> np.ndarray:
        """What is left of normalised images [images, pixels], each of length 1; zeros where nothing is."""
        rest = (images - self.mean) @ self.directions
        lengths = np.linalg.norm(rest, axis=1, keepdims=True)
        nothing = lengths < SMALLEST_REST * np.sqrt(images.shape[1])
        return np.where(nothing, 0, rest / np.maximum(lengths, 1e-6)).astype(np.float32)


def _space_of(images: np.ndarray) -> _Space:
    sample = images[:: max(1, len(images) // _SAMPLE)]
    mean = sample.mean(axis=0)
    skipped = min(COMPONENTS, len(sample) // IMAGES_TO_A_COMPONENT)
    _, vectors = np.linalg.eigh((sample - mean).T @ (sample - mean))  # ascending
    return _Space(mean, vectors[:, ::-1][:, skipped : skipped + KEPT].astype(np.float32))


def _flat(thumbnails: np.ndarray) -> np.ndarray:
    """uint8 [images, 64, 64] → float32 [images, 1024], in the same light: mean 0, standard deviation 1."""
    count, side, _ = thumbnails.shape
    factor = side // _PIXELS
    small = thumbnails.reshape(count, _PIXELS, factor, _PIXELS, factor).mean(axis=(2, 4), dtype=np.float32)
    return normalised(small.reshape(count, -1))
