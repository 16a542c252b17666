"""Outline: where in an image edges run in which direction, whatever its colours; and the flat margins around it.

How strong edges are in 4 x 4 cells and which way they run, after the histograms of Dalal and Triggs 2005, but as the
first two harmonics of the direction without its sign, which costs a fifth. Edges count by the square root of their
strength. A crop of a few percent, a turn of a few degrees, other light, other or inverted colours change it little;
frames and bars of text do, so flat margins are cut off first.
"""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage

CELLS, MAPS = 4, 5
LENGTH = CELLS * CELLS * MAPS
SIDE = 64
"""Pixels of the squashed grey image from which an outline is computed."""
MIN_SIDE = 64
"""Pixels; smaller images have no outline: too little is in them to tell a crop from another image."""

WIDEST_MARGIN = 0.16
"""Share of the side; what is flat beyond is the background of the image itself."""
SAME_SHADE = 14
"""Difference of grey levels within a margin."""
FLAT, WRITTEN = 0.85, 0.25
"""Share of a row that has the margin's shade: of the rows that end a margin, and of those with writing between."""
ABRUPT = 0.5
"""Share of the row behind a margin that may still have its shade: a background gives way to its object bit by bit."""


def find_margins(grey: np.ndarray) -> np.ndarray:
    """Frames and bars at the edges of images: flat, in one shade, with or without writing.

    Args:
        grey: numbers [images, side, side], 0 to 255.

    Returns:
        int [images, 4]: pixels at the top, bottom, left and right; 0 without a margin.
    """
    turned = grey.transpose(0, 2, 1)
    sides = (grey, grey[:, ::-1], turned, turned[:, ::-1])
    return np.stack([_upper_margin(side) for side in sides], axis=1)


def _upper_margin(grey: np.ndarray) -> np.ndarray:
    most = int(grey.shape[1] * WIDEST_MARGIN)
    rows = grey[:, : most + 5]
    shade = np.median(rows[:, 0], axis=1)[:, None, None].astype(np.float32)
    share = np.count_nonzero(np.abs(rows - shade) < SAME_SHADE, axis=2) / rows.shape[2]  # [images, rows]
    within = share[:, : most + 3]
    ends = (within >= FLAT) & np.logical_and.accumulate(within >= WRITTEN, axis=1)
    last = most + 2 - np.argmax(ends[:, ::-1], axis=1)
    # One pixel more: the row between margin and image is a mixture of both.
    abrupt = share[np.arange(len(share)), last + 2] <= ABRUPT
    return np.where(ends[:, 0] & (last < most) & abrupt, last + 2, 0)


def without_margins(image: PillowImage.Image, margins: np.ndarray) -> PillowImage.Image:
    """A grey image less its margins, 64 x 64 pixels.

    Args:
        image: square, mode L or F.
        margins: [4], in its pixels: top, bottom, left, right.
    """
    top, bottom, left, right = (float(each) for each in margins)
    box = (left, top, image.width - right, image.height - bottom)
    return image.resize((SIDE, SIDE), PillowImage.Resampling.BILINEAR, box=box)


def compute_outlines(grey: np.ndarray) -> np.ndarray:
    """Outlines of images.

    Args:
        grey: float32 [images, 64, 64], 0 to 255.

    Returns:
        float32 [images, 80], each of length 1; zeros of an image without edges. Cells run from the upper left.
    """
    across, down = np.zeros_like(grey), np.zeros_like(grey)
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    squared = across * across + down * down
    strength = np.sqrt(np.sqrt(squared))
    scale = strength / np.maximum(squared, 1e-6)
    cosine, sine = (across * across - down * down) * scale, 2 * across * down * scale  # of twice the angle
    scale = 1 / np.maximum(strength, 1e-3)
    maps = (strength, cosine, sine, (cosine * cosine - sine * sine) * scale, 2 * cosine * sine * scale)
    weights = _weights()
    outlines = np.stack([weights @ each @ weights.T for each in maps], axis=-1).reshape(len(grey), LENGTH)
    return outlines / np.maximum(np.linalg.norm(outlines, axis=1, keepdims=True), 1e-6)


def _weights() -> np.ndarray:
    """Of each row of pixels in each row of cells, [4, 64]: a triangle, so that a shift changes little."""
    middles = (np.arange(CELLS) + 0.5) * (SIDE / CELLS)
    pixels = np.arange(SIDE) + 0.5
    return np.maximum(0, 1 - np.abs(pixels - middles[:, None]) * (CELLS / SIDE)).astype(np.float32)
