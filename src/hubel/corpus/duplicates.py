"""Images that are the same: by their bytes, saved again, or changed a little; and which are copies in a corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from hubel.catalogue import Later
from hubel.corpus.altered_copies import MOST, agreeing_share, colours_differ, find_altered, stand_out, without_margins
from hubel.corpus.corpus import Corpus
from hubel.corpus.fingerprint import MIN_SIDE, SIDE, compute_fingerprints, inverse_orientation, oriented_image
from hubel.corpus.near_pairs import PAIR, find_alike, joined
from hubel.events import OnEvent, ignore
from hubel.images.registration import differing_parts
from hubel.text import brief

find_scenes: Callable[..., list[np.ndarray]] = Later("hubel.corpus.shared_scenes", "find_scenes")
pairs_within: Callable[..., np.ndarray] = Later("hubel.corpus.shared_scenes", "pairs_within")

_AT_ONCE = 1000

PAIRS_VERSION = 4
"""Raised when the rules change, so that cached pairs are found again."""


def find_near_pairs(
    measurements: np.ndarray, digests: Sequence[str], *, labels: np.ndarray, on_event: OnEvent = ignore
) -> np.ndarray:
    """Pairs of different files that show the same image.

    Args:
        measurements: `MEASUREMENT` [images].
        digests: SHA-256 of each; of equal files only the first is compared.
        labels: class index of each: a set that is most of a class is a scene, not one image many times.
        on_event: hears `Progress`.

    Returns:
        `PAIR` [pairs], sorted.
    """
    places = _comparable(measurements, digests)
    rows = measurements if len(places) == len(measurements) else measurements[places]
    labels, thumbnails = np.asarray(labels)[places], rows["thumbnail"]
    fingerprints = rows["fingerprint"].astype(np.float32)
    fingerprints /= np.maximum(np.linalg.norm(fingerprints, axis=1, keepdims=True), 1e-6)
    inner = _without_margins(rows, fingerprints)
    alike = find_alike(fingerprints, on_event)
    scenes = find_scenes(fingerprints, inner, suspects=_ends(alike), labels=labels) if len(alike) else []
    altered = np.zeros(0, PAIR)
    if rows["outline"].any():  # else all are too small
        inner_scenes = find_scenes(inner, inner, suspects=_ends(alike), labels=labels)
        altered = _altered_pairs(rows, inner_scenes, on_event=on_event)
        inner_scenes = find_scenes(inner, inner, suspects=_ends(altered), labels=labels)
        altered = _outside(altered, inner_scenes, count=len(places))
    within = [_within(scene, alike, thumbnails=thumbnails) for scene in scenes]
    first, second = _scenes_of(altered, scenes, count=len(places))
    altered = altered[(first < 0) | (first != second)]
    pairs = _without_repeats(np.concatenate([_outside(alike, scenes, count=len(places)), *within, altered]))
    if not len(pairs):
        return pairs
    in_another_colour = _in_another_colour(rows, pairs)
    pairs["changed"] = _changed(thumbnails, pairs)
    pairs = pairs[~in_another_colour]
    pairs = pairs[_stand_out(rows, inner, pairs=pairs)]
    pairs["first"], pairs["second"] = places[pairs["first"]], places[pairs["second"]]
    return np.sort(pairs, order=["first", "second"])


def _without_margins(measurements: np.ndarray, fingerprints: np.ndarray) -> np.ndarray:
    """Fingerprints of what lies within frames and captions: these are no scene that images share."""
    framed = np.flatnonzero(measurements["margins"].any(axis=1))
    inner = fingerprints.copy()
    for start in range(0, len(framed), _AT_ONCE):
        some = framed[start : start + _AT_ONCE]
        images = without_margins(measurements[some]).reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4))
        inner[some] = compute_fingerprints(images)
    return inner


def _ends(*pairs: np.ndarray) -> np.ndarray:
    """Places of all images of some pairs."""
    return np.unique(np.concatenate([each[end] for each in pairs for end in ("first", "second")])).astype(np.int64)


def _altered_pairs(measurements: np.ndarray, scenes: Sequence[np.ndarray], *, on_event: OnEvent) -> np.ndarray:
    """Changed copies among the images that share no scene."""
    shared = np.concatenate([np.zeros(0, np.int64), *scenes])
    alone = np.setdiff1d(np.flatnonzero(measurements["outline"].any(axis=1)), shared)
    found = find_altered(measurements, alone, on_event=on_event)
    return np.array([(first, second, share, 0, True) for first, second, share in found], PAIR)


def _outside(pairs: np.ndarray, scenes: Sequence[np.ndarray], *, count: int) -> np.ndarray:
    """The pairs of which no image shares a scene."""
    return pairs[(_scenes_of(pairs, scenes, count=count) < 0).all(axis=0)]


def _scenes_of(pairs: np.ndarray, scenes: Sequence[np.ndarray], *, count: int) -> np.ndarray:
    """Number of the scene that the first, and the second, image of each pair shares, int [2, pairs]; -1 for none."""
    number = np.full(count, -1)
    for place, scene in enumerate(scenes):
        number[scene] = place
    return number[np.stack([pairs["first"], pairs["second"]])]


def _within(scene: np.ndarray, alike: np.ndarray, *, thumbnails: np.ndarray) -> np.ndarray:
    """Copies in a scene, also mirrored or turned."""
    turned = alike[alike["orientation"] > 0]
    guests = {
        *((int(pair["first"]), int(pair["orientation"])) for pair in turned[np.isin(turned["second"], scene)]),
        *(
            (int(pair["second"]), int(inverse_orientation(pair["orientation"])))
            for pair in turned[np.isin(turned["first"], scene)]
        ),
    }
    return pairs_within(scene, thumbnails, guests=sorted(guests))


def _without_repeats(pairs: np.ndarray) -> np.ndarray:
    """Each two images once, as they were found first."""
    both = pairs["first"].astype(np.int64) * (1 << 32) + pairs["second"]
    return pairs[np.sort(np.unique(both, return_index=True)[1])]


def _in_another_colour(measurements: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Whether two images have the same shapes in other colours, as a red shirt and a blue one: bool [pairs]."""
    colours = measurements["colours"]
    turned = _turned(colours[pairs["first"]], pairs)
    return colours_differ(turned, colours[pairs["second"]], changed=pairs["changed"])


def _turned(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The first image of each pair [pairs, side, side, ...] in the orientation of the second."""
    oriented = [oriented_image(*each) for each in zip(images, pairs["orientation"].tolist(), strict=True)]
    return np.array(oriented, images.dtype).reshape(images.shape)


def _stand_out(measurements: np.ndarray, fingerprints: np.ndarray, *, pairs: np.ndarray) -> np.ndarray:
    """False where a part of the image differs, and the rest is what other images show too: bool [pairs]."""
    partners: dict[int, set[int]] = defaultdict(set)
    for pair in pairs[~pairs["changed"]]:
        partners[int(pair["first"])].add(int(pair["second"]))
        partners[int(pair["second"])].add(int(pair["first"]))
    large = np.any(measurements["outline"], axis=1)
    doubtful = pairs["changed"] & large[pairs["first"]] & large[pairs["second"]]
    kept = np.ones(len(pairs), bool)
    upright = doubtful & (pairs["orientation"] == 0)
    if upright.any():
        places = np.stack([pairs["first"], pairs["second"]], axis=1)[upright].astype(np.int64)
        kept[upright] = stand_out(measurements, fingerprints, pairs=places, partners=partners)
    turned = doubtful & (pairs["orientation"] > 0)
    if turned.any():
        kept[turned] = _turned_agreement(measurements, pairs[turned]) >= MOST
    return kept


def _turned_agreement(measurements: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    first, second = (without_margins(measurements[pairs[end]]) for end in ("first", "second"))
    return agreeing_share(_turned(first, pairs), second)


def _changed(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    turned = _turned(thumbnails[pairs["first"]], pairs)
    return differing_parts(turned.astype(np.float32), thumbnails[pairs["second"]].astype(np.float32))


def _comparable(measurements: np.ndarray, digests: Sequence[str]) -> np.ndarray:
    """Places of the first of each file, if it is large enough and has contrast."""
    first_of: dict[str, int] = {}
    for place, digest in enumerate(digests):
        first_of.setdefault(digest, place)
    places = np.array(sorted(first_of.values()), np.int64)
    large = np.minimum(measurements["width"], measurements["height"]) >= MIN_SIDE
    with_contrast = measurements["fingerprint"].astype(bool).any(axis=1)
    return places[(large & with_contrast)[places]]


@brief
@dataclass(frozen=True)
class Copies:
    """Which images of a corpus are copies of one another.

    Args:
        digests: SHA-256 of each example's file.
        pairs: from `find_near_pairs`.
        exact: files of the same bytes are copies.
    """

    digests: tuple[str, ...]
    pairs: np.ndarray
    exact: bool = True

    def sets(self) -> list[int]:
        """For each example the smallest place of the set of copies it belongs to, copies of copies included."""
        return self._joined([])

    def kept_together(self, corpus: Corpus) -> list[int]:
        """The same, with the examples of each given group joined too: nothing of a set may be split up."""
        marks = [place if each.group is None else each.group for place, each in enumerate(corpus.examples)]
        return self._joined(members(marks))

    def _joined(self, groups: Sequence[tuple[int, ...]]) -> list[int]:
        groups = [*groups, *(members(self.digests) if self.exact else ())]
        links = np.array([(places[0], other) for places in groups for other in places[1:]], np.int64).reshape(-1, 2)
        first, second = np.append(links[:, 0], self.pairs["first"]), np.append(links[:, 1], self.pairs["second"])
        sets = joined(np.arange(len(self.digests)), first, second)
        _, smallest, numbers = np.unique(sets, return_index=True, return_inverse=True)
        return smallest[numbers].tolist()


def members(sets: Sequence[Hashable]) -> list[tuple[int, ...]]:
    """The places of each set of two and more, in order; of digests, those of files with the same bytes."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for place, name in enumerate(sets):
        groups[name].append(place)
    return [tuple(group) for group in groups.values() if len(group) > 1]
