"""The ways in which models of others want their pixels, by the names that users know them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.architectures.file_kinds import PIXEL_NAMES
from hubel.arrays import Images

_IMAGENET_BLUE_FIRST = (103.939, 116.779, 123.68)
_IMAGENET_MEAN, _IMAGENET_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_LUMINOSITY = np.array([19595, 38470, 7471], np.uint32)
"""Parts of 65,536 of red, green and blue; ITU-R BT.601, as Pillow's mode L."""


@dataclass(frozen=True)
class PixelScale:
    """(value of a pixel - middle) / unit, channel by channel.

    Args:
        summary: for whom it is right, in a few words.
        middle: of each channel in the model's order, or of all.
        unit: likewise.
        blue_first: the model's channels are blue, green, red.
    """

    summary: str
    middle: tuple[float, ...] = (0.0,)
    unit: tuple[float, ...] = (1.0,)
    blue_first: bool = False

    @property
    def needs_colour(self) -> bool:
        """It says something of each of three channels."""
        return len(self.middle) == 3

    def arrange(self, pixels: Images, *, channels: int) -> Images:
        """Channels in the model's order: uint8 [..., 3], red first → uint8 [..., channels]; of 1, it is grey.

        Args:
            pixels: uint8 [..., 3], red first.
            channels: of the model's input, 1 or 3.
        """
        if channels == 1:
            grey = (pixels.astype(np.uint32) @ _LUMINOSITY + 0x8000) >> 16
            return grey.astype(np.uint8)[..., None]
        return pixels[..., ::-1] if self.blue_first else pixels

    def arrange_values(self, values: np.ndarray, *, channels: int) -> np.ndarray:
        """As `arrange`, of numbers that need not be whole: float32 [..., 3] → float32 [..., channels].

        Args:
            values: red first, 0 to 255.
            channels: of the model's input, 1 or 3.
        """
        if channels == 1:
            return (values @ (_LUMINOSITY / 65_536))[..., None].astype(np.float32)
        return values[..., ::-1] if self.blue_first else values

    def spread_gradients(self, gradients: np.ndarray) -> np.ndarray:
        """Gradients by arranged values [..., channels] → by red, green and blue [..., 3]."""
        if gradients.shape[-1] == 1:
            return (gradients * (_LUMINOSITY / 65_536)).astype(np.float32)
        return gradients[..., ::-1] if self.blue_first else gradients

    def scale(self, values: Any) -> Any:
        """Arranged values of 0 to 255 → what the model takes; of an array, or of a tensor of the backend."""
        middle, unit = np.asarray(self.middle, np.float32), np.asarray(self.unit, np.float32)
        return (values - middle) / unit

    def show(self, values: np.ndarray) -> Images:
        """Back from `arrange`: uint8 [..., channels] → uint8 [..., 3], red first."""
        if values.shape[-1] == 1:
            return values.repeat(3, axis=-1)
        return values[..., ::-1] if self.blue_first else values


_SCALES = (
    PixelScale("as they are in the file: the model scales them itself"),
    PixelScale("divided by 255", unit=(255.0,)),
    PixelScale("divided by 127.5, less 1, as MobileNet, Inception and Xception take them", (127.5,), (127.5,)),
    PixelScale(
        "blue first, less the mean of ImageNet, as VGG and ResNet of Keras take them",
        _IMAGENET_BLUE_FIRST,
        (1.0, 1.0, 1.0),
        blue_first=True,
    ),
    PixelScale(
        "less the mean of ImageNet, divided by its deviation, as DenseNet of Keras takes them",
        _IMAGENET_MEAN,
        _IMAGENET_DEVIATION,
    ),
)
PIXELS: dict[str, PixelScale] = dict(zip(PIXEL_NAMES, _SCALES, strict=True))
"""Name for ``pixels`` → how."""
