"""Arrays → pictures: feature maps, filters and patches as labelled tiles. Pixels only, no framework."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from hubel.arrays import HeatMap, Image

GAP, LABEL = 6, 14
"""Pixels between tiles, and of the line of text above each."""
BACKGROUND, INK = (255, 255, 255), (40, 40, 40)
NEGATIVE, POSITIVE = np.array([38.0, 92.0, 196.0]), np.array([222.0, 108.0, 22.0])


def grey_tile(values: np.ndarray, *, largest: float) -> Image:
    """A map of values from 0: black is 0, white is ``largest`` and more.

    Args:
        values: [height, width].
        largest: above 0; the same for all maps that are to be compared.
    """
    grey = np.clip(values / (largest or 1.0), 0, 1) * 255
    return np.repeat(np.rint(grey)[..., None], 3, axis=-1).astype(np.uint8)


def signed_tile(values: np.ndarray, *, largest: float) -> Image:
    """A map of values of both signs: white is 0, blue is ``-largest``, orange is ``largest``.

    Args:
        values: [height, width].
        largest: above 0.
    """
    share = np.clip(values / (largest or 1.0), -1, 1)[..., None]
    end = np.where(share < 0, NEGATIVE, POSITIVE)
    return np.rint(255 + np.abs(share) * (end - 255)).astype(np.uint8)


def colour_tile(kernel: np.ndarray, *, largest: float) -> Image:
    """A filter that sees red, green and blue, as a colour: grey is 0.

    Args:
        kernel: [height, width, 3].
        largest: above 0; the value that is brightest.
    """
    return np.rint(127.5 + 127.5 * np.clip(kernel / (largest or 1.0), -1, 1)).astype(np.uint8)


def heat_tile(image: Image, heat: HeatMap) -> Image:
    """An image in grey on which orange marks what speaks for a class.

    Args:
        image: uint8 [height, width, 3].
        heat: float32 [height, width], 0 to 1.
    """
    grey = 60 + 0.65 * image.astype(np.float64).mean(axis=-1, keepdims=True)
    share = 0.85 * heat.astype(np.float64)[..., None]
    return np.rint(grey + share * (POSITIVE - grey)).astype(np.uint8)


def render_tiles(rows: Sequence[Sequence[tuple[str, Image]]], *, side: int, title: str) -> bytes:
    """Rows of labelled tiles as a PNG.

    Args:
        rows: each a list of (label, uint8 [height, width, 3]).
        side: pixels of each tile's larger side; tiles are enlarged without smoothing, so that pixels stay visible.
        title: one line at the top.
    """
    font = ImageFont.load_default(11)
    wide = max(len(row) for row in rows)
    width = max(GAP + wide * (side + GAP), int(font.getlength(title)) + 2 * GAP)
    canvas = PillowImage.new("RGB", (width, LABEL + 2 * GAP + len(rows) * (side + LABEL + GAP)), BACKGROUND)
    pen = ImageDraw.Draw(canvas)
    pen.text((GAP, GAP), title, INK, font)
    for line, row in enumerate(rows):
        top = LABEL + 2 * GAP + line * (side + LABEL + GAP)
        for column, (label, tile) in enumerate(row):
            left = GAP + column * (side + GAP)
            pen.text((left, top), label, INK, font)
            canvas.paste(_enlarged(tile, side), (left, top + LABEL))
    return to_png(np.asarray(canvas))


def in_rows(tiles: Sequence[tuple[str, Image]], *, columns: int) -> list[list[tuple[str, Image]]]:
    """One list of tiles as rows of ``columns``."""
    return [list(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]


def to_png(image: Image) -> bytes:
    """uint8 [height, width, 3] → the bytes of a PNG file."""
    buffer = io.BytesIO()
    PillowImage.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def _enlarged(tile: Image, side: int) -> PillowImage.Image:
    scale = side / max(tile.shape[:2])
    size = max(1, round(tile.shape[1] * scale)), max(1, round(tile.shape[0] * scale))
    how = PillowImage.Resampling.NEAREST if scale >= 1 else PillowImage.Resampling.BILINEAR
    return PillowImage.fromarray(tile).resize(size, how)
