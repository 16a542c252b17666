"""What is measured on every image of a corpus, in one look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, Images
from hubel.corpus import outline
from hubel.corpus.fingerprint import LENGTH, SIDE, compute_fingerprints, grey_of
from hubel.errors import UnreadableImage
from hubel.images.decode import decoded_pillow, read_header
from hubel.images.registration import reduced
from hubel.images.samples import SampleRule

VERSION = 5
"""Raised when a measurement changes, so that cached ones are made again."""

COLOUR_CELLS = 8

THUMBNAIL = 128
"""Pixels: the image is squashed to a square of this side, or of 32 or 64 where it is no larger; a large JPEG is
decoded at a fraction of its size."""

_FIELDS = [
    ("width", "<i4"),  # pixels of the upright image, as its header says
    ("height", "<i4"),
    ("format", "S12"),  # Pillow's name; empty for pixels that came without a file
    ("frames", "<i4"),
    ("dark_end", "<f4"),  # 5th and 95th percentile of grey, 0 to 255
    ("bright_end", "<f4"),
    ("contrast", "<f4"),  # standard deviation of grey
    ("sharpness", "<f4"),  # standard deviation of the Laplacian of grey, over its contrast
    ("colour", "<f4"),  # mean over the pixels of the largest less the smallest channel
    ("blue_yellow", "<f4"),  # mean chroma, Cb and Cr less 128
    ("red_green", "<f4"),
    ("fingerprint", "<f2", (LENGTH,)),
    ("thumbnail", "u1", (outline.SIDE, outline.SIDE)),  # grey, squashed
    ("colours", "u1", (COLOUR_CELLS, COLOUR_CELLS, 3)),  # mean colour of each part
    ("margins", "u1", (4,)),  # top, bottom, left, right, in 128ths of the side
    ("outline", "<f2", (outline.LENGTH,)),  # without the margins; zeros of small images
    ("whole_outline", "<f2", (outline.LENGTH,)),  # with them
]
MEASUREMENT = cast("np.dtype[np.void]", np.dtype(_FIELDS))


def measure_images(
    contents: Iterable[bytes | Image | UnreadableImage], *, bands: tuple[int, ...] = ()
) -> list[np.ndarray | UnreadableImage]:
    """Measure several images at once: the numbers of small ones take longer to ask for than to compute.

    Args:
        contents: a file's bytes, or uint8 [height, width, 3]; each is let go before the next is taken. A fault stays
            what it is.
        bands: numbers of the bands to take, from 1; none takes all.

    Returns:
        One `MEASUREMENT`, an array of no dimensions, or fault for each.
    """
    results: list[np.ndarray | UnreadableImage] = []
    smalls: dict[int, list[tuple[np.ndarray, Image]]] = defaultdict(list)
    for content in contents:
        try:
            if isinstance(content, UnreadableImage):
                raise content
            row, small = _look(content, bands)
        except UnreadableImage as error:
            results.append(error)
        else:
            results.append(row)
            smalls[len(small)].append((row, small))
    for group in smalls.values():
        images = np.stack([small for _, small in group])
        grey = grey_of(images)  # [images, side, side]
        numbers = _numbers(images, grey)
        for place, (row, _) in enumerate(group):
            for name, values in numbers.items():
                row[name] = values[place]
        large = [place for place, (row, _) in enumerate(group) if min(row["width"], row["height"]) >= outline.MIN_SIDE]
        if large:
            _measure_outlines([group[place][0] for place in large], grey[large])
    return results


def _look(content: bytes | Image, bands: tuple[int, ...]) -> tuple[np.ndarray, Image]:
    """What the header says, and the image squashed: uint8 [side, side, 3]."""
    row = np.zeros((), MEASUREMENT)
    if isinstance(content, bytes):
        header = read_header(content)
        row["format"], row["frames"] = header.format.encode(), header.frames
        row["width"], row["height"] = header.width, header.height
        with decoded_pillow(content, at_least=(THUMBNAIL, THUMBNAIL), rule=SampleRule(bands)) as image:
            small = _squashed(image)
    else:
        row["height"], row["width"] = content.shape[:2]
        row["frames"] = 1
        small = _squashed(PillowImage.fromarray(content))
    row["colours"] = np.asarray(small.reduce(small.width // COLOUR_CELLS))
    return row, np.asarray(small)


def _squashed(image: PillowImage.Image) -> PillowImage.Image:
    """At the smallest of the sides in which nothing is lost, or at `THUMBNAIL`."""
    side = next((side for side in (SIDE, 2 * SIDE) if max(image.size) <= side), THUMBNAIL)
    return image.resize((side, side), PillowImage.Resampling.BILINEAR)


def _numbers(images: Images, grey: np.ndarray) -> dict[str, np.ndarray]:
    """The measurements of squashed images, uint8 [images, side, side, 3], by their names."""
    count = len(grey)
    flat = grey.reshape(count, -1)
    mean, contrast = flat.mean(axis=1), flat.std(axis=1)
    ordered = np.sort(flat, axis=1)  # several times faster than `np.percentile`, which does not sort all
    red, green, blue = (np.ascontiguousarray(images[..., channel]).reshape(count, -1) for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    thumbnails = _at(grey, outline.SIDE)
    return {
        "dark_end": _percentile(ordered, 5),
        "bright_end": _percentile(ordered, 95),
        "contrast": contrast,
        "sharpness": _laplacian(grey).reshape(count, -1).std(axis=1) / np.maximum(contrast, 1.0),
        "colour": (most - least).mean(axis=1),
        "blue_yellow": 0.564 * (blue.mean(axis=1) - mean),
        "red_green": 0.713 * (red.mean(axis=1) - mean),
        "fingerprint": compute_fingerprints(_at(thumbnails, SIDE)),
        "thumbnail": np.rint(thumbnails),
    }


def _percentile(ordered: np.ndarray, percent: int) -> np.ndarray:
    """Of each row of ascending numbers, between two of them where it lies there."""
    place, rest = divmod(percent * (ordered.shape[1] - 1), 100)
    return ordered[:, place] + (ordered[:, place + 1] - ordered[:, place]) * (rest / 100)


def _at(grey: np.ndarray, wanted: int) -> np.ndarray:
    """[images, side, side] at half, a quarter ... or twice the side; pixels are averaged, or repeated."""
    grey = reduced(grey, wanted)
    times = wanted // grey.shape[1]
    return grey if times == 1 else grey.repeat(times, axis=1).repeat(times, axis=2)


def _measure_outlines(rows: list[np.ndarray], grey: np.ndarray) -> None:
    """Fill in margins and outlines of large images, numbers [images, side, side], side 64 or 128."""
    margins = outline.find_margins(grey)
    whole = outline.compute_outlines(_at(grey, outline.SIDE))
    inner = whole.copy()
    framed = np.flatnonzero(margins.any(axis=1))
    if len(framed):
        inner[framed] = outline.compute_outlines(np.stack([_without(grey[place], margins[place]) for place in framed]))
    for place, row in enumerate(rows):
        row["margins"] = margins[place] * (THUMBNAIL // grey.shape[1])
        row["outline"], row["whole_outline"] = inner[place], whole[place]


def _without(grey: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """An image [side, side] less its margins: [64, 64]."""
    return np.asarray(outline.without_margins(PillowImage.fromarray(grey), margins))


def _laplacian(grey: np.ndarray) -> np.ndarray:
    """[images, side, side] → [images, side - 2, side - 2]."""
    across = grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + across - 4 * grey[:, 1:-1, 1:-1]
