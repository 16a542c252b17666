"""Shift, scale, rotation, mirror: the image moves under the camera, and what comes in repeats the edge."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Images

DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""(down, right) of a move by one pixel: up, down, left, right."""


def moved(images: Images, down: float, right: float) -> Images:
    """Images moved by so many pixels; what comes in repeats the edge, and a part of a pixel mixes two neighbours.

    Args:
        images: uint8 [batch, height, width, channels].
        down: pixels, negative for up.
        right: pixels, negative for left.

    Returns:
        The same shape and dtype.
    """
    return _moved_along(_moved_along(images, down, axis=1), right, axis=2)


def _moved_along(images: Images, distance: float, *, axis: int) -> Images:
    if not distance:
        return images
    whole = math.floor(distance)
    part = distance - whole
    places = np.arange(images.shape[axis]) - whole
    near = np.take(images, np.clip(places, 0, images.shape[axis] - 1), axis)
    if not part:
        return near
    far = np.take(images, np.clip(places - 1, 0, images.shape[axis] - 1), axis)
    mixed = near + np.float32(part) * (far.astype(np.float32) - near)
    return np.rint(mixed).astype(images.dtype)


def shift(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Moved by a share of the side along which it moves: up, down, left or right.

    Args:
        image: in mode RGB.
        percent: of the height or the width.
        turn: of the image; chooses the direction.
    """
    down, right = DIRECTIONS[turn % len(DIRECTIONS)]
    distance = percent / 100
    pixels = moved(np.asarray(image)[None], down * distance * image.height, right * distance * image.width)
    return PillowImage.fromarray(pixels[0])


def scale(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Larger, or smaller by the inverse factor, around its centre.

    Args:
        image: in mode RGB.
        percent: that a larger image gains.
        turn: of the image: even for larger, odd for smaller.
    """
    factor = 1 + percent / 100
    width, height = image.size
    if turn % 2 == 0:
        left, top = (width - width / factor) / 2, (height - height / factor) / 2
        box = (left, top, width - left, height - top)
        return image.resize(image.size, PillowImage.Resampling.BILINEAR, box=box)
    small = image.resize(
        (max(1, round(width / factor)), max(1, round(height / factor))), PillowImage.Resampling.BILINEAR
    )
    return _placed(small, height=height, width=width)


def rotation(image: PillowImage.Image, degrees: float, *, turn: int) -> PillowImage.Image:
    """Turned around its centre.

    Args:
        image: in mode RGB.
        degrees: of the angle.
        turn: of the image: even for counter-clockwise, odd for clockwise.
    """
    angle = math.radians(degrees if turn % 2 == 0 else -degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    width, height = image.size
    reach_x = math.ceil(abs(cosine) * width + abs(sine) * height) + 2
    reach_y = math.ceil(abs(sine) * width + abs(cosine) * height) + 2
    outer_x = width + 2 * max(0, -(-(reach_x - width) // 2))  # as much on either side
    outer_y = height + 2 * max(0, -(-(reach_y - height) // 2))
    padded = _placed(image, height=outer_y, width=outer_x)
    left = outer_x / 2 - cosine * width / 2 + sine * height / 2
    top = outer_y / 2 - sine * width / 2 - cosine * height / 2
    comes_from = (cosine, -sine, left, sine, cosine, top)  # (x, y) of the result → (x, y) in what is turned
    return padded.transform(image.size, PillowImage.Transform.AFFINE, comes_from, PillowImage.Resampling.BILINEAR)


def mirror(image: PillowImage.Image, times: float, *, turn: int) -> PillowImage.Image:  # noqa: ARG001  (as every change)
    """Left and right swapped.

    Args:
        image: in mode RGB.
        times: 1; an even number leaves it as it is.
        turn: of the image; not used.
    """
    return image if times % 2 == 0 else image.transpose(PillowImage.Transpose.FLIP_LEFT_RIGHT)


def _placed(image: PillowImage.Image, *, height: int, width: int) -> PillowImage.Image:
    """The image in the middle of a larger one, around which its edge is repeated."""
    rows = np.clip(np.arange(height) - (height - image.height) // 2, 0, image.height - 1)
    columns = np.clip(np.arange(width) - (width - image.width) // 2, 0, image.width - 1)
    return PillowImage.fromarray(np.asarray(image).take(rows, axis=0).take(columns, axis=1))
