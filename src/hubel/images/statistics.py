"""A few numbers that say what kind of image this is: how light, how coloured, how rough."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Images

STATISTICS = {
    "red": 0.01, "green": 0.01, "blue": 0.01, "contrast": 0.01,
    "change across": 0.03, "change down": 0.03, "roughness": 0.03, "colourfulness": 0.08,
}  # fmt: skip
"""name → a difference that nobody sees: saving an image again, or a trace of colour, changes it so much."""
_STEPS = 32
"""Places looked at along a side, at least where there are so many: enough for an average, whatever the image size."""
_ONE_LEVEL, _FAINT_COLOUR = 1 / 255, 0.05


def describe_pixels(images: Images) -> np.ndarray:
    """`STATISTICS` of each image: uint8 [batch, height, width, 3] → float32 [batch, 8].

    Mean red, green and blue and the deviation of grey, from 0 to 1; and logarithms of the mean change of grey from a
    pixel to the next across and down, of that from its four neighbours' mean, and of the mean distance of the largest
    from the smallest of red, green and blue. The outermost pixels only serve as neighbours.
    """
    batch, height, width = images.shape[:3]
    if not batch:
        return np.zeros((0, len(STATISTICS)), np.float32)
    if min(height, width) < 3:
        images = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    red, green, blue = _planes(_shifted(images, 0, 0))
    grey, above, below, left, right = _grey_and_neighbours(images)
    colour = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    columns = [
        *(_mean(each) / 255 for each in (red, green, blue)),
        _float(grey).std(axis=1) / 765,
        *(
            np.log(_mean(np.abs(change)) / 765 + _ONE_LEVEL)
            for change in (right - grey, below - grey, 4 * grey - above - below - left - right)
        ),
        np.log(_mean(colour) / 255 + _FAINT_COLOUR),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _shifted(images: Images, down: int, across: int) -> Images:
    """Some inner pixels, evenly spread; or their neighbours in one direction."""
    height, width = images.shape[1:3]
    rows, columns = (
        slice(1 + by, side - 1 + by, max(1, side // _STEPS)) for by, side in ((down, height), (across, width))
    )
    return images[:, rows, columns]


def _grey_and_neighbours(images: Images) -> list[np.ndarray]:
    """Sums of the channels, int16: of the places looked at, and of their neighbours above, below, left and right."""
    ways = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
    if max(images.shape[1:3]) < 2 * _STEPS:  # every place: each pixel is summed once, not five times
        whole = _grey(images)[..., None]
        return [_shifted(whole, *way)[..., 0] for way in ways]
    return [_grey(_shifted(images, *way)) for way in ways]


def _grey(images: Images) -> np.ndarray:
    red, green, blue = _planes(images)
    return red + green + blue


def _planes(images: Images) -> np.ndarray:
    """int16 [3, batch, height, width]: each channel in one piece, over which NumPy is several times as fast."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 0)).astype(np.int16)


def _float(values: np.ndarray) -> np.ndarray:
    """float32 [batch, places]: exact, and so is their sum, below 16 million."""
    return values.reshape(len(values), -1).astype(np.float32)


def _mean(values: np.ndarray) -> np.ndarray:
    return _float(values).mean(axis=1, dtype=np.float32)
