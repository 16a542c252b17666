"""ROAD: how much more an answer loses with the pixels that a heat map calls important than with the others.

A pixel is not blacked out, which a network has never seen: it is filled with what its neighbours suggest, and a little
noise, so that the shape of what was removed tells nothing.

Source: Rong et al. 2022, arXiv:2202.00449.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from hubel.arrays import Image, Images
from hubel.random_streams import stream

SHARES = (0.2, 0.4, 0.6, 0.8)
"""Of the image, that is removed."""
NOISE = 2.55
"""Standard deviation of the noise in what is filled in, in grey levels: 0.01 of their range, as in the source."""
DIRECT, DIAGONAL = 1 / 6, 1 / 12
"""How much each neighbour counts."""
MOST_CELLS = 64
"""The fill is solved on a grid of at most so many cells along a side; of a small image each pixel is a cell."""
_NEIGHBOURS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]


def compute_road(
    compute_probabilities: Callable[[Images], np.ndarray], image: Image, *, heat: np.ndarray, seed: int = 0
) -> float:
    """How much more the probability falls with what a map calls important than with what it calls unimportant.

    The mean over `SHARES` of the probability with the least important part of the image removed, less that with the
    most important part removed. Equal values are ranked at random.

    Args:
        compute_probabilities: uint8 [batch, height, width, 3] → float64 [batch], of the class that is explained.
        image: uint8 [height, width, 3].
        heat: [height, width], the higher the more important.
        seed: of the noise, and of the order of equal values.

    Returns:
        -1 to 1; 0 is expected of a random map.
    """
    rng = stream("removed pixels", seed)
    cells = _cell_means(np.asarray(heat, np.float64)[..., None])[..., 0]
    order = np.lexsort((rng.random(cells.size), cells.ravel()))  # from the least important on
    filled = []
    for ranked in (order, order[::-1]):
        for share in SHARES:
            removed = np.zeros(cells.size, bool)
            removed[ranked[: round(share * cells.size)]] = True
            filled.append(_fill_cells(image, removed.reshape(cells.shape), rng=rng))
    without_least, without_most = compute_probabilities(np.stack(filled)).reshape(2, len(SHARES))
    return float((without_least - without_most).mean())


def _fill_cells(image: Image, removed: np.ndarray, *, rng: np.random.Generator) -> Image:
    """An image without some cells of its grid: uint8 [height, width, 3]."""
    size = image.shape[:2]
    coarse = fill(_cell_means(image.astype(np.float64)), removed)
    smooth = np.stack([_enlarged(coarse[..., channel], size) for channel in range(coarse.shape[-1])], axis=-1)
    noisy = np.clip(smooth + rng.normal(0, NOISE, smooth.shape), 0, 255).round().astype(np.uint8)
    rows, columns = (np.arange(side) * cells // side for side, cells in zip(size, removed.shape, strict=True))
    return np.where(removed[rows][:, columns][..., None], noisy, image)


def fill(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Missing places as the mean of their neighbours, which may be missing too: all are solved for together.

    Args:
        values: float64 [height, width, channels].
        missing: bool [height, width], not everywhere.

    Returns:
        The same shape; what is not missing stays as it is.
    """
    count = int(missing.sum())
    if count in (0, missing.size):
        return values
    inside, number = (np.pad(each, 1, constant_values=empty) for each, empty in _frames(missing, count))
    known = np.pad(values, ((1, 1), (1, 1), (0, 0)))
    rows, columns = np.nonzero(np.pad(missing, 1))
    diagonal, right_side = np.zeros(count), np.zeros((count, values.shape[-1]))
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for down, right in _NEIGHBOURS:
        place = rows + down, columns + right
        weight = (DIAGONAL if down and right else DIRECT) * inside[place]
        diagonal += weight  # at the edge of the image there are fewer neighbours
        unknown = number[place] >= 0
        entries.append((-weight[unknown], np.flatnonzero(unknown), number[place][unknown]))
        right_side += (weight * ~unknown)[:, None] * known[place]
    entries.append((diagonal, np.arange(count), np.arange(count)))
    data, row, column = (np.concatenate(each) for each in zip(*entries, strict=True))
    system = csc_array((data, (row, column)), shape=(count, count))
    solved = values.copy()
    solved[missing] = splu(system, permc_spec="MMD_AT_PLUS_A").solve(right_side)
    return solved


def _frames(missing: np.ndarray, count: int) -> list[tuple[np.ndarray, int]]:
    """Where the image is, and the number of each unknown place or -1; each with what stands outside."""
    number = np.full(missing.shape, -1)
    number[missing] = np.arange(count)
    return [(np.ones(missing.shape), 0), (number, -1)]


def _cell_means(values: np.ndarray) -> np.ndarray:
    """[height, width, channels] → the mean of each cell, [rows, columns, channels]."""
    for axis in (0, 1):
        side = values.shape[axis]
        cells = min(side, MOST_CELLS)
        cell = np.arange(side) * cells // side
        sums = np.add.reduceat(values, np.searchsorted(cell, np.arange(cells)), axis=axis)
        counts = np.bincount(cell, minlength=cells)
        values = sums / np.expand_dims(counts, tuple(each for each in range(3) if each != axis))
    return values


def _enlarged(coarse: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    made = PillowImage.fromarray(coarse.astype(np.float32))
    return np.asarray(made.resize((width, height), PillowImage.Resampling.BILINEAR), np.float64)
