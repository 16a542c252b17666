"""What the structure of an image file says, read without decoding a pixel; all of it in time linear in the file.

And whether the whole image is there: what Pillow does not ask of a JPEG or PNG it has decoded without complaint.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import IO

from PIL import Image as PillowImage

from hubel.errors import UnreadableImage

MOST_FRAMES = 1000
"""Frames and pages are counted up to this."""

_MOST_GIF_BLOCKS = 1_000_000  # they have up to 255 bytes: an honest file within the limits has fewer

_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # in coded data, FF 00 is a byte and FF D0 to D7 go on with it
_END_OF_IMAGE = 0xD9
_WITHOUT_LENGTH = (0xD8, 0x01)  # start of image, and a marker for temporary use

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Passes of an interlaced PNG: first column, first row, step of columns, step of rows (PNG specification, 8.2)."""
_FILLING = bytes(range(1, 251, 3)) * 8
"""Coded data that continues a JPEG which stops too early: any bytes without FF."""


def jpeg_end(data: bytes) -> int | None:
    """Place of the end marker of a JPEG's first image; None where the file ends before it does."""
    place = 0
    while found := _JPEG_MARKER.search(data, place):
        marker = data[found.start() + 1]
        if marker == _END_OF_IMAGE:
            return found.start()
        place = found.end()
        if marker not in _WITHOUT_LENGTH:
            place += int.from_bytes(data[place : place + 2], "big")
    return None


def png_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """(kind, length) of each chunk of a PNG; at each, the file stands at the chunk's content."""
    place = 8
    file.seek(place)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        yield kind, length
        place += length + 12
        file.seek(place)


def png_exif(file: IO[bytes]) -> bytes | None:
    """The EXIF block of a PNG, which may stand behind the pixels."""
    for kind, length in png_chunks(file):
        if kind == b"eXIf":
            return b"Exif\0\0" + file.read(min(length, 1 << 20))
    return None


def png_checksums_hold(file: IO[bytes]) -> bool:
    """Whether the compressed pixels are as they were written; Pillow does not look."""
    for kind, length in png_chunks(file):
        if kind == b"IDAT" and zlib.crc32(file.read(length), zlib.crc32(kind)).to_bytes(4, "big") != file.read(4):
            return False
    return True


def png_missing_bytes(file: IO[bytes]) -> tuple[int, bool]:
    """Unpack the compressed pixels of a PNG: (bytes less than its header asks for, whether they end as they should).

    More than asked for counts negative; what follows then is not unpacked.

    Raises:
        zlib.error: they cannot be unpacked, or their checksum is wrong.
    """
    missing = 0
    inflate = zlib.decompressobj()
    for kind, length in png_chunks(file):
        if kind == b"IHDR":
            missing = _png_raw_bytes(file.read(13))
        elif kind == b"IDAT":
            block = file.read(length)
            while block and not inflate.eof and missing >= 0:
                missing -= len(inflate.decompress(block, 1 << 20))
                block = inflate.unconsumed_tail
    return missing, inflate.eof


def _png_raw_bytes(header: bytes) -> int:
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * depth * _PNG_CHANNELS[colour] // 8))  # each row has a filter byte
    return total


def webp_is_cut(file: IO[bytes]) -> bool:
    """Whether the file is a WebP that says it is longer than it is; Pillow says of those only that they are bad."""
    file.seek(0)
    start = file.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WEBP":
        return False
    return file.seek(0, 2) < 8 + int.from_bytes(start[4:8], "little")


def icon_sizes(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """(width, height) of each image in an ICO file, as the image itself says; the directory holds up to 256 only.

    Nothing, if the file is no ICO.
    """
    file.seek(0)
    start = file.read(6)
    if start[:4] != b"\0\0\1\0" or len(start) < 6:
        return
    for number in range(int.from_bytes(start[4:6], "little")):
        file.seek(6 + 16 * number + 12)
        file.seek(int.from_bytes(file.read(4), "little"))
        head = file.read(24)
        if head.startswith(b"\x89PNG"):
            yield int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        else:  # a bitmap without file header; its height counts the mask too
            width, height = int.from_bytes(head[4:8], "little"), int.from_bytes(head[8:12], "little", signed=True)
            yield width, abs(height) // 2


def count_frames(image: PillowImage.Image, file: IO[bytes]) -> int:
    """Frames of an animation, pages of a TIFF, images of an MPO: 1 to `MOST_FRAMES`; 1 where that is damaged.

    Args:
        image: opened and not loaded.
        file: what it was opened from.
    """
    try:
        if image.format == "GIF":
            frames = _gif_frames(file)
        elif image.format == "TIFF":
            frames = _tiff_pages(image)
        else:
            frames = getattr(image, "n_frames", 1)
    except Exception:  # noqa: BLE001  (whatever a plugin raises on a damaged second page, the first is what counts)
        return 1
    return max(1, min(frames, MOST_FRAMES))


def _gif_frames(file: IO[bytes]) -> int:
    """Pillow counts too, but takes as long as a file of many tiny blocks makes it."""
    file.seek(10)
    flags = file.read(1)[0]
    file.seek(13 + _colour_table_bytes(flags))
    frames = 0
    in_block = False
    for _ in range(_MOST_GIF_BLOCKS):
        head = file.read(1)
        if in_block:
            in_block = head not in (b"", b"\0")
            file.seek(head[0] if in_block else 0, 1)
        elif head == b",":
            file.seek(_colour_table_bytes(file.read(9)[8]) + 1, 1)
            frames += 1
            in_block = True
        elif head == b"!":
            file.seek(1, 1)
            in_block = True
        elif head in (b";", b""):
            break
    return frames


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _tiff_pages(image: PillowImage.Image) -> int:
    """One by one: Pillow's own count takes quadratic time in a long chain of pages."""
    pages = 1
    while pages < MOST_FRAMES:
        try:
            image.seek(pages)
        except EOFError:
            break
        pages += 1
    return pages


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
