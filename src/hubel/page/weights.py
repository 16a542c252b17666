"""Weights as they travel in a page: one after the other, low byte first."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

ALIGNED = 4


def pack(weights: Mapping[str, np.ndarray], *, dtype: str) -> tuple[dict[str, Any], bytes]:
    """Weights in one piece, and where each lies in it.

    Args:
        weights: name → float32 [...].
        dtype: ``"float32"`` or ``"float16"``.

    Returns:
        name → shape, offset in bytes and dtype; and the bytes.
    """
    index, parts, offset = {}, [], 0
    for name, weight in weights.items():
        data = np.ascontiguousarray(weight, np.dtype(dtype).newbyteorder("<")).tobytes()
        data += bytes(-len(data) % ALIGNED)
        index[name] = {"shape": list(weight.shape), "offset": offset, "dtype": dtype}
        parts.append(data)
        offset += len(data)
    return index, b"".join(parts)


def seal_of(data: bytes) -> dict[str, int]:
    """What a browser sees damage by: how many bytes there are, and their CRC-32.

    Args:
        data: of `pack`.
    """
    return {"bytes": len(data), "crc32": zlib.crc32(data)}
