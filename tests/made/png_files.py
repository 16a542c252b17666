"""PNG files of every kind that the specification knows, written without Pillow: it writes only a few of them."""

from __future__ import annotations

import struct
import zlib

import numpy as np

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16),
         (6, 8), (6, 16)]  # fmt: skip
"""Every (colour type, bits a sample)."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_file(
    values: np.ndarray, kind: tuple[int, int], *, interlaced: bool = False, chunks: bytes = b"", seed: int = 0
) -> bytes:
    """A PNG in which each line is filtered in a way drawn by chance.

    Args:
        values: [height, width, channels], as they are to stand in the file.
        kind: (colour type, bits a sample).
        interlaced: in seven passes.
        chunks: between header and pixels.
        seed: of the filters.
    """
    colour, depth = kind
    height, width = values.shape[:2]
    rng = np.random.default_rng(seed)
    raw = b""
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        part = values[top::down, left::across]
        if part.size:
            raw += _filtered(part, depth, rng)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + chunks + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _filtered(part: np.ndarray, depth: int, rng: np.random.Generator) -> bytes:
    lines = part.reshape(len(part), -1)
    if depth == 16:
        packed = lines.astype(">u2").view(np.uint8).reshape(len(lines), -1)
    else:
        bits = (lines[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = np.packbits(bits.reshape(len(lines), -1).astype(np.uint8), axis=1)
    step = max(1, part.shape[2] * depth // 8)
    made, above = b"", np.zeros(packed.shape[1], np.int64)
    for line in packed.astype(np.int64):
        left = np.concatenate([np.zeros(step, np.int64), line])[: len(line)]
        corner = np.concatenate([np.zeros(step, np.int64), above])[: len(line)]
        name = int(rng.integers(5))
        guess = (0 * line, left, above, (left + above) // 2, _paeth(left, above, corner))[name]
        made += bytes([name]) + ((line - guess) & 255).astype(np.uint8).tobytes()
        above = line
    return made


def _paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    guess = left + above - corner
    choices = np.stack([left, above, corner])
    return np.take_along_axis(choices, np.abs(choices - guess).argmin(axis=0)[None], axis=0)[0]
