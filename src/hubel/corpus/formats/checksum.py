"""CRC-32C (Castagnoli) of bytes, with NumPy: long data is cut into strips whose checksums are computed side by side.

A checksum without its first and last inversion is linear, so those of strips can be joined: that of two is the first
one, moved on by as many zero bytes as the second has, and added to the second.

Source: RFC 3720, section 12.1 and appendix B.4.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

POLYNOMIAL = 0x82F63B78
_ONES = 0xFFFFFFFF
_LONG = 2048
"""Bytes from which on strips are quicker."""


def _make_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


_TABLE = _make_table()
_ENTRIES = _TABLE.tolist()


def crc32c(data: bytes) -> int:
    """The checksum of some bytes, as an unsigned number of 32 bits."""
    if len(data) < _LONG:
        return _advance(_ONES, data) ^ _ONES
    strips = 1 << (len(data).bit_length() // 2)
    width = len(data) // strips
    head = len(data) - strips * width
    checksum = _advance(_ONES, data[:head])
    columns = np.ascontiguousarray(
        np.frombuffer(data, np.uint8, offset=head).reshape(strips, width).T
    )  # [width, strips]
    each = np.zeros(strips, np.uint32)
    for column in columns:
        each = _TABLE[(each ^ column) & 0xFF] ^ (each >> 8)
    tables = _moving(width)
    for strip in each.tolist():
        first, second, third, fourth = (checksum >> shift & 0xFF for shift in (0, 8, 16, 24))
        checksum = tables[0][first] ^ tables[1][second] ^ tables[2][third] ^ tables[3][fourth] ^ strip
    return checksum ^ _ONES


def _advance(checksum: int, data: bytes) -> int:
    for byte in data:
        checksum = _ENTRIES[(checksum ^ byte) & 0xFF] ^ (checksum >> 8)
    return checksum


@lru_cache(maxsize=256)
def _moving(zeros: int) -> tuple[list[int], ...]:
    """Byte by byte of a checksum: what becomes of it after so many zero bytes."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(zeros):
        bits = _TABLE[bits & 0xFF] ^ (bits >> 8)
    tables = []
    for start in range(0, 32, 8):
        table = np.zeros(256, np.uint32)
        for bit in range(8):
            table[np.arange(256) >> bit & 1 == 1] ^= bits[start + bit]
        tables.append(table.tolist())
    return tuple(tables)
