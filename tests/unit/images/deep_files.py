"""Files that Pillow cannot write: PNG of 16-bit colour, and TIFF with any bands, types, orders and packings."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
COMPRESSIONS = {"none": 1, "lzw": 5, "deflate": 8}


def png16(values: np.ndarray, *, interlaced: bool = False, hidden: tuple[int, ...] = ()) -> bytes:
    """A PNG of 16 bits a sample, uint16 [height, width, 1 to 4]; each row takes the next of two of the filters."""
    height, width, channels = values.shape
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = [row for left, top, across, down in passes for row in filtered(values[top::down, left::across])]
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, int(interlaced))
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    if hidden:
        chunks.insert(1, (b"tRNS", struct.pack(f">{len(hidden)}H", *hidden)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def filtered(values: np.ndarray) -> list[bytes]:
    """Rows by the filters None and Sub, in turn (PNG specification, 9.2)."""
    pixel_bytes = 2 * values.shape[-1]
    rows = []
    for number, row in enumerate(values if values.shape[1] else ()):
        plain = np.frombuffer(row.astype(">u2").tobytes(), np.uint8)
        before = np.concatenate([np.zeros(pixel_bytes, np.uint8), plain[:-pixel_bytes]])
        rows.append(bytes([number % 2]) + (plain - before if number % 2 else plain).tobytes())
    return rows


def tiff(
    values: np.ndarray,
    *,
    photometric: int = 1,
    extra: tuple[int, ...] = (),
    compression: str = "none",
    order: str = "<",
    storage: str = "",
    **tags: int,
) -> bytes:
    """A TIFF of [height, width, bands].

    Args:
        values: uint, int or float of any size.
        photometric: 0 white is zero, 1 black is zero, 2 RGB.
        extra: kinds of the last bands: 0 unspecified, 1 premultiplied transparency, 2 transparency.
        compression: a name in `COMPRESSIONS`.
        order: ``"<"`` or ``">"``.
        storage: words of ``planar``, ``tiled`` and ``predictor``.
        tags: more tags, such as ``t274=6``.
    """
    height, width, bands = values.shape
    kind, size = values.dtype.kind, values.dtype.itemsize
    side = 16 if "tiled" in storage else None
    planes = [values[..., band : band + 1] for band in range(bands)] if "planar" in storage else [values]
    blocks = [packed(block, compression, order, storage) for plane in planes for block in cut(plane, side)]
    entries: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (8 * size,) * bands, 259: (COMPRESSIONS[compression],), 262: (photometric,),
        277: (bands,), 284: (2 if "planar" in storage else 1,), 339: (SAMPLE_FORMATS[kind],) * bands,
    }  # fmt: skip
    entries |= {317: (2,)} if "predictor" in storage else {}
    entries |= {338: extra} if extra else {}
    offsets = tuple(int(each) for each in 8 + np.cumsum([0, *(len(block) for block in blocks[:-1])]))
    lengths = tuple(len(block) for block in blocks)
    entries |= {322: (16,), 323: (16,), 324: offsets, 325: lengths} if side else {273: offsets, 278: (5,), 279: lengths}
    entries |= {int(name[1:]): (value,) for name, value in tags.items()}
    body = b"".join(blocks)
    body += b"\0" * (len(body) % 2)
    return (
        struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(body))
        + body
        + directory(entries, 8 + len(body), order)
    )


def directory(entries: dict[int, tuple[int, ...]], start: int, order: str) -> bytes:
    """An image file directory; every number is 32 bits."""
    head, lists = struct.pack(f"{order}H", len(entries)), b""
    for tag, numbers in sorted(entries.items()):
        data = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            place = start + 2 + 12 * len(entries) + 4 + len(lists)
            lists, data = lists + data, struct.pack(f"{order}I", place)
        head += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + data
    return head + bytes(4) + lists


def cut(plane: np.ndarray, side: int | None) -> list[np.ndarray]:
    """Strips of five rows, or padded tiles."""
    height, width, bands = plane.shape
    if side is None:
        return [plane[top : top + 5] for top in range(0, height, 5)]
    padded = np.zeros((-(-height // side) * side, -(-width // side) * side, bands), plane.dtype)
    padded[:height, :width] = plane
    return [
        padded[top : top + side, left : left + side]
        for top in range(0, len(padded), side)
        for left in range(0, padded.shape[1], side)
    ]


def packed(block: np.ndarray, compression: str, order: str, storage: str) -> bytes:
    if "predictor" in storage:  # TIFF 6.0, section 14: differences along each row
        unsigned = block.view(f"u{block.itemsize}")
        block = np.diff(unsigned, axis=1, prepend=unsigned.dtype.type(0))
    data = block.astype(block.dtype.newbyteorder(order)).tobytes()
    if compression == "deflate":
        return zlib.compress(data)
    return lzw(data) if compression == "lzw" else data


def lzw(data: bytes) -> bytes:
    """Packed by Pillow, as one strip of grey bytes."""
    buffer = io.BytesIO()
    Image.frombytes("L", (len(data), 1), data).save(buffer, "TIFF", compression="tiff_lzw")
    with Image.open(buffer) as written:
        (start,), (length,) = written.tag_v2[273], written.tag_v2[279]
    return buffer.getvalue()[start : start + length]
