"""Blur, noise, JPEG, occlusion: a worse camera, a smaller file, something in front."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFilter

from hubel.random_streams import stream

GREY = (128, 128, 128)
"""Of what stands in front."""


def blur(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:  # noqa: ARG001  (as every change)
    """Pillow's Gaussian blur.

    Args:
        image: in mode RGB.
        percent: of the shorter side: the radius, which is the standard deviation.
        turn: of the image; not used.
    """
    return image.filter(ImageFilter.GaussianBlur(percent / 100 * min(image.size)))


def noise(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Independent Gaussian noise on each value of each pixel.

    Args:
        image: in mode RGB.
        percent: of the range of 255: the standard deviation.
        turn: of the image: seed of the noise, which is the same at every strength.
    """
    drawn = stream("noise", turn).standard_normal((image.height, image.width, 3), np.float32)
    values = np.asarray(image) + np.float32(2.55 * percent) * drawn
    return PillowImage.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def jpeg(image: PillowImage.Image, quality: float, *, turn: int) -> PillowImage.Image:  # noqa: ARG001  (as every change)
    """Saved as JPEG by Pillow, with colours at half the size, and read again.

    Args:
        image: in mode RGB.
        quality: 1 to 95.
        turn: of the image; not used.
    """
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=round(quality), subsampling="4:2:0")
    return PillowImage.open(buffer).convert("RGB")


def occlusion(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """A grey square somewhere in front of it, wholly inside.

    Args:
        image: in mode RGB.
        percent: of the shorter side: the side of the square.
        turn: of the image: seed of the place; a larger square stands in the same direction from the centre.
    """
    side = round(percent / 100 * min(image.size))
    across, down = stream("occlusion", turn).random(2)
    left, top = round(across * (image.width - side)), round(down * (image.height - side))
    covered = image.copy()
    if side:
        ImageDraw.Draw(covered).rectangle((left, top, left + side - 1, top + side - 1), fill=GREY)
    return covered
