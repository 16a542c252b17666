"""TFRecord files made byte by byte, as TensorFlow writes them: the encoder shares nothing with the reader."""

from __future__ import annotations

import struct
from collections.abc import Iterable


def crc(data: bytes) -> int:
    """CRC-32C, bit by bit, and masked."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def example(**features: bytes | int | float | list[bytes] | list[int]) -> bytes:
    """A tf.train.Example; ``__`` in a name is ``/``."""
    entries = b""
    for name, value in features.items():
        values = value if isinstance(value, list) else [value]
        if isinstance(values[0], bytes):
            body = field(1, b"".join(field(1, each) for each in values))
        elif isinstance(values[0], float):
            body = field(2, field(1, b"".join(struct.pack("<f", each) for each in values)))
        else:
            body = field(3, field(1, b"".join(varint(each) for each in values)))
        entries += field(1, field(1, name.replace("__", "/").encode()) + field(2, body))
    return field(1, entries)


def records(examples: Iterable[bytes]) -> bytes:
    """The bytes of a file."""
    out = b""
    for data in examples:
        size = struct.pack("<Q", len(data))
        out += size + struct.pack("<I", crc(size)) + data + struct.pack("<I", crc(data))
    return out
