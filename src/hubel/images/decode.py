"""Bytes of an image file → uint8 [height, width, 3], by rules that are the same everywhere in Hubel.

1. The content decides what a file is, never its name.
2. Limits are checked from the header, before any pixel is decoded.
3. The EXIF orientation is applied: the picture is upright.
4. Of an animation or a file with several pages, the first one is taken.
5. Transparent pixels are laid over white.
6. CMYK and Lab become RGB; palettes and 1, 2 and 4 bits are expanded; grey becomes three equal channels.
7. Grey with more than 8 bits, and floats, are stretched: the picture's own minimum becomes 0, its maximum 255.
8. A file that ends too early, or holds less than its header says, is refused; it is never half a picture.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from hubel.arrays import Image
from hubel.errors import UnreadableImage

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000", "PCX", "ICO")
"""Pillow's names of what we read; a decoder that is not here never sees a byte of the user's.

TGA is not among them: it has no signature, so any bytes could be taken for one."""

ORIENTATION_TAG = 0x0112
TURNED_ORIENTATIONS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""

DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's modes with more than 8 bits a pixel; its own conversion would clip them to white."""

DECODER_VERSION = 1
"""Raised when a rule above changes, so that cached pixels are decoded again."""

PillowImage.init()  # an allow-list may only name formats that are registered already

_NOT_IMAGES = (
    (b"version https://git-lfs", "it is a Git LFS pointer, not the picture: run 'git lfs pull'"),
    (b"<!doctype html", "it is a web page, probably an error page saved as a picture: download it again"),
    (b"<html", "it is a web page, probably an error page saved as a picture: download it again"),
    (b"{", "it looks like JSON, not a picture: download it again"),
    (b"<svg", "it is an SVG drawing: export it as PNG"),
    (b"<?xml", "it is XML (an SVG drawing?): export it as PNG"),
    (b"%pdf", "it is a PDF document: export its pages as PNG"),
    (b"pk\x03\x04", "it is a zip archive: unpack it first"),
)


@dataclass(frozen=True)
class Limits:
    """What one image file may ask of this machine.

    Args:
        max_bytes: size of the file.
        max_pixels: width times height, as the header states it.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 64_000_000


CORPUS_LIMITS = Limits()


class _Silence:
    """Hides warnings while any thread decodes: odd metadata does not matter for the pixels.

    The filters of warnings belong to the whole process. With `warnings.catch_warnings` in each thread, the last to
    leave could restore what another had set, and the user's own warnings would stay hidden for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


_SILENCE = _Silence()


@dataclass(frozen=True)
class ImageHeader:
    """What a file says of itself before its pixels are decoded; width and height are of the upright picture."""

    format: str
    width: int
    height: int
    mode: str


def read_header(source: bytes | IO[bytes], *, limits: Limits = CORPUS_LIMITS) -> ImageHeader:
    """Format, upright size and colour mode, without decoding a pixel.

    Args:
        source: the bytes of a file, or an open file at its start.
        limits: the pixel limit is checked.

    Raises:
        UnreadableImage: the header is no image's, or asks for more than the limits allow.
    """
    with _SILENCE, _open(source, limits) as picture:
        width, height = picture.size
        if _orientation(picture) in TURNED_ORIENTATIONS:
            width, height = height, width
        return ImageHeader(str(picture.format), width, height, picture.mode)


def decode_image(data: bytes, *, limits: Limits = CORPUS_LIMITS, at_least: tuple[int, int] | None = None) -> Image:
    """Decode one image file by the rules at the top of this module.

    Args:
        data: the whole file.
        limits: refused above these.
        at_least: (height, width) that the caller will shrink to. A JPEG may then be decoded at 1/2, 1/4 or 1/8 of
            its size, never below this, which is several times faster.

    Returns:
        uint8 [height, width, 3], upright.

    Raises:
        UnreadableImage: with ``code`` ``empty``, ``too-large``, ``too-many-pixels``, ``not-an-image``,
            ``truncated`` or ``corrupt``.
    """
    if len(data) > limits.max_bytes:
        raise UnreadableImage(
            "too-large", f"the file has {len(data):,} bytes, the limit is {limits.max_bytes:,}: save it smaller"
        )
    try:
        with _SILENCE, _open(data, limits) as picture:
            orientation = _orientation(picture)
            if at_least is not None and picture.format in ("JPEG", "MPO"):
                height, width = at_least
                picture.draft(None, (height, width) if orientation in TURNED_ORIENTATIONS else (width, height))
            picture.load()
            pixels = np.asarray(_to_rgb(picture))
            return np.ascontiguousarray(_upright(pixels, orientation))
    except UnreadableImage:
        raise
    except MemoryError as error:
        raise UnreadableImage("corrupt", "its header asks for more memory than there is: save it again") from error
    except _DECODER_ERRORS as error:
        raise _named(error) from error


_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, RuntimeError, NotImplementedError, struct.error, zlib.error, ImageCms.PyCMSError,
)  # fmt: skip
"""What Pillow's decoders raise on damaged files; anything else is a defect of ours and is shown as one."""


def _open(source: bytes | IO[bytes], limits: Limits) -> PillowImage.Image:
    if isinstance(source, bytes):
        if not source:
            raise UnreadableImage("empty", "the file has no bytes: copy or download it again")
        source = io.BytesIO(source)
    try:
        with _SILENCE:
            picture = PillowImage.open(source, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise _not_an_image(source) from error
    except PillowImage.DecompressionBombError as error:  # Pillow's own limit, above ours
        reason = f"its header says more pixels than the limit of {limits.max_pixels:,}: save it smaller"
        raise UnreadableImage("too-many-pixels", reason) from error
    except _DECODER_ERRORS as error:
        raise _named(error) from error
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise UnreadableImage(
            "too-many-pixels",
            f"its header says {width:,} x {height:,} pixels, the limit is {limits.max_pixels:,}: save it smaller",
        )
    return picture


def _not_an_image(source: IO[bytes]) -> UnreadableImage:
    source.seek(0)
    start = source.read(64)
    if not start:
        return UnreadableImage("empty", "the file has no bytes: copy or download it again")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, reason in _NOT_IMAGES:
        if text.startswith(signature):
            return UnreadableImage("not-an-image", reason)
    return UnreadableImage("not-an-image", "its content is no image format that Hubel reads: save it as PNG or JPEG")


def _named(error: Exception) -> UnreadableImage:
    text = str(error).lower()
    if "truncated" in text or "not enough" in text or isinstance(error, EOFError) or "unexpected end" in text:
        return UnreadableImage("truncated", "the file ends too early: copy or download it again")
    detail = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return UnreadableImage("corrupt", f"its content is damaged ({detail}): export it again")


def _orientation(picture: PillowImage.Image) -> int:
    try:
        value = picture.getexif().get(ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:  # damaged metadata of a picture whose pixels may be fine
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: Image, orientation: int) -> Image:
    turned = pixels.transpose(1, 0, 2) if orientation in TURNED_ORIENTATIONS else pixels
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return turned


def _to_rgb(picture: PillowImage.Image) -> PillowImage.Image:
    if picture.mode in DEEP_MODES:
        return PillowImage.fromarray(_stretched(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
        return converted if converted is not None else picture
    if picture.mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        return PillowImage.alpha_composite(PillowImage.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return picture.convert("RGB")


def _stretched(values: np.ndarray) -> np.ndarray:
    """Any numeric grey image [height, width] → uint8 from 0 at its minimum to 255 at its maximum."""
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = finite.min(), finite.max()
    if high == low:
        return np.full(values.shape, 255 if high > 0 else 0, np.uint8)
    return np.round((finite - low) / (high - low) * 255).astype(np.uint8)


def from_pillow(picture: PillowImage.Image) -> Image:
    """The pixels of an opened Pillow image, by the same rules, as uint8 [height, width, 3]."""
    try:
        with _SILENCE:
            return np.ascontiguousarray(np.asarray(_to_rgb(ImageOps.exif_transpose(picture))))
    except _DECODER_ERRORS as error:
        raise _named(error) from error
