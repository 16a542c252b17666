"""Perceptual fingerprint: what stays of an image when it is re-encoded, resized, made brighter, mirrored or turned.

The lowest 12 x 12 cosine frequencies of the grey image at 32 x 32 pixels, each times its frequency to the power of
1.5, scaled to unit length. Photographs have less of a frequency the higher it is; the factor more than evens that out,
so that details count for more than the sky above and the ground below, which many images share. The dot product of
two fingerprints is a correlation, 1 for the same image. Mirroring an image changes signs only; turning it by 90
degrees swaps two axes.

The cosine transform is that of pHash (Zauner 2010), which keeps the signs of 8 x 8 frequencies only.
"""

from __future__ import annotations

import numpy as np

from hubel.arrays import Image

SIDE = 32
FREQUENCIES = 12
LENGTH = FREQUENCIES * FREQUENCIES
MIN_SIDE = 16
"""Pixels; smaller images, such as 8 x 8 digits, are too alike for their fingerprints to tell copies from others."""
MIN_CONTRAST = 2.0
"""Standard deviation of grey, 0 to 255; below it there is nothing to compare but noise."""

ORIENTATIONS = (
    "upright", "mirrored", "mirrored top to bottom", "turned by 180 degrees",
    "turned by 90 degrees and mirrored", "turned by 90 degrees", "turned by 270 degrees",
    "turned by 270 degrees and mirrored",
)  # fmt: skip
"""What `oriented` does, by its number."""


_COSINES = np.cos(np.pi * np.arange(FREQUENCIES)[:, None] * (2 * np.arange(SIDE) + 1) / (2 * SIDE))
_WEIGHTS = np.hypot(*np.mgrid[:FREQUENCIES, :FREQUENCIES]) ** 1.5
_SIGNS = (-1.0) ** np.arange(FREQUENCIES)
_UPPER = np.triu_indices(FREQUENCIES)


def compute_fingerprints(grey: np.ndarray) -> np.ndarray:
    """Fingerprints of images.

    Args:
        grey: numbers [images, 32, 32], 0 to 255.

    Returns:
        float32 [images, 144], each of length 1; zeros where an image has too little contrast to be told from others.
    """
    weighted = (_COSINES @ grey @ _COSINES.T * _WEIGHTS).reshape(-1, LENGTH)  # the mean has weight 0
    lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
    plain = grey.std(axis=(1, 2)) < MIN_CONTRAST
    return np.where(plain[:, None], 0.0, weighted / np.maximum(lengths, 1e-12)).astype(np.float32)


def oriented(fingerprints: np.ndarray, orientation: int) -> np.ndarray:
    """The fingerprints that the same images have in another orientation, without a look at them.

    Args:
        fingerprints: [images, 144].
        orientation: 0 to 7; bit 0 swaps left and right, bit 1 top and bottom, bit 2 rows and columns (first).

    Returns:
        [images, 144].
    """
    square = fingerprints.reshape(-1, FREQUENCIES, FREQUENCIES)
    if orientation & 4:
        square = square.transpose(0, 2, 1)
    if orientation & 1:
        square = square * _SIGNS
    if orientation & 2:
        square = square * _SIGNS[:, None]
    return square.reshape(-1, LENGTH)


def oriented_image(image: np.ndarray, orientation: int) -> np.ndarray:
    """An image [side, side, ...] in another orientation, as `oriented` does with fingerprints.

    Args:
        image: [side, side, ...].
        orientation: 0 to 7, as of `oriented`.
    """
    turned = image.swapaxes(0, 1) if orientation & 4 else image
    turned = turned[:, ::-1] if orientation & 1 else turned
    return turned[::-1] if orientation & 2 else turned


_INVERSES = np.array([0, 1, 2, 3, 4, 6, 5, 7])


def inverse_orientation(orientation: int | np.ndarray) -> np.ndarray:
    """What undoes an orientation (or [orientations]): a turn by 90 degrees by one of 270, the others by themselves."""
    return _INVERSES[orientation]


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Vectors [count, length] with mean 0 and standard deviation 1 each; zeros where one is constant."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return centred / np.maximum(centred.std(axis=1, keepdims=True), 1e-3)


def without_orientation(fingerprints: np.ndarray) -> np.ndarray:
    """Vectors that are the same for all eight orientations of an image.

    Their dot product is never below that of the fingerprints in whatever orientation (lengths of 2-vectors obey the
    Cauchy-Schwarz inequality), so no pair is missed by looking at these first.

    Args:
        fingerprints: [images, 144].

    Returns:
        float32 [images, 78], of length 1 or 0.
    """
    square = fingerprints.reshape(-1, FREQUENCIES, FREQUENCIES).astype(np.float32)
    power = square**2
    power = (power + power.transpose(0, 2, 1))[:, _UPPER[0], _UPPER[1]]
    power[:, _UPPER[0] == _UPPER[1]] /= 2
    return np.sqrt(power)


def grey_of(image: Image) -> np.ndarray:
    """uint8 [..., 3] → float32 [...], 0 to 255, by the weights of ITU-R BT.601."""
    return image @ np.array([0.299, 0.587, 0.114], np.float32)
