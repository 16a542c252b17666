"""Made images for the self-test of a classifier: the same bytes on every machine, and nobody's photograph.

Whole numbers only: no later version of a library can round them differently.
"""

from __future__ import annotations

import hashlib

import numpy as np

from hubel.arrays import Images

PATTERNS = 8
"""How many there are, numbered from 0."""
_NOISE = 16
"""Grey levels that single pixels differ by, at most."""


def make_patterns(numbers: tuple[int, ...], size: tuple[int, int]) -> Images:
    """Coloured waves with a little noise: uint8 [len(numbers), height, width, 3].

    Args:
        numbers: of the patterns, each below `PATTERNS`.
        size: (height, width) in pixels; the same waves at every size.
    """
    return np.stack([_pattern(number, size) for number in numbers])


def _pattern(number: int, size: tuple[int, int]) -> np.ndarray:
    height, width = size
    rows = (np.arange(height, dtype=np.int64) * 256 // height)[:, None]  # 0 to 255 from top to bottom
    columns = (np.arange(width, dtype=np.int64) * 256 // width)[None, :]
    channels = []
    for channel in range(3):
        # Bytes of a hash are as good as chance, and the same forever.
        low, contrast, down, right, phase = hashlib.sha256(f"hubel pattern {number} {channel}".encode()).digest()[:5]
        wave = (rows * (down % 5) + columns * (right % 5) + phase) % 512
        folded = np.minimum(wave, 511 - wave)  # up and down again, 0 to 255
        grain = (rows * 7919 + columns * 104_729 + rows * columns * 31 + phase) % _NOISE
        channels.append(np.minimum(low * 3 // 4 + folded * contrast // 512 + grain, 255))
    return np.stack(channels, axis=-1).astype(np.uint8)
