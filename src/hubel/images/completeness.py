"""Is the whole image there? What Pillow does not ask of a JPEG or PNG it has decoded without complaint."""

from __future__ import annotations

import io

from PIL import Image as PillowImage

from hubel.errors import UnreadableImage
from hubel.images.structure import jpeg_end, png_checksums_hold, png_missing_bytes

_FILLING = bytes(range(1, 251, 3)) * 8
"""Coded data that continues a JPEG which stops too early: any bytes without FF."""


def check_complete(image: PillowImage.Image, data: bytes) -> None:
    """Refuse an image of which a part was made up by the decoder.

    Args:
        image: loaded.
        data: the whole file.

    Raises:
        UnreadableImage: with ``code`` ``truncated`` or ``corrupt``.
    """
    if image.format in ("JPEG", "MPO"):
        _check_jpeg(image, data)
    elif image.format == "PNG":
        _check_png(image, data)


def _check_jpeg(image: PillowImage.Image, data: bytes) -> None:
    """Of a file whose rest is zeros or missing, libjpeg makes grey blocks, and only warns; Pillow does not hear it."""
    end = jpeg_end(data)
    if end is None:
        raise UnreadableImage("truncated", "the file ends too early: copy or download it again")
    mid_grey = all(abs(level - 128) <= 1 for level in _last_pixel(image))  # as of a block that is not there
    # With more coded data before its end, for which a whole image has no use, a cut one changes.
    if mid_grey and _thumbnail(data) != _thumbnail(data[:end] + _FILLING + b"\xff\xd9"):
        raise _holds_too_little()


def _check_png(image: PillowImage.Image, data: bytes) -> None:
    """Pillow stops when it has every row, whatever the checksums say, and leaves rows black that are not there."""
    sound = png_checksums_hold(io.BytesIO(data))
    interlaced = data[28:29] == b"\x01"  # its rows come in seven passes
    if sound and not interlaced and any(_last_pixel(image)):
        return  # rows are filled in order, from nothing but zeros
    missing, ended = png_missing_bytes(io.BytesIO(data))
    if missing > 0:
        raise _holds_too_little()
    if not sound and (missing < 0 or not ended):
        raise UnreadableImage("corrupt", "its content is damaged (wrong checksums): copy or download it again")


def _holds_too_little() -> UnreadableImage:
    return UnreadableImage("truncated", "it holds less of the image than its header says: copy or download it again")


def _last_pixel(image: PillowImage.Image) -> tuple[float, ...]:
    pixel = image.getpixel((image.width - 1, image.height - 1))
    return pixel if isinstance(pixel, tuple) else (pixel or 0,)


def _thumbnail(data: bytes) -> bytes:
    """The pixels at an eighth of the size, the fastest that shows every block."""
    with PillowImage.open(io.BytesIO(data), formats=("JPEG",)) as image:
        image.draft(None, (1, 1))
        return image.tobytes()
