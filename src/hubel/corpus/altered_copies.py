"""Copies that were cropped, framed, captioned, turned by a few degrees or dyed: too unlike for their fingerprints.

Images whose outlines are alike are laid over one another, and are copies if their fine patterns agree.
Images of the same shapes are none where no other light explains the colours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image as PillowImage

from hubel.corpus import outline
from hubel.corpus.measurement import THUMBNAIL
from hubel.events import OnEvent, Progress, in_chunks
from hubel.images.registration import fine_agreement, identity, lay_over

ALIKE = 0.87
"""Correlation of outlines from which two images are laid over one another."""
NEIGHBOURS = 3
"""Of each image, so many of those most like it are tried."""
AGREES = 0.9
"""Correlation of the fine patterns of a block, from which it shows the same."""
HALF = 0.5
"""Share of the blocks with a pattern that must show the same."""
MOST = 0.7
"""The same, of a pair of which one is mirrored or turned as well: round things are often alike in some orientation."""
FEWEST_BLOCKS = 12
"""Blocks with a pattern, of 64, without which nothing can be said."""
PROMISING = ((16, 4, 0.72), (32, 3, 0.78))
"""Side in pixels, steps, and the correlation there without which an image is not laid over any closer."""
LAST_STEPS = 2
"""At full size, of those that are left."""
OTHERS, FEW_OTHERS, OTHERS_AGREE = 12, 2, 0.3
"""Of so many other images like it, no more than a few may agree with one of a pair in this share of the blocks: where
more do, what agrees is a background that many images have."""
_ORDINARY = 50
"""Images as which the usual outline counts, so that in a small corpus it is not taken from the few there are."""
_ROWS, _PAIRS = 512, 96
SMALLEST_GAIN, LARGEST_GAIN = 0.6, 1.7
"""By which light, a filter or the paper may weaken or strengthen one channel."""
MOST_LEFT, MOST_LEFT_OF_CHANGED = 0.4, 0.55
"""Root mean square over the parts of an image that light does not explain, as a share of how much its parts differ."""
NOISE = 3.0
"""Of 255: so much is always allowed."""
PALE = 60.0
"""Mean difference of channels up to which an image may be a copy in shades of one colour: sepia has about 40."""
COVERED = 0.3
"""Share of the parts that a caption, a frame or a cut may have changed."""
_ROUNDS = 4


def find_altered(measurements: np.ndarray, places: np.ndarray, *, on_event: OnEvent) -> list[tuple[int, int, float]]:
    """Pairs of images of which one is a changed copy of the other, the same way round.

    Args:
        measurements: `MEASUREMENT` [images].
        places: of the images that are compared, ascending; those too small to have an outline are passed over.
        on_event: hears `Progress`.

    Returns:
        (first, second, share of blocks that agree), first < second, sorted.
    """
    places = places[measurements["outline"][places].any(axis=1)]
    if len(places) < 2:
        return []
    candidates = np.array(list(_candidates(measurements[places], on_event)), np.int64).reshape(-1, 2)

    def shares(start: int) -> np.ndarray:
        first, second = measurements[places[candidates[start : start + _PAIRS].T]]
        return agreeing_share(without_margins(first), without_margins(second))

    found: list[tuple[int, int, float]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets go of Python's lock where the work is
        for start, some in zip(starts := range(0, len(candidates), _PAIRS), pool.map(shares, starts), strict=True):
            pairs = places[candidates[start : start + _PAIRS]].tolist()
            found += [(*pair, float(share)) for pair, share in zip(pairs, some, strict=True) if share >= HALF]
            on_event(Progress("laying over", start + len(pairs), len(candidates)))
    return sorted(found)


def _candidates(measurements: np.ndarray, on_event: OnEvent) -> Iterator[tuple[int, int]]:
    """Pairs whose outlines are alike: within their margins, or less the upper or the lower quarter."""
    whole = measurements["whole_outline"].astype(np.float32).reshape(len(measurements), outline.CELLS, -1)
    inner = _usual_taken_away(measurements["outline"].astype(np.float32))
    parts = [_usual_taken_away(part.reshape(len(whole), -1)) for part in (whole[:, :-1], whole[:, 1:])]
    pairs: set[tuple[int, int]] = set()
    for rows in in_chunks(len(measurements), _ROWS, stage="comparing outlines", on_event=on_event):
        pairs.update(_nearest(inner[rows] @ inner.T, rows.start))
        upper, lower = (part[rows] @ part.T for part in parts)
        pairs.update(_nearest(np.maximum(upper, lower), rows.start))
    yield from sorted(pairs)


def _nearest(likeness: np.ndarray, start: int) -> Iterator[tuple[int, int]]:
    """Pairs of each row, the first of which is ``start``, with the few columns most like it."""
    own = np.arange(len(likeness))
    likeness[own, own + start] = -1
    for row in np.flatnonzero((likeness >= ALIKE).any(axis=1)):
        near = np.flatnonzero(likeness[row] >= ALIKE)
        if len(near) > NEIGHBOURS:
            near = near[np.argpartition(-likeness[row, near], NEIGHBOURS)[:NEIGHBOURS]]
        yield from ((min(row + start, other), max(row + start, other)) for other in near.tolist())


def _usual_taken_away(outlines: np.ndarray) -> np.ndarray:
    """Outlines less what most images have, of length 1."""
    lengths = np.linalg.norm(outlines, axis=1, keepdims=True)
    outlines = outlines / np.maximum(lengths, 1e-6)
    special = outlines - outlines.sum(axis=0) / (len(outlines) + _ORDINARY)
    return special / np.maximum(np.linalg.norm(special, axis=1, keepdims=True), 1e-6)


def stand_out(
    measurements: np.ndarray, fingerprints: np.ndarray, *, pairs: np.ndarray, partners: Mapping[int, set[int]]
) -> np.ndarray:
    """Whether two images agree as no others do, or only in what many images have in common, such as a background.

    Args:
        measurements: `MEASUREMENT` [images].
        fingerprints: float32 [images, 144], of length 1: other images like one are found by them.
        pairs: places of two images each, int [pairs, 2].
        partners: place → places of its other copies, which are not asked.

    Returns:
        bool [pairs].
    """
    agreeing = {
        place: _agreeing(measurements, fingerprints, place=place, partners=partners.get(place, set()))
        for place in np.unique(pairs).tolist()
    }
    most = [max(len(agreeing[one] - {two}), len(agreeing[two] - {one})) for one, two in pairs.tolist()]
    return np.array(most) <= FEW_OTHERS


def _agreeing(measurements: np.ndarray, fingerprints: np.ndarray, *, place: int, partners: set[int]) -> set[int]:
    """Places of other images, of those most like one, that agree with it."""
    likeness = fingerprints @ fingerprints[place]
    likeness[[place, *partners]] = -np.inf
    others = np.argsort(-likeness)[:OTHERS]
    others = others[np.isfinite(likeness[others])]
    images = without_margins(measurements[np.append(others, place)])
    own = np.repeat(images[-1:], len(others), axis=0)
    shares = _share(own, images[:-1], identity(len(others)), AGREES)
    if np.count_nonzero(shares >= OTHERS_AGREE) <= FEW_OTHERS + 1:  # else it is decided
        shares = np.maximum(shares, agreeing_share(own, images[:-1]))
    return set(others[shares >= OTHERS_AGREE].tolist())


def without_margins(measurements: np.ndarray) -> np.ndarray:
    """Thumbnails less their margins: float32 [images, 64, 64]."""
    images = measurements["thumbnail"].astype(np.float32)
    for place in np.flatnonzero(measurements["margins"].any(axis=1)):
        image, margins = PillowImage.fromarray(measurements["thumbnail"][place]), measurements["margins"][place]
        images[place] = np.asarray(outline.without_margins(image, margins * (outline.SIDE / THUMBNAIL)), np.float32)
    return images


def agreeing_share(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Share of the patterned blocks that agree once the second images are laid over the first.

    Args:
        first: float32 [pairs, 64, 64], grey, without margins.
        second: float32 [pairs, 64, 64].

    Returns:
        [pairs], 0 to 1; 0 where there are too few blocks with a pattern.
    """
    signs = np.sign((_coarse(first) * _coarse(second)).sum(axis=1))  # an inverted copy is dark where the other is light
    second = second * np.where(signs < 0, -1, 1).astype(np.float32)[:, None, None]
    left = np.arange(len(first))
    maps = identity(len(first))
    for side, steps, least in PROMISING:
        if not len(left):
            break
        maps, likeness = lay_over(first[left], second[left], maps=maps, side=side, steps=steps)
        near = likeness >= least
        left, maps = left[near], maps[near]
    shares = np.zeros(len(first))
    if len(left):
        maps, _ = lay_over(first[left], second[left], maps=maps, side=outline.SIDE, steps=LAST_STEPS)
        shares[left] = _share(first[left], second[left], maps, AGREES)
    return shares


def _share(first: np.ndarray, second: np.ndarray, maps: np.ndarray, agrees: float) -> np.ndarray:
    agreement, patterned = fine_agreement(first, second, maps=maps)
    blocks = patterned.sum(axis=1)
    return np.where(blocks < FEWEST_BLOCKS, 0, ((agreement >= agrees) & patterned).sum(axis=1) / np.maximum(blocks, 1))


def _coarse(images: np.ndarray) -> np.ndarray:
    """[images, 64, 64] → [images, 64], mean 0."""
    coarse = images.reshape(len(images), 8, 8, 8, 8).mean(axis=(2, 4)).reshape(len(images), -1)
    return coarse - coarse.mean(axis=1, keepdims=True)


def colours_differ(first: np.ndarray, second: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """Whether no change of light, no filter and no loss of colour makes the first images of the second.

    Args:
        first: mean colours of the parts, uint8 [pairs, rows, columns, 3].
        second: the same, of the other images.
        changed: bool [pairs]; then the parts that fit worst are left out, `COVERED` of them.

    Returns:
        bool [pairs].
    """
    one = first.reshape(len(first), -1, 3).astype(np.float32)
    two = second.reshape(len(second), -1, 3).astype(np.float32)
    in_other_light = np.minimum(_unexplained(one, two, changed=changed), _unexplained(two, one, changed=changed))
    faded = np.minimum(_unexplained_by_grey(one, two, changed=changed), _unexplained_by_grey(two, one, changed=changed))
    share = np.where(changed, MOST_LEFT_OF_CHANGED, MOST_LEFT)
    spread = np.maximum(one.var(axis=1).mean(axis=1), two.var(axis=1).mean(axis=1)) ** 0.5
    return np.minimum(in_other_light, faded) > NOISE + share * spread


def _unexplained_by_grey(one: np.ndarray, two: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """The same if the second is the first in shades of one pale colour, such as grey or brown; else infinite."""
    colour = np.ptp(two, axis=2).mean(axis=1)
    return np.where(colour <= PALE, _unexplained(_grey(one), two, changed=changed), np.inf)


def _unexplained(one: np.ndarray, two: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """Root mean square of what is left of the second when each channel is the first's, times and plus a number."""
    parts = one.shape[1]
    counted = np.ones((len(one), parts, 1), np.float32)
    kept = np.where(changed, parts - round(COVERED * parts), parts)
    squares = np.zeros((len(one), parts), np.float32)
    for _ in range(_ROUNDS):
        total = counted.sum(axis=1, keepdims=True)
        shades = one - (one * counted).sum(axis=1, keepdims=True) / total
        wanted = two - (two * counted).sum(axis=1, keepdims=True) / total
        power = (shades * shades * counted).sum(axis=1, keepdims=True)
        gain = (shades * wanted * counted).sum(axis=1, keepdims=True) / np.maximum(power, 1.0)
        gain = np.sign(gain) * np.clip(np.abs(gain), SMALLEST_GAIN, LARGEST_GAIN)  # negative: an inverted image
        rest = wanted - gain * shades
        squares = (rest * rest).mean(axis=2)  # [pairs, parts]
        places = np.argsort(np.argsort(squares, axis=1), axis=1)
        counted = (places < kept[:, None]).astype(np.float32)[:, :, None]
    return np.sqrt((squares * counted[:, :, 0]).sum(axis=1) / counted[:, :, 0].sum(axis=1))


def _grey(colours: np.ndarray) -> np.ndarray:
    """[pairs, parts, 3] without colour."""
    return np.repeat(colours @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
