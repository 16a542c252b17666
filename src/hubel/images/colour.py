"""An opened image in any of Pillow's modes → upright RGB, a block of rows at a time.

An image of 60 million pixels takes 240 MB as RGB; whole copies of it in other modes or as floats would take several
times that. Every conversion here is pixel by pixel, so blocks give the same values as the whole.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms
from PIL.ImageFile import ImageFile

from hubel.arrays import Image
from hubel.images.samples import (
    ALONE,
    SampleRule,
    Samples,
    check_bands,
    choose_bands,
    is_one_block,
    render_samples,
    row_blocks,
)

DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's modes with more than 8 bits a pixel; its own conversion would clip them to white."""

_DEEP_COLOUR_TYPES = (2, 4, 6)
"""Colour types of the PNG specification, 11.2.1: RGB, grey with alpha, RGB with alpha."""

ALPHA_MODES = ("RGBA", "LA", "La", "RGBa", "PA")

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


def is_deep_colour(image: PillowImage.Image, head: bytes) -> bool:
    """Whether Pillow, which has opened the file, would keep the upper 8 of more bits.

    Args:
        image: opened and not loaded.
        head: the first 26 bytes of the file, or more.
    """
    if image.format == "PNG":
        return head[24] == 16 and head[25] in _DEEP_COLOUR_TYPES
    return image.format == "PPM" and image.mode == "RGB" and white_of_ppm(image) > 255


def white_of_ppm(image: PillowImage.Image) -> int:
    """The number that is white in a PPM, as its header says."""
    args = image.tile[0].args if isinstance(image, ImageFile) and image.tile else None
    highest = args[-1] if isinstance(args, tuple) and args else 0
    return highest if isinstance(highest, int) else 0


def upright(image: PillowImage.Image, orientation: int) -> PillowImage.Image:
    """The image turned as its EXIF orientation, 1 to 8, asks for.

    Args:
        image: as it is stored.
        orientation: of EXIF; any other number turns nothing.
    """
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def to_rgb(content: PillowImage.Image | Samples, rule: SampleRule = ALONE) -> PillowImage.Image:
    """A loaded image, or the chosen samples of a file, in mode RGB; the same object where it is RGB already.

    Args:
        content: a loaded image, or samples of which the bands are chosen.
        rule: which values become black and white, and which bands are taken.

    Raises:
        UnreadableImage: it lacks a band that the rule chooses.
    """
    if isinstance(content, PillowImage.Image) and content.mode in DEEP_MODES:
        content = choose_bands(grey_samples(content), rule.bands)
    if isinstance(content, Samples):
        return render_samples(content, rule)
    if rule.bands:
        return _chosen_bands(content, rule.bands)
    if content.mode == "RGB" and "transparency" not in content.info:
        return content
    convert = _conversion(content)
    if is_one_block(content.height, content.width):
        return convert(content)
    rgb = PillowImage.new("RGB", content.size)
    for top, bottom in row_blocks(content.height, content.width):
        rgb.paste(convert(content.crop((0, top, content.width, bottom))), (0, top))
    return rgb


def grey_samples(image: PillowImage.Image) -> Samples:
    """The numbers of a loaded image in one of the `DEEP_MODES`."""
    values = np.asarray(image)[..., None]  # [height, width, 1]
    hidden = image.info.get("transparency")  # one value, in a PNG
    inverted = getattr(image, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO  # Pillow sees to 8 bits only
    return Samples(values, inverted=inverted, hidden=None if hidden is None else (hidden,))


def to_array(image: PillowImage.Image) -> Image:
    """An image in mode RGB as uint8 [height, width, 3]."""
    if is_one_block(image.height, image.width):
        return np.asarray(image)
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top, bottom in row_blocks(image.height, image.width):
        pixels[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return pixels


def _chosen_bands(image: PillowImage.Image, chosen: tuple[int, ...]) -> PillowImage.Image:
    """Bands of 8 bits as red, green and blue, or one as grey; transparency is the last band, and is not applied."""
    alpha = image.mode in ALPHA_MODES or "transparency" in image.info
    if image.mode in ("1", "L", "LA", "La"):
        plain = image.convert("LA" if alpha else "L")
    elif image.mode == "LAB":
        plain = to_rgb(image)
    else:
        plain = image.convert("RGBA" if alpha else "RGB")
    bands = plain.split()
    check_bands(len(bands), alpha=alpha, chosen=chosen)
    taken = [bands[number - 1] for number in chosen]
    return PillowImage.merge("RGB", taken * (3 // len(taken)))


def _conversion(image: PillowImage.Image) -> Callable[[PillowImage.Image], PillowImage.Image]:
    """What turns this image, or a block of it, into RGB."""
    if image.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(lab, rgb, "LAB", "RGB")
        return lambda band: _applied(transform, band)
    if (image.mode in ALPHA_MODES or "transparency" in image.info) and not _is_unused_alpha(image):
        return _over_white
    return lambda band: band.convert("RGB")


def _is_unused_alpha(image: PillowImage.Image) -> bool:
    """Whether all of a BMP would be transparent: many programs leave the fourth byte zero, and no reader obeys it."""
    return image.format in ("BMP", "DIB") and image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0)


def _applied(transform: ImageCms.ImageCmsTransform, band: PillowImage.Image) -> PillowImage.Image:
    converted = ImageCms.applyTransform(band, transform)
    return band if converted is None else converted  # None only where it was asked to work in place


def _over_white(band: PillowImage.Image) -> PillowImage.Image:
    if band.mode == "La":  # Pillow goes on from LA only
        band = band.convert("LA")
    rgba = band.convert("RGBA")
    return PillowImage.alpha_composite(PillowImage.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
