"""Arrays → images: the colours of feature maps, filters and heat maps. Pixels only, no framework."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image

NEGATIVE, POSITIVE = np.array([38.0, 92.0, 196.0]), np.array([222.0, 108.0, 22.0])


def grey_tile(values: np.ndarray, *, largest: float) -> Image:
    """A map of values from 0: black is 0, white is ``largest`` and more.

    Args:
        values: [height, width].
        largest: above 0; the same for all maps that are to be compared.
    """
    grey = np.clip(values / (largest or 1.0), 0, 1) * 255
    return np.repeat(np.rint(grey)[..., None], 3, axis=-1).astype(np.uint8)


def signed_tile(values: np.ndarray, *, largest: float) -> Image:
    """A map of values of both signs: white is 0, blue is ``-largest``, orange is ``largest``.

    Args:
        values: [height, width].
        largest: above 0.
    """
    share = np.clip(values / (largest or 1.0), -1, 1)[..., None]
    end = np.where(share < 0, NEGATIVE, POSITIVE)
    return np.rint(255 + np.abs(share) * (end - 255)).astype(np.uint8)


def colour_tile(kernel: np.ndarray, *, largest: float) -> Image:
    """A filter that sees red, green and blue, as a colour: grey is 0.

    Args:
        kernel: [height, width, 3].
        largest: above 0; the value that is brightest.
    """
    return np.rint(127.5 + 127.5 * np.clip(kernel / (largest or 1.0), -1, 1)).astype(np.uint8)


def heat_tile(image: Image, heat: Heat) -> Image:
    """An image in grey on which orange marks what speaks for a class.

    Args:
        image: uint8 [height, width, 3].
        heat: float32 [height, width], 0 to 1.
    """
    grey = 60 + 0.65 * image.astype(np.float64).mean(axis=-1, keepdims=True)
    share = 0.85 * heat.astype(np.float64)[..., None]
    return np.rint(grey + share * (POSITIVE - grey)).astype(np.uint8)
