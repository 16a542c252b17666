"""Images to try a command with, where one has none at hand: ``digits:0`` to ``digits:9``.

They were drawn for Hubel and are in no corpus, so no classifier of the built-in digits was trained on them.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from hubel.catalogue import Later
from hubel.errors import UnreadableImage, UnusableInput
from hubel.files import is_there

PREFIX = "digits:"
FULL_SCALE = 16
DIGITS = (
    "007ec300 03g7cc00 09c02g20 0a800e50 0a900f50 08c03g20 02g9dc00 005ca200",
    "0004e200 004gg400 009fg400 0002g400 0002g400 0002g400 0002g400 0001g300",
    "01afe500 09e58g10 08600g20 00008d00 0004f200 003g7000 03fd6630 05dddd70",
    "02cfd300 0bc4af00 02103g00 0008fb00 0006bf10 00100f40 07e79g20 019dc400",
    "0003b000 000c7000 005e1200 01e48a00 08gdffa0 0366dc40 0000c700 0000a400",
    "00cddc10 01g76600 02g23000 04gfga00 00102g30 01200f40 06f7af10 008db300",
    "0003d100 002ea000 00ac0000 00fec300 04g8be00 04f02g10 02g8be00 006cc300",
    "05aaaa30 0488bg30 0000cc00 0036g700 008eea00 000e6000 001g2000 003c0000",
    "006dc400 03f89e10 04f25f20 00cde900 008ge200 02f59d00 04f36f20 008ee700",
    "008fd400 04g59f00 06d03g20 02gceg00 0038af00 00009d00 0001g600 0003c000",
)
"""Rows of each, a digit in base 17 for each pixel: 0 is paper, g (16) is ink."""
read_file: Callable[[Path], bytes] = Later("hubel.corpus.trees.folder", "read_file")


def is_example(path: str | Path) -> bool:
    """Whether it is the name of an example image, and no file of that name is there."""
    return str(path).startswith(PREFIX) and not _is_there(path)


def read_image(path: str | Path) -> bytes:
    """The bytes of an image file, or of an example image.

    Raises:
        UnreadableImage: the file cannot be read, or there is no example image of that name.
    """
    return example_png(str(path)) if is_example(path) else read_file(Path(path))


def example_png(name: str) -> bytes:
    """An example image as a PNG file, grey, 8 x 8 pixels.

    Raises:
        UnreadableImage: there is none of that name.
    """
    wanted = name.removeprefix(PREFIX)
    if wanted not in map(str, range(len(DIGITS))):
        raise UnreadableImage("no-such-example", f"the example images are {PREFIX}0 to {PREFIX}{len(DIGITS) - 1}")
    ink = np.array([[int(pixel, 17) for pixel in row] for row in DIGITS[int(wanted)].split()])
    buffer = io.BytesIO()
    PillowImage.fromarray(np.rint(ink / FULL_SCALE * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _is_there(path: str | Path) -> bool:
    try:
        return is_there(path)
    except UnusableInput:
        return False
