"""Brightness, contrast, colour temperature: the same scene in another light."""

from __future__ import annotations

from PIL import Image as PillowImage
from PIL import ImageEnhance


def brightness(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Every value multiplied: brighter or darker by so much.

    Args:
        image: in mode RGB.
        percent: that the values gain or lose.
        turn: of the image: even for brighter, odd for darker.
    """
    return ImageEnhance.Brightness(image).enhance(_factor(percent, turn))


def contrast(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Every value further from the image's mean grey, or nearer to it.

    Args:
        image: in mode RGB.
        percent: that the distances gain or lose.
        turn: of the image: even for more contrast, odd for less.
    """
    return ImageEnhance.Contrast(image).enhance(_factor(percent, turn))


def temperature(image: PillowImage.Image, percent: float, *, turn: int) -> PillowImage.Image:
    """Warmer, with more red and less blue, or colder, the other way.

    Args:
        image: in mode RGB.
        percent: that one of the two gains and the other loses.
        turn: of the image: even for warmer, odd for colder.
    """
    factors = (_factor(percent, turn), 1.0, _factor(percent, turn + 1))
    return image.point([min(255, round(value * factor)) for factor in factors for value in range(256)])


def _factor(percent: float, turn: int) -> float:
    return 1 + percent / 100 if turn % 2 == 0 else 1 - percent / 100
