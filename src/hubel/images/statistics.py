"""A few numbers that say what kind of image this is: how light, how coloured, how rough."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Images

STATISTICS = ("red", "green", "blue", "contrast", "change across", "change down", "roughness", "colourfulness")
_STEPS = 64
"""Places looked at along a side, about: enough for an average, and independent of the image size."""
_ONE_LEVEL = 1 / 255
"""Changes smaller than one of 256 levels cannot be told from none."""


def describe_pixels(images: Images) -> np.ndarray:
    """`STATISTICS` of each image: uint8 [batch, height, width, 3] → float32 [batch, 8].

    Mean red, green and blue, deviation of grey, and mean distance of the largest from the smallest of red, green and
    blue lie between 0 and 1; the mean change from a pixel to its neighbour across and down, and from its four
    neighbours' mean, are logarithms.
    """
    height, width = images.shape[1:3]
    rows, columns = np.arange(0, height, max(1, height // _STEPS)), np.arange(0, width, max(1, width // _STEPS))
    if not len(images):
        return np.zeros((0, len(STATISTICS)), np.float32)
    centre = _at(images, rows, columns)  # [batch, rows, columns, 3]
    grey = centre.mean(axis=3)
    above, below = (_grey(images, np.clip(rows + step, 0, height - 1), columns) for step in (-1, 1))
    left, right = (_grey(images, rows, np.clip(columns + step, 0, width - 1)) for step in (-1, 1))
    return np.stack(
        [
            *centre.mean(axis=(1, 2)).T,
            grey.std(axis=(1, 2)),
            _log_mean(right - grey),
            _log_mean(below - grey),
            _log_mean(4 * grey - above - below - left - right),
            (centre.max(axis=3) - centre.min(axis=3)).mean(axis=(1, 2)),
        ],
        axis=1,
    )


def _at(images: Images, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return images[:, rows[:, None], columns].astype(np.float32) / 255


def _grey(images: Images, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return _at(images, rows, columns).mean(axis=3)


def _log_mean(changes: np.ndarray) -> np.ndarray:
    return np.log(np.abs(changes).mean(axis=(1, 2)) + _ONE_LEVEL)
