"""What is measured on every picture of a corpus, in one look."""

from __future__ import annotations

from typing import cast

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.corpus.fingerprint import LENGTH, SIDE, compute_fingerprint, grey_of
from hubel.images.decode import decode_image, read_header

VERSION = 1
"""Raised when a measurement changes, so that cached ones are made again."""

THUMBNAIL = 128
"""Pixels: the picture is squashed to a square of this side; a large JPEG is decoded at a fraction of its size."""

MEASUREMENT = cast(
    "np.dtype[np.void]",
    np.dtype(
        [
            ("width", "<i4"),  # pixels of the upright picture, as its header says
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
        ]
    ),
)


def measure_image(content: bytes | Image) -> np.ndarray:
    """Measure one picture.

    Args:
        content: a file's bytes, or uint8 [height, width, 3].

    Returns:
        One `MEASUREMENT`, an array of no dimensions.

    Raises:
        UnreadableImage: it cannot be decoded.
    """
    row = np.zeros((), MEASUREMENT)
    if isinstance(content, bytes):
        header = read_header(content)
        row["format"], row["frames"] = header.format.encode(), header.frames
        row["width"], row["height"] = header.width, header.height
        image = decode_image(content, at_least=(THUMBNAIL, THUMBNAIL))
    else:
        image = content
        row["height"], row["width"] = image.shape[:2]
        row["frames"] = 1
    picture = PillowImage.fromarray(image)
    small = np.asarray(picture.resize((THUMBNAIL, THUMBNAIL), PillowImage.Resampling.BILINEAR))
    grey = grey_of(small)  # [128, 128]
    row["dark_end"], row["bright_end"] = np.percentile(grey, (5, 95))
    row["contrast"] = grey.std()
    row["sharpness"] = _sharpness(grey)
    red, green, blue = (np.ascontiguousarray(small[..., channel]) for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    row["colour"] = (most - least).mean()
    row["blue_yellow"], row["red_green"] = 0.564 * (blue.mean() - grey.mean()), 0.713 * (red.mean() - grey.mean())
    factor = THUMBNAIL // SIDE
    reduced = grey.reshape(SIDE, factor, SIDE, factor).mean(axis=(1, 3))  # [32, 32]
    row["fingerprint"] = compute_fingerprint(reduced)
    return row


def _sharpness(grey: np.ndarray) -> float:
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    return float(laplacian.std() / max(grey.std(), 1.0))
