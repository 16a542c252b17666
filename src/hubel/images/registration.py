"""Lay one image over another: where it was cropped, framed or turned by a few degrees, and which parts then agree.

All images here are grey, float32 [images, side, side] with 0 to 255; many pairs are worked on at once.
"""

from __future__ import annotations

import numpy as np

BLOCK = 8
"""Pixels: parts are compared in squares of this side."""
TEXTURED = 4.0
"""Standard deviation of a block, 0 to 255, from which its pattern can be compared."""
MAX_TURN = 0.2
MAX_SCALE = 0.25
MAX_SHIFT = 0.25
"""Of the affine map, in halves of the image's side: what goes further is another image."""


def identity(count: int) -> np.ndarray:
    """So many maps that move nothing: float32 [count, 2, 3]."""
    return np.tile(np.array([[1, 0, 0], [0, 1, 0]], np.float32), (count, 1, 1))


def lay_over(
    first: np.ndarray, second: np.ndarray, *, maps: np.ndarray, side: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Affine maps that lay second images over first ones made better at one size, and how alike the patterns are then.

    A coarse image is laid over first, so that a shift of some pixels is followed.

    Args:
        first: [pairs, 64, 64].
        second: [pairs, 64, 64].
        maps: where to begin.
        side: pixels.
        steps: of the search.

    Returns:
        float32 [pairs, 2, 3]: (x, y, 1) in the first, each -1 to 1, → (x, y) in the second; and the correlation of what
        lies inside, float32 [pairs].

    Source: Baker and Matthews 2004, "Lucas-Kanade 20 years on", inverse compositional.
    """
    one, two = _flattened(reduced(first, side)), _flattened(reduced(second, side))
    maps = _at_one_size(one, two, maps=maps, steps=steps)
    seen, inside = warp(two, maps)
    own = (one * inside).reshape(len(one), -1)
    return maps, correlations(own, (seen * inside).reshape(len(one), -1))


def warp(images: np.ndarray, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images as seen through affine maps, bilinear; and whether each pixel lies inside.

    Args:
        images: [images, side, side].
        maps: [images, 2, 3], of `lay_over`.

    Returns:
        float32 [images, side, side] and bool [images, side, side].
    """
    count, side, _ = images.shape
    places = (maps @ _grid(side) + 1) * (side / 2) - 0.5  # [images, 2, side * side], in pixels
    inside = ((places >= -0.5) & (places <= side - 0.5)).all(axis=1)
    places = np.clip(places, 0, side - 1.001)
    whole = places.astype(np.int32)
    across, down = (places - whole).transpose(1, 0, 2)
    base = np.arange(count)[:, None] * (side * side) + whole[:, 1] * side + whole[:, 0]
    pixels = images.reshape(-1)
    upper = pixels[base] + (pixels[base + 1] - pixels[base]) * across
    lower = pixels[base + side] + (pixels[base + side + 1] - pixels[base + side]) * across
    return (upper + (lower - upper) * down).reshape(images.shape), inside.reshape(images.shape)


def fine_agreement(first: np.ndarray, second: np.ndarray, *, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far fine patterns agree, block by block, after the second images were laid over the first.

    Args:
        first: [pairs, 64, 64].
        second: [pairs, 64, 64].
        maps: of `lay_over`.

    Returns:
        Correlation of each block, coarse shades taken away, float32 [pairs, 64]; and which of the blocks lie inside
        and have a pattern, bool [pairs, 64].
    """
    seen, inside = warp(second, maps)
    texture = np.maximum(_blocks(first).std(axis=2), _blocks(seen).std(axis=2))
    patterned = (_blocks(inside).mean(axis=2) > 0.9) & (texture >= TEXTURED)
    fine = warp(second - _smoothed(second, 3), maps)[0]
    return correlations(_blocks(first - _smoothed(first, 3)), _blocks(fine)), patterned


def differing_parts(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Whether some part of two images differs by more than saving again, in other light or colours, can change.

    Args:
        first: [pairs, 64, 64]; one over the other already.
        second: [pairs, 64, 64].

    Returns:
        bool [pairs].
    """
    one, two = _blocks(first), _blocks(_in_the_light_of(first, second))
    patterned = np.maximum(one.std(axis=2), two.std(axis=2)) >= 2 * TEXTURED
    otherwise = np.abs(one.mean(axis=2) - two.mean(axis=2)) > 8 * TEXTURED
    return ((correlations(one, two) < 0.6) & patterned | otherwise).any(axis=1)


def correlations(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Of vectors along the last axis; 0 where one of them is constant.

    Args:
        one: vectors [..., length].
        two: likewise.
    """
    one = one - one.mean(axis=-1, keepdims=True)
    two = two - two.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((one * one).sum(axis=-1) * (two * two).sum(axis=-1))
    return (one * two).sum(axis=-1) / np.maximum(lengths, 1e-3)


def _in_the_light_of(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The second images with the mean and contrast of the first; inverted where that fits."""
    one, two = first.reshape(len(first), -1), second.reshape(len(second), -1)
    sign = np.where(correlations(one, two) < 0, -1.0, 1.0)[:, None]
    scale = sign * one.std(axis=1, keepdims=True) / np.maximum(two.std(axis=1, keepdims=True), 1e-3)
    return ((two - two.mean(axis=1, keepdims=True)) * scale + one.mean(axis=1, keepdims=True)).reshape(first.shape)


def _at_one_size(first: np.ndarray, second: np.ndarray, *, maps: np.ndarray, steps: int) -> np.ndarray:
    count, side, _ = first.shape
    down, across = (each * (side / 2) for each in np.gradient(first, axis=(1, 2)))
    x, y, _ = _grid(side).reshape(3, side, side)
    slopes = np.stack([across * x, across * y, across, down * x, down * y, down], 1).reshape(count, 6, -1)
    inverse = np.linalg.inv(slopes @ slopes.transpose(0, 2, 1) + 1e-3 * side * side * np.eye(6))
    for _ in range(steps):
        seen, inside = warp(second, maps)
        error = ((seen - first) * inside).reshape(count, -1, 1)
        step = (inverse @ (slopes @ error))[:, :, 0]  # [pairs, 6]
        maps = _bounded(_composed(maps, step))
    return maps


def _composed(maps: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Maps after the inverse of a small step."""
    moved = np.tile(np.eye(3), (len(maps), 1, 1))
    moved[:, :2] += step.reshape(-1, 2, 3)
    unit = np.tile(np.array([0.0, 0.0, 1.0]), (len(maps), 1, 1))
    determinant = np.abs(np.linalg.det(moved))
    moved[determinant < 0.1] = np.eye(3)  # a step that folds the image is none
    return (np.concatenate([maps, unit], axis=1) @ np.linalg.inv(moved))[:, :2].astype(np.float32)


def _bounded(maps: np.ndarray) -> np.ndarray:
    reach = np.array([[MAX_SCALE, MAX_TURN, MAX_SHIFT], [MAX_TURN, MAX_SCALE, MAX_SHIFT]], np.float32)
    middle = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    return np.clip(maps, middle - reach, middle + reach)


def _flattened(images: np.ndarray) -> np.ndarray:
    """Without shades and contrasts of wide areas: what is left is the same in another light."""
    radius = images.shape[1] // 8
    fine = images - _smoothed(images, radius)
    return fine / (np.sqrt(np.maximum(_smoothed(fine * fine, radius), 0)) + TEXTURED)


def _smoothed(images: np.ndarray, radius: int) -> np.ndarray:
    """The mean of a square around each pixel, the edge pixels repeated outside."""
    for axis in (1, 2):
        width = [(0, 0)] * 3
        width[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(images, width, mode="edge"), axis=axis, dtype=np.float32)
        size = images.shape[axis]
        upper = np.take(sums, range(2 * radius + 1, 2 * radius + 1 + size), axis=axis)
        images = (upper - np.take(sums, range(size), axis=axis)) / np.float32(2 * radius + 1)
    return images


def reduced(images: np.ndarray, side: int) -> np.ndarray:
    """Squares of pixels averaged: [images, height, width] → [images, side, side], of half the side, a quarter ...

    Args:
        images: [images, height, width], of as many pixels across as down.
        side: of what is made; images that are no larger stay as they are.
    """
    while images.shape[1] > side:  # four slices are added several times faster than a mean over two axes
        images = (images[:, ::2, ::2] + images[:, 1::2, ::2] + images[:, ::2, 1::2] + images[:, 1::2, 1::2]) / 4
    return images


def _blocks(images: np.ndarray) -> np.ndarray:
    """[images, side, side] → [images, blocks, 64]."""
    count, side, _ = images.shape
    parts = images.reshape(count, side // BLOCK, BLOCK, side // BLOCK, BLOCK)
    return parts.transpose(0, 1, 3, 2, 4).reshape(count, -1, BLOCK * BLOCK)


def _grid(side: int) -> np.ndarray:
    """(x, y, 1) of each pixel's middle, -1 to 1: float32 [3, side * side]."""
    places = (np.arange(side, dtype=np.float32) + 0.5) * 2 / side - 1
    x, y = np.meshgrid(places, places)
    return np.stack([x.ravel(), y.ravel(), np.ones(side * side, np.float32)])
