"""Numbers of any size → a heat map: a share of the largest, in pixels of the image; nothing is stretched from noise."""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Heat

LEAST_LOGIT = 1e-4
"""A change of a logit below that is rounding: a map whose largest value is smaller marks nothing."""


def as_share(values: np.ndarray, *, least: float = 0.0) -> Heat:
    """The part above 0 as a share of the largest: float32 [height, width], 0 to 1.

    Args:
        values: [height, width].
        least: where no value is larger, all are 0.
    """
    above = np.maximum(np.nan_to_num(values.astype(np.float64)), 0)
    largest = above.max(initial=0.0)
    return (above / largest).astype(np.float32) if largest > least else np.zeros(values.shape, np.float32)


def as_signed(values: np.ndarray, *, least: float = 0.0) -> Heat:
    """Values as a share of the largest absolute one: float32 [height, width], -1 to 1.

    Args:
        values: [height, width].
        least: where no absolute value is larger, all are 0.
    """
    known = np.nan_to_num(values.astype(np.float64))
    largest = np.abs(known).max(initial=0.0)
    return (known / largest).astype(np.float32) if largest > least else np.zeros(values.shape, np.float32)


def enlarge(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A coarse map in pixels of an image, bilinear: float32 [height, width].

    Args:
        values: [rows, columns].
        size: (height, width).
    """
    height, width = size
    coarse = PillowImage.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(coarse.resize((width, height), PillowImage.Resampling.BILINEAR), np.float32)


def mean_colour(image: np.ndarray) -> np.ndarray:
    """What covers a part of an image: its mean colour, uint8 [3].

    Args:
        image: uint8 [height, width, 3].
    """
    return image.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)


def compose(shown: np.ndarray, image: np.ndarray, *, rest: np.ndarray) -> np.ndarray:
    """Images that show a part of one image, and the rest of another: uint8 [batch, height, width, 3].

    Args:
        shown: bool [batch, height, width].
        image: uint8 [height, width, 3].
        rest: uint8 [height, width, 3], or a colour, uint8 [3].
    """
    # Numbers side by side: along an axis of three, NumPy would be several times slower.
    of_channels = np.repeat(np.ascontiguousarray(shown).reshape(len(shown), -1), 3, axis=1)
    other = np.ascontiguousarray(np.broadcast_to(rest, image.shape)).ravel()
    return np.where(of_channels, image.ravel(), other).reshape(len(shown), *image.shape)
