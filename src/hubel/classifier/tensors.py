"""Weights as a ``safetensors`` file: every size is checked before the numbers are read.

The header is read here, not by the library, so that a file which claims much costs little.
Source: the format, https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from io import BufferedReader
from typing import Any

import numpy as np

from hubel.classifier.manifest import JsonBounds, read_bounded_json

MAX_HEADER_BYTES = 1_000_000
MAX_TENSORS = 4096
MAX_DIMENSIONS = 6
_BOUNDS = JsonBounds(values=20 * MAX_TENSORS, containers=3 * MAX_TENSORS + 1)


@dataclass(frozen=True)
class Slot:
    """Where a tensor lies.

    Args:
        shape: of the float32 array.
        start: bytes from the end of the header.
    """

    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Header:
    """What a file says of itself: its first bytes as they are, and what they mean.

    Args:
        raw: the length and the JSON.
        slots: name → place of each tensor; together they fill the file without a gap.
    """

    raw: bytes
    slots: dict[str, Slot]

    @property
    def payload_bytes(self) -> int:
        """Of all tensors."""
        return 4 * self.numbers

    @property
    def numbers(self) -> int:
        """In all tensors."""
        return sum(slot.size for slot in self.slots.values())


def read_header(file: BufferedReader, file_bytes: int) -> Header:
    """Read what a file claims, and check it against the file's size.

    Args:
        file: at its start.
        file_bytes: its size.

    Raises:
        ValueError: the header is too large, is not one, or describes another file; the tensor is named.
    """
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > min(MAX_HEADER_BYTES, file_bytes - 8):
        raise ValueError(f"its header claims {length:,} bytes of {file_bytes:,}; {MAX_HEADER_BYTES:,} are allowed")
    text = file.read(length)
    document = read_bounded_json(text, _BOUNDS)
    if not isinstance(document, dict) or not text.startswith(b"{") or len(document) > MAX_TENSORS:
        raise ValueError(f"its header is not a list of at most {MAX_TENSORS:,} tensors")
    slots, end = {}, 0
    for name, entry in sorted(document.items(), key=_start):
        slots[name] = _slot(name, entry, expected_start=end)
        end += 4 * slots[name].size
    header = Header(first + text, slots)
    if len(header.raw) + end != file_bytes:
        raise ValueError(f"its tensors take {end:,} bytes; the file has {file_bytes - len(header.raw):,}")
    return header


def _start(item: tuple[str, Any]) -> int:
    try:
        start = item[1]["data_offsets"][0]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"tensor {item[0]!r} has no place in the file") from error
    if type(start) is not int:
        raise ValueError(f"tensor {item[0]!r} lies at {start!r}")
    return start


def _slot(name: str, entry: dict[str, Any], *, expected_start: int) -> Slot:
    if set(entry) != {"dtype", "shape", "data_offsets"} or entry["dtype"] != "F32":
        raise ValueError(f"tensor {name!r} is {str(entry.get('dtype'))[:20]}; only float32 (F32) is allowed")
    shape, offsets = entry["shape"], entry["data_offsets"]
    whole = isinstance(shape, list) and len(shape) <= MAX_DIMENSIONS and all(type(side) is int for side in shape)
    if not whole or not all(1 <= side < 2**31 for side in shape):
        raise ValueError(f"tensor {name!r} has the impossible shape {str(shape)[:60]}")
    slot = Slot(tuple(shape), expected_start)
    if offsets != [expected_start, expected_start + 4 * slot.size]:
        raise ValueError(f"tensor {name!r} of shape {list(shape)} does not lie at {str(offsets)[:60]}")
    return slot


def read_tensors(file: BufferedReader, header: Header) -> tuple[dict[str, np.ndarray], str]:
    """Read the numbers behind the header.

    Args:
        file: behind its header.
        header: of this file.

    Returns:
        Name → float32 array [...], and the SHA-256 of the whole file.

    Raises:
        ValueError: the file has become shorter or longer since its header was read.
    """
    payload = bytearray(header.payload_bytes)
    if file.readinto(payload) != len(payload) or file.read(1):
        raise ValueError("its size changed while it was read")
    digest = hashlib.sha256(header.raw)
    digest.update(payload)
    tensors = {
        name: np.frombuffer(payload, "<f4", slot.size, slot.start).reshape(slot.shape)
        for name, slot in header.slots.items()
    }
    return tensors, digest.hexdigest()


def check_finite(tensors: dict[str, np.ndarray]) -> None:
    """See that every weight in name → array [...] is a finite number.

    Raises:
        ValueError: one is not; its tensor is named.
    """
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"tensor {name!r} holds values that are not finite numbers")
