"""An opened picture in any of Pillow's modes → upright RGB, a band of rows at a time.

A picture of 60 million pixels takes 240 MB as RGB; whole copies of it in other modes or as floats would take several
times that. Every conversion here is pixel by pixel, so bands give the same values as the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms

from hubel.arrays import Image

DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's modes with more than 8 bits a pixel; its own conversion would clip them to white."""

ALPHA_MODES = ("RGBA", "LA", "La", "RGBa", "PA")

_BAND_PIXELS = 1_000_000

_TIFF_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0

_TURNS = {
    2: PillowImage.Transpose.FLIP_LEFT_RIGHT,
    3: PillowImage.Transpose.ROTATE_180,
    4: PillowImage.Transpose.FLIP_TOP_BOTTOM,
    5: PillowImage.Transpose.TRANSPOSE,
    6: PillowImage.Transpose.ROTATE_270,
    7: PillowImage.Transpose.TRANSVERSE,
    8: PillowImage.Transpose.ROTATE_90,
}


def upright(picture: PillowImage.Image, orientation: int) -> PillowImage.Image:
    """The picture turned as its EXIF orientation, 1 to 8, asks for."""
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def to_rgb(picture: PillowImage.Image) -> PillowImage.Image:
    """A loaded picture in mode RGB; the same object where it is RGB already."""
    if picture.mode == "RGB" and "transparency" not in picture.info:
        return picture
    convert = _conversion(picture)
    if picture.width * picture.height <= _BAND_PIXELS:
        return convert(picture)
    rgb = PillowImage.new("RGB", picture.size)
    for top, bottom in _bands(picture):
        rgb.paste(convert(picture.crop((0, top, picture.width, bottom))), (0, top))
    return rgb


def to_array(picture: PillowImage.Image) -> Image:
    """A picture in mode RGB as uint8 [height, width, 3]."""
    if picture.width * picture.height <= _BAND_PIXELS:
        return np.asarray(picture)
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    for top, bottom in _bands(picture):
        pixels[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)))
    return pixels


def _bands(picture: PillowImage.Image) -> Iterator[tuple[int, int]]:
    """First row and row after the last of bands of about a million pixels."""
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        yield top, min(picture.height, top + rows)


def _conversion(picture: PillowImage.Image) -> Callable[[PillowImage.Image], PillowImage.Image]:
    """What turns this picture, or a band of it, into RGB."""
    if picture.mode in DEEP_MODES:
        return _stretching(picture)
    if picture.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(lab, rgb, "LAB", "RGB")
        return lambda band: _applied(transform, band)
    if (picture.mode in ALPHA_MODES or "transparency" in picture.info) and not _is_unused_alpha(picture):
        return _over_white
    return lambda band: band.convert("RGB")


def _is_unused_alpha(picture: PillowImage.Image) -> bool:
    """Whether all of a BMP would be transparent: many programs leave the fourth byte zero, and no reader obeys it."""
    return (
        picture.format in ("BMP", "DIB") and picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (0, 0)
    )


def _applied(transform: ImageCms.ImageCmsTransform, band: PillowImage.Image) -> PillowImage.Image:
    converted = ImageCms.applyTransform(band, transform)
    return band if converted is None else converted  # None only where it was asked to work in place


def _over_white(band: PillowImage.Image) -> PillowImage.Image:
    if band.mode == "La":  # Pillow goes on from LA only
        band = band.convert("LA")
    rgba = band.convert("RGBA")
    return PillowImage.alpha_composite(PillowImage.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _stretching(picture: PillowImage.Image) -> Callable[[PillowImage.Image], PillowImage.Image]:
    """Grey of any depth → RGB from 0 at the picture's lowest visible value to 255 at its highest."""
    hidden = picture.info.get("transparency")  # one value, in a PNG
    inverted = getattr(picture, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO  # Pillow sees to 8 bits only
    low, high = np.inf, -np.inf
    for top, bottom in _bands(picture):
        values = np.asarray(picture.crop((0, top, picture.width, bottom)))
        visible = values[np.isfinite(values) & (True if hidden is None else values != hidden)]
        if visible.size:
            low, high = min(low, float(visible.min())), max(high, float(visible.max()))
    if low > high:
        low = high = 0.0  # no value that could be seen

    def convert(band: PillowImage.Image) -> PillowImage.Image:
        values = np.asarray(band)
        grey = _stretched(values, low, high)
        if inverted:
            grey = 255 - grey
        if hidden is not None:
            grey[values == hidden] = 255
        return PillowImage.fromarray(grey).convert("RGB")

    return convert


def _stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers [height, width] → uint8: ``low`` becomes 0 and ``high`` 255; no number (NaN) becomes 0.

    Where all are equal there is nothing to stretch: 0 stays 0, anything above becomes 255.
    """
    if high == low:
        return np.full(values.shape, 255 if high > 0 else 0, np.uint8)
    finite = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    return np.round((np.clip(finite, low, high) - low) / (high - low) * 255).astype(np.uint8)
