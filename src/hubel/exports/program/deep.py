"""Images with more than 8 bits for each colour, or floats: what their numbers are as RGB of 8 bits, over white."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from PIL import Image

DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
BLOCK_PIXELS = 1_000_000
"""Pixels that are converted at a time: as floats, the whole would take many times its memory."""


def to_rgb(image: Image.Image, data: bytes, *, of: dict[str, Any]) -> Image.Image:
    """The image in mode RGB: of the corpus' range, or of its own where there is none, the ends become 0 and 255.

    Args:
        image: loaded: a PNG, or of one of the `DEEP_MODES`.
        data: of its file.
        of: the preprocessing of ``classifier.json``.
    """
    values, has_alpha, hidden = _values(image, data)
    colours = values.shape[2] - has_alpha
    floats = bool(np.issubdtype(values.dtype, np.floating))
    given = of.get("float_range" if floats else "integer_range")
    low, high = given or _own_range(values, colours, hidden=hidden, floats=floats)
    opaque = _opaque(values[..., -1], high) if has_alpha else 1.0
    height, width = values.shape[:2]
    rgb, rows = Image.new("RGB", (width, height)), max(1, BLOCK_PIXELS // width)
    for top in range(0, height, rows):
        block = values[top : top + rows]
        levels = _stretched(block[..., :colours], low, high=high)
        if has_alpha:
            share = np.clip(block[..., -1:] / opaque, 0, 1).astype(np.float32)
            levels = np.round(np.minimum(levels * share + 255 * (1 - share), 255)).astype(np.uint8)
        if hidden is not None:
            levels[_is_hidden(block[..., :colours], hidden)] = 255
        if colours == 1:
            levels = np.repeat(levels, 3, axis=2)
        rgb.paste(Image.fromarray(np.ascontiguousarray(levels)), (0, top))
    return rgb


def _values(image: Image.Image, data: bytes) -> tuple[np.ndarray, bool, tuple[int, ...] | None]:
    """[height, width, channels]; whether the last is transparency; and which values are transparent, if any."""
    hidden = image.info.get("transparency")
    if image.mode in DEEP_MODES:
        return np.asarray(image)[..., None], False, None if hidden is None else (hidden,)
    colour_type = data[25]  # of a PNG, of whose numbers Pillow keeps the upper byte
    if colour_type == 4:  # grey and transparency: four bytes
        return np.ascontiguousarray(_unpacked(data, "RGBA")).view(">u2").astype(np.uint16), True, None
    values = np.asarray(image).astype(np.uint16) << 8 | _unpacked(data, f"{image.mode};16L")
    return values, colour_type == 6, hidden if isinstance(hidden, tuple) else None


def _unpacked(data: bytes, raw_mode: str) -> np.ndarray:
    """The bytes of a PNG, taken in another order than they have."""
    image: Any = Image.open(io.BytesIO(data), formats=("PNG",))
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    return np.asarray(image)


def _is_hidden(colours: np.ndarray, hidden: tuple[int, ...]) -> np.ndarray:
    return (colours == np.array(hidden)).all(axis=-1)


def _own_range(
    values: np.ndarray, colours: int, *, hidden: tuple[int, ...] | None, floats: bool
) -> tuple[float, float]:
    """Grey from its lowest to its highest value that can be seen; colour from 0 to its full scale."""
    seen = values[..., :colours]
    visible = np.isfinite(seen) if floats else np.ones(seen.shape, bool)
    if hidden is not None:
        visible &= ~_is_hidden(seen, hidden)[..., None]
    if colours < values.shape[2]:
        visible &= values[..., -1:] != 0
    if not visible.any():
        return 0.0, 0.0
    low, high = float(seen[visible].min()), float(seen[visible].max())
    return (low, high) if colours == 1 or low < 0 else (0.0, _full_scale(high))


def _full_scale(highest: float) -> float:
    """The least of 255, 511, 1,023 … that is not below it."""
    return float(2 ** max(8, math.ceil(highest).bit_length()) - 1)


def _opaque(alpha: np.ndarray, high: float) -> float:
    """The number of transparency that hides everything behind: a camera of 11 bits writes 2,047, or 65,535."""
    full = _full_scale(high)
    return full if float(alpha.max()) <= full else float(np.iinfo(alpha.dtype).max)


def _stretched(values: np.ndarray, low: float, *, high: float) -> np.ndarray:
    """uint8 of the same shape; no number (NaN) becomes 0."""
    if high == low:
        return np.full(values.shape, 255 if high > 0 else 0, np.uint8)
    finite = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    return np.round((np.clip(finite, low, high) - low) / (high - low) * 255).astype(np.uint8)
