"""PNG and PPM files with colours, or grey and transparency, of more than 8 bits, of which Pillow keeps the upper 8."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as PillowImage

from hubel.errors import UnreadableImage
from hubel.images.colour import white_of_ppm
from hubel.images.samples import Samples

_GREY_ALPHA, _WITH_ALPHA = 4, (4, 6)


def read_deep_colour(image: PillowImage.Image, data: bytes) -> Samples:
    """The samples of such a file.

    Args:
        image: opened from ``data``; of a PNG, it may be loaded.
        data: the whole file.
    """
    return _read_png(image, data) if image.format == "PNG" else _read_ppm(data)


def _read_png(image: PillowImage.Image, data: bytes) -> Samples:
    """Pillow unpacks the pixels twice, and keeps one byte of each number: the upper as it would, then the lower."""
    colour_type = data[25]
    if colour_type == _GREY_ALPHA:
        bytes_ = np.asarray(_unpacked(data, "RGBA"))  # four bytes a pixel: two numbers
        return Samples(np.ascontiguousarray(bytes_).view(">u2").astype(np.uint16), alpha=True)
    upper = np.asarray(image).astype(np.uint16)
    upper <<= 8
    values = np.bitwise_or(upper, np.asarray(_unpacked(data, f"{image.mode};16L")), out=upper)
    hidden = image.info.get("transparency")
    return Samples(values, alpha=colour_type in _WITH_ALPHA, hidden=hidden if isinstance(hidden, tuple) else None)


def _unpacked(data: bytes, raw_mode: str) -> PillowImage.Image:
    """The pixels of a PNG, of which Pillow is told to read bytes in another order than they have."""
    image = PillowImage.open(io.BytesIO(data), formats=("PNG",))
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    image.load()
    return image


def _read_ppm(data: bytes) -> Samples:
    """Numbers up to 65,535, as Pillow gives them of grey."""
    image = PillowImage.open(io.BytesIO(data), formats=("PPM",))
    highest, (width, height) = white_of_ppm(image), image.size
    tile = image.tile[0]
    if tile.codec_name == "ppm_plain":  # as text; of grey Pillow keeps 16 bits
        image._mode, image._size = "I", (3 * width, height)
        image.tile = [tile._replace(extents=(0, 0, *image.size))]
        numbers = np.asarray(image).astype(np.uint16)
    else:
        count = 3 * width * height
        if len(data) - tile.offset < 2 * count:
            raise UnreadableImage("truncated", "the file ends too early: copy or download it again")
        stored = np.frombuffer(data, ">u2", count, tile.offset).astype(np.float32)
        numbers = np.round(np.minimum(stored / highest, 1) * 65535).astype(np.uint16)
    return Samples(numbers.reshape(height, width, 3))
