"""A heat map over its image, and the scale that says what its colours mean. Pixels only, no framework."""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Heat, Image
from hubel.drawing.tiles import NEGATIVE, POSITIVE

STRONGEST = 0.85
"""Share of the colour where a value is largest: the image shines through everywhere."""


def overlay(image: Image, heat: Heat) -> Image:
    """The image in grey; orange marks what speaks for the class, blue what speaks against it: uint8 [height, width, 3].

    Args:
        image: uint8 [height, width, 3].
        heat: float32 [height, width], 0 to 1 or -1 to 1.
    """
    grey = 60 + 0.65 * image.astype(np.float32).mean(axis=-1, keepdims=True)
    return _coloured(grey, heat)


def colour_scale(width: int, *, signed: bool) -> Image:
    """The colours from the least to the largest value, on middle grey: uint8 [1, width, 3].

    Args:
        width: in pixels.
        signed: it begins at -1; else at 0.
    """
    values = np.linspace(-1 if signed else 0, 1, width, dtype=np.float32)[None]
    return _coloured(np.full((1, width, 1), 60 + 0.65 * 128, np.float32), values)


def fitted(values: np.ndarray, side: int) -> np.ndarray:
    """An image uint8 [height, width, 3], or a map float32 [height, width], whose longer side is at most so long.

    Args:
        values: of either kind; a smaller one stays as it is.
        side: in pixels.
    """
    height, width = values.shape[:2]
    if max(height, width) <= side:
        return values
    size = (max(1, round(width * side / max(height, width))), max(1, round(height * side / max(height, width))))
    return np.asarray(PillowImage.fromarray(np.ascontiguousarray(values)).resize(size, PillowImage.Resampling.BILINEAR))


def _coloured(grey: np.ndarray, heat: np.ndarray) -> Image:
    share = STRONGEST * np.clip(heat, -1, 1)[..., None].astype(np.float32)
    end = np.where(share < 0, NEGATIVE, POSITIVE)
    return np.rint(grey + np.abs(share) * (end - grey)).astype(np.uint8)
