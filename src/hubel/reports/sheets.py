"""Contact sheets: thousands of small images in a few files, so that they fit into a page."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, ImageStore
from hubel.drawing.raster import to_png

COLUMNS = 16
TILES = COLUMNS * COLUMNS
"""Of one sheet: so many images are in memory at once."""
SIDES = ((400, 96), (1600, 64), (4000, 48), (12_000, 32))
"""Up to so many images each has so many pixels along its longer side: about 3 MB in all, whatever their number."""
MOST = SIDES[-1][0]
LOSSLESS_SIDE = 16
"""Images of so few pixels keep every one of them."""
QUALITY = 55


@dataclass(frozen=True)
class Sheets:
    """Images side by side, row by row, ``COLUMNS`` to a row and ``TILES`` to a file.

    Args:
        files: PNG or WebP.
        tile: (height, width) of each image in pixels.
        count: images in all files together.
    """

    files: tuple[bytes, ...]
    tile: tuple[int, int]
    count: int


def make_sheets(images: ImageStore, indices: Sequence[int]) -> Sheets:
    """Small copies of some images, in the order of ``indices``.

    Args:
        images: uint8 [examples, height, width, 3]; they may lie on disk; read one after the other.
        indices: which of them, at most ``MOST``.
    """
    height, width = images.shape[1:3]
    side = next(side for most, side in SIDES if len(indices) <= most)
    scale = min(1.0, side / max(height, width))
    tile = max(1, round(height * scale)), max(1, round(width * scale))
    files = []
    for start in range(0, len(indices), TILES):
        some = indices[start : start + TILES]
        files.append(_encoded(_sheet((np.asarray(images[index]) for index in some), len(some), tile=tile), tile))
    return Sheets(tuple(files), tile, len(indices))


def _sheet(images: Iterator[Image], count: int, *, tile: tuple[int, int]) -> Image:
    height, width = tile
    sheet = np.zeros((-(-count // COLUMNS) * height, COLUMNS * width, 3), np.uint8)
    for place, image in enumerate(images):
        row, column = divmod(place, COLUMNS)
        small = image
        if image.shape[:2] != tile:
            resized = PillowImage.fromarray(image).resize((width, height), PillowImage.Resampling.BILINEAR)
            small = np.asarray(resized)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = small
    return sheet


def _encoded(sheet: Image, tile: tuple[int, int]) -> bytes:
    if max(tile) <= LOSSLESS_SIDE:
        return to_png(sheet)
    buffer = io.BytesIO()
    PillowImage.fromarray(sheet).save(buffer, "WEBP", quality=QUALITY, method=2)
    return buffer.getvalue()
