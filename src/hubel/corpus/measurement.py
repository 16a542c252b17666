"""What is measured on every image of a corpus, in one look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, Images
from hubel.corpus import outline
from hubel.corpus.fingerprint import LENGTH, SIDE, compute_fingerprints, grey_of
from hubel.errors import UnreadableImage
from hubel.images.decode import ImageHeader, decoded_pillow, read_header
from hubel.images.registration import reduced
from hubel.images.samples import SampleRule

VERSION = 5
"""Raised when a measurement changes, so that cached ones are made again."""

COLOUR_CELLS = 8

THUMBNAIL = 128
"""Pixels: the image is squashed to a square of this side, or of 32 or 64 where it is no larger; a large JPEG is
decoded at a fraction of its size."""

DECODED_SIZE = THUMBNAIL, THUMBNAIL
"""(height, width) in pixels that a large JPEG is decoded at or above."""

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


@dataclass(frozen=True)
class Look:
    """What is kept of an image that others follow, to be measured with them.

    Args:
        row: a `MEASUREMENT`, an array of no dimensions, of which only what the header says is filled in.
        small: the image squashed, uint8 [side, side, 3].
    """

    row: np.ndarray
    small: Image


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
    return measure_looks([look_at(content, bands) for content in contents])


def look_at(content: bytes | Image | UnreadableImage, bands: tuple[int, ...] = ()) -> Look | UnreadableImage:
    """Decode and squash one image.

    Args:
        content: a file's bytes, or uint8 [height, width, 3]. A fault stays what it is.
        bands: numbers of the bands to take, from 1; none takes all.
    """
    if isinstance(content, UnreadableImage):
        return content
    if not isinstance(content, bytes):
        row = np.zeros((), MEASUREMENT)
        row["height"], row["width"] = content.shape[:2]
        row["frames"] = 1
        return Look(row, squashed(PillowImage.fromarray(content)))
    try:
        header = read_header(content)
        with decoded_pillow(content, at_least=DECODED_SIZE, rule=SampleRule(bands)) as image:
            return look_of(squashed(image), header)
    except UnreadableImage as error:
        return error.without_traceback()


def look_of(small: Image, header: ImageHeader) -> Look:
    """What was seen of a file.

    Args:
        small: the image, decoded at `DECODED_SIZE` or above and `squashed`.
        header: what the file says of it.
    """
    row = np.zeros((), MEASUREMENT)
    row["format"], row["frames"] = header.format.encode(), header.frames
    row["width"], row["height"] = header.width, header.height
    return Look(row, small)


def measure_looks(looks: Sequence[Look | UnreadableImage]) -> list[np.ndarray | UnreadableImage]:
    """Fill in the numbers of several images at once.

    Args:
        looks: at each image; a fault stays what it is.

    Returns:
        One `MEASUREMENT`, an array of no dimensions [], or fault for each.
    """
    results = [look.row if isinstance(look, Look) else look for look in looks]
    by_side: dict[int, list[Look]] = defaultdict(list)
    for look in looks:
        if isinstance(look, Look):
            by_side[len(look.small)].append(look)
    for group in by_side.values():
        rows = [look.row for look in group]
        images = np.stack([look.small for look in group])
        grey = grey_of(images)  # [images, side, side]
        numbers = _numbers(images, grey)
        for name, values in numbers.items():
            for row, value in zip(rows, values, strict=True):
                row[name] = value
        large = [place for place, row in enumerate(rows) if min(row["width"], row["height"]) >= outline.MIN_SIDE]
        if large:
            _measure_outlines([rows[place] for place in large], grey[large])
    return results


def squashed(image: PillowImage.Image) -> Image:
    """An image in mode RGB as a square, uint8 [side, side, 3], of `squashed_side`."""
    side = squashed_side(image.size)
    if image.size == (side, side):
        return np.asarray(image)
    return np.asarray(image.resize((side, side), PillowImage.Resampling.BILINEAR))


def squashed_side(size: tuple[int, int]) -> int:
    """The smallest side, in pixels, of a square in which nothing of an image of this size is lost, or `THUMBNAIL`."""
    return next((side for side in (SIDE, 2 * SIDE) if max(size) <= side), THUMBNAIL)


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
        "colours": _cells(images),
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


def _cells(images: Images) -> Images:
    """The mean colour of each part, rounded: uint8 [images, side, side, 3] → [images, 8, 8, 3]."""
    count, side, _, _ = images.shape
    pixels = side // COLOUR_CELLS
    parts = images.reshape(count, COLOUR_CELLS, pixels, COLOUR_CELLS, pixels, 3)
    rows = parts.sum(axis=2, dtype=np.uint16)  # up to 16 of 255 each
    return ((rows.sum(axis=3, dtype=np.uint32) + pixels**2 // 2) // pixels**2).astype(np.uint8)


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
