"""Where a file comes from, as its header says: the settings it was saved with, the camera, the software, the date."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags
from PIL import Image as PillowImage

from hubel.images.faults import DECODER_ERRORS, SILENCE
from hubel.images.formats import FORMATS
from hubel.images.structure import png_exif
from hubel.text import one_line

TABLE = 64
"""Numbers in a quantisation table."""
_LONGEST = 48
"""Letters of a name that are kept."""
_SUBSAMPLINGS = {1: "grey", 3: "4:4:4"}
"""By the number of components, where none of them is smaller than another."""


@dataclass(frozen=True)
class FileOrigin:
    """What a file says of how it was made; what it does not say is empty.

    Args:
        tables: quantisation tables of a JPEG, of luminance and chrominance: 64 numbers each, zeros where there is none.
        subsampling: of its colours, such as ``"4:2:0"``.
        progressive: whether it is a progressive JPEG.
        camera: maker and model.
        software: that wrote it.
        date: when it was taken, ``"2021:05:03 10:11:12"``.
    """

    tables: tuple[tuple[int, ...], tuple[int, ...]] = ((0,) * TABLE, (0,) * TABLE)
    subsampling: str = ""
    progressive: bool = False
    camera: str = ""
    software: str = ""
    date: str = ""


def read_origin(data: bytes) -> FileOrigin:
    """What the header of an image file says of its origin, without decoding a pixel.

    Args:
        data: the bytes of a file that can be decoded; of any other, nothing is known.
    """
    file = io.BytesIO(data)
    try:
        with SILENCE, PillowImage.open(file, formats=FORMATS) as image:
            if image.format == "PNG":
                image.info.setdefault("exif", png_exif(file))  # Pillow would decode the image in search of it
            return _origin_of(image)
    except (*DECODER_ERRORS, MemoryError, PillowImage.DecompressionBombError):
        return FileOrigin()


def _origin_of(image: PillowImage.Image) -> FileOrigin:
    try:
        exif = image.getexif()
        inner = exif.get_ifd(ExifTags.IFD.Exif)
    except DECODER_ERRORS:  # damaged metadata; the tables may be fine
        exif, inner = {}, {}
    camera = " ".join(filter(None, (_text(exif, ExifTags.Base.Make), _text(exif, ExifTags.Base.Model))))
    software = _text(exif, ExifTags.Base.Software) or _text(image.info, "Software")
    date = _text(inner, ExifTags.Base.DateTimeOriginal) or _text(exif, ExifTags.Base.DateTime)
    found: Mapping[int, Any] = getattr(image, "quantization", None) or {}
    tables = tuple(tuple(map(int, found.get(number, ()))) for number in (0, 1))
    luminance, chrominance = (each if len(each) == TABLE else (0,) * TABLE for each in tables)
    progressive = bool(found) and bool(image.info.get("progressive"))
    return FileOrigin((luminance, chrominance), _subsampling(image), progressive, camera[:_LONGEST], software, date)


def _text(tags: Mapping[Any, Any], tag: Any) -> str:
    value = tags.get(tag, "")
    return one_line(value.strip("\0 "))[:_LONGEST] if isinstance(value, str) else ""


def _subsampling(image: PillowImage.Image) -> str:
    """By the sizes that the header of a JPEG gives to its components."""
    layer = getattr(image, "layer", None)
    if not layer:
        return ""
    across, down = int(layer[0][1]), int(layer[0][2])
    ratios = {(1, 1): _SUBSAMPLINGS.get(len(layer), ""), (2, 1): "4:2:2", (2, 2): "4:2:0"}
    if len(layer) != 3 or any(each[1:3] != (1, 1) for each in layer[1:]):
        return _SUBSAMPLINGS.get(len(layer), "")
    return ratios.get((across, down), f"{across}x{down}")
