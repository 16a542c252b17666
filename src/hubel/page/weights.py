"""Weights as they travel in a page: one after the other, low byte first."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

ALIGNED = 4


EXACT = "float32"
"""What is written where rounding would change an answer."""


def pack(
    weights: Mapping[str, np.ndarray], *, dtype: str, exact: Mapping[str, np.ndarray] | None = None
) -> tuple[dict[str, Any], bytes]:
    """Weights in one piece, and where each lies in it.

    Args:
        weights: name → float32 [...].
        dtype: ``"float32"`` or ``"float16"``.
        exact: name → float32 [...] of what stays that, such as `hubel.classifier.stored_score.score_tensors`.

    Returns:
        name → shape, offset in bytes and dtype; and the bytes.
    """
    index, parts, offset = {}, [], 0
    each = [(name, weight, dtype) for name, weight in weights.items()]
    each += [(name, array, EXACT) for name, array in (exact or {}).items()]
    for name, weight, written in each:
        data = np.ascontiguousarray(weight, np.dtype(written).newbyteorder("<")).tobytes()
        data += bytes(-len(data) % ALIGNED)
        index[name] = {"shape": list(weight.shape), "offset": offset, "dtype": written}
        parts.append(data)
        offset += len(data)
    return index, b"".join(parts)


def seal_of(data: bytes) -> dict[str, int]:
    """What a browser sees damage by: how many bytes there are, and their CRC-32.

    Args:
        data: of `pack`.
    """
    return {"bytes": len(data), "crc32": zlib.crc32(data)}
