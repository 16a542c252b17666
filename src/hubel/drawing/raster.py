"""Drawing → pixels, and pixels → PNG."""

from __future__ import annotations

import io
from functools import lru_cache
from itertools import pairwise
from typing import cast

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from hubel.arrays import Image
from hubel.drawing.shapes import WHITE, Area, Dot, Drawing, Line, Pixels, Shape, ShapeGroup, Words, tinted
from hubel.text import one_line

SHARPNESS = 2.0
"""Pixels of a PNG for one of the drawing."""
_SPELT = str.maketrans({"×": "x", "–": "-", "√": "sqrt", "→": "->", "↓": "v", "≈": "~", "σ": "s", "Σ": "sum"})
"""Letters that the font at hand for pixels lacks."""
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs", "centre": "mm"}


def render_png(drawing: Drawing) -> bytes:
    """Twice as fine as the drawing's own size."""
    canvas = blank(drawing, SHARPNESS)
    for shape in drawing.shapes:
        paint(canvas, shape, scale=SHARPNESS)
    return to_png(np.asarray(canvas))


def to_png(image: Image) -> bytes:
    """uint8 [height, width, 3], or [height, width] of grey → the bytes of a PNG file."""
    buffer = io.BytesIO()
    PillowImage.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def width_of(text: str, size: float) -> float:
    """How wide a line of text is, near enough to make room for it.

    Args:
        text: the line.
        size: of its letters in pixels.
    """
    return float(_font(size).getlength(text))


def blank(drawing: Drawing, scale: float) -> PillowImage.Image:
    """A white canvas of a drawing's size.

    Args:
        drawing: whose size it has.
        scale: pixels for one of the drawing.
    """
    return PillowImage.new("RGB", (round(drawing.width * scale), round(drawing.height * scale)), "white")


def paint(canvas: PillowImage.Image, shape: Shape, *, scale: float, move: tuple[float, float] = (0.0, 0.0)) -> None:
    """Draw a shape onto a canvas.

    Args:
        canvas: changed in place.
        shape: what to draw.
        scale: pixels for one of the drawing.
        move: (x, y) that it is away from its place, in pixels of the drawing.
    """
    pen = ImageDraw.Draw(canvas)

    def at(x: float, y: float) -> tuple[float, float]:
        return (x + move[0]) * scale, (y + move[1]) * scale

    match shape:
        case ShapeGroup():
            for each in shape.shapes:
                paint(canvas, each, scale=scale, move=move)
        case Words():
            _write(canvas, pen, words=shape, at=at(shape.x, shape.y), scale=scale)
        case Line():
            for start, end in pairwise(shape.points):
                pen.line([at(*start), at(*end)], shape.colour, round(shape.width * scale))
        case Area():
            pen.polygon([at(*point) for point in shape.points], tinted(shape.fill, shape.opacity), WHITE)
        case Dot():
            pen.circle(at(shape.x, shape.y), shape.radius * scale, shape.fill)
        case Pixels():
            size = max(1, round(shape.width * scale)), max(1, round(shape.height * scale))
            large = size[0] >= shape.image.shape[1] and size[1] >= shape.image.shape[0]
            how = PillowImage.Resampling.NEAREST if large else PillowImage.Resampling.BOX
            left, top = at(shape.x, shape.y)
            canvas.paste(PillowImage.fromarray(shape.image).resize(size, how), (round(left), round(top)))
        case _:
            corners = [*at(shape.x, shape.y), *at(shape.x + shape.width, shape.y + shape.height)]
            edge = max(1, round(shape.stroke_width * scale)) if shape.stroke else 0
            pen.rectangle(corners, shape.fill, shape.stroke, edge)


def _write(
    canvas: PillowImage.Image, pen: ImageDraw.ImageDraw, *, words: Words, at: tuple[float, float], scale: float
) -> None:
    font = _font(words.size * scale)
    text = one_line(words.text).translate(_SPELT)
    if not words.turned:
        pen.text(at, text, words.colour, font, anchor=_ANCHORS[words.anchor])
        return
    side = 2 * round(font.getlength(text) + words.size * scale)
    mask = PillowImage.new("L", (side, side))
    ImageDraw.Draw(mask).text((side / 2, side / 2), text, 255, font, anchor=_ANCHORS[words.anchor])
    canvas.paste(words.colour, (round(at[0]) - side // 2, round(at[1]) - side // 2), mask.rotate(90))


@lru_cache(32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    return cast("ImageFont.FreeTypeFont", ImageFont.load_default(size))
