"""An image of rectangles, words and images, as SVG and as PNG from one list of shapes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from hubel.arrays import Image
from hubel.images.render import to_png
from hubel.text import one_line

FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif"
SHARPNESS = 2
"""Pixels of the PNG for one of the image."""
_SPELT = str.maketrans({"×": "x", "–": "-", "√": "sqrt", "→": "->", "σ": "s", "Σ": "sum"})
"""Letters that the font at hand for pixels lacks."""
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Box:
    """A rectangle; ``fill`` None leaves it open, ``stroke`` None draws no edge."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    stroke: Colour | None = None
    stroke_width: float = 1.0


@dataclass(frozen=True)
class Words:
    """A line of text: ``y`` is its baseline, ``x`` its start, middle or end, as ``anchor`` says."""

    x: float
    y: float
    text: str
    size: float = 13.0
    colour: Colour = (29, 37, 48)
    anchor: str = "start"


@dataclass(frozen=True)
class Pixels:
    """An image, uint8 [height, width, 3]: made larger without smoothing, so that pixels stay visible."""

    x: float
    y: float
    width: float
    height: float
    image: Image


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: Colour
    width: float = 1.5


Shape = Box | Words | Pixels | Line


@dataclass(frozen=True)
class Drawing:
    """What is drawn on white, in this order.

    Args:
        width: of the image.
        height: of the image.
        shapes: later ones lie on top.
        title: what it shows, for those who cannot see it.
    """

    width: float
    height: float
    shapes: Sequence[Shape]
    title: str

    def to_svg(self) -> bytes:
        """A file of its own: nothing is loaded from outside."""
        style = f'font-family="{FONT}" style="font-variant-numeric:tabular-nums"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" role="img" {style}><title>{_text(self.title)}</title>'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(map(_svg, self.shapes))}</svg>\n'
        ).encode()

    def to_png(self) -> bytes:
        """Twice as fine as the SVG's own size."""
        size = round(self.width * SHARPNESS), round(self.height * SHARPNESS)
        canvas = PillowImage.new("RGB", size, "white")
        pen = ImageDraw.Draw(canvas)
        for shape in self.shapes:
            _paint(canvas, pen, shape)
        return to_png(np.asarray(canvas))


def width_of(text: str, size: float) -> float:
    """How wide a line of text is, near enough to make room for it."""
    return float(ImageFont.load_default(size).getlength(text))


def _svg(shape: Shape) -> str:
    if isinstance(shape, Words):
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        return (
            f'<text x="{shape.x:g}" y="{shape.y:g}" font-size="{shape.size:g}" fill="{_hex(shape.colour)}"{anchor}>'
            f"{_text(shape.text)}</text>"
        )
    if isinstance(shape, Line):
        points = " ".join(f"{x:g},{y:g}" for x, y in shape.points)
        return f'<polyline points="{points}" fill="none" stroke="{_hex(shape.colour)}" stroke-width="{shape.width:g}"/>'
    where = f'x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}"'
    if isinstance(shape, Pixels):
        data = base64.b64encode(to_png(shape.image)).decode()
        look = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
        return f'<image {where} {look} href="data:image/png;base64,{data}"/>'
    edge = "" if shape.stroke is None else f' stroke="{_hex(shape.stroke)}" stroke-width="{shape.stroke_width:g}"'
    return f'<rect {where} fill="{"none" if shape.fill is None else _hex(shape.fill)}"{edge}/>'


def _paint(canvas: PillowImage.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    if isinstance(shape, Words):
        font = ImageFont.load_default(shape.size * SHARPNESS)
        at = shape.x * SHARPNESS, shape.y * SHARPNESS
        pen.text(at, one_line(shape.text).translate(_SPELT), shape.colour, font, anchor=_ANCHORS[shape.anchor])
    elif isinstance(shape, Line):
        for (x0, y0), (x1, y1) in pairwise(shape.points):
            ends = [(x0 * SHARPNESS, y0 * SHARPNESS), (x1 * SHARPNESS, y1 * SHARPNESS)]
            pen.line(ends, shape.colour, round(shape.width * SHARPNESS))
    elif isinstance(shape, Pixels):
        size = max(1, round(shape.width * SHARPNESS)), max(1, round(shape.height * SHARPNESS))
        large = size[0] >= shape.image.shape[1] and size[1] >= shape.image.shape[0]
        how = PillowImage.Resampling.NEAREST if large else PillowImage.Resampling.BOX
        enlarged = PillowImage.fromarray(shape.image).resize(size, how)
        canvas.paste(enlarged, (round(shape.x * SHARPNESS), round(shape.y * SHARPNESS)))
    else:
        left, top = shape.x * SHARPNESS, shape.y * SHARPNESS
        corners = [left, top, left + shape.width * SHARPNESS, top + shape.height * SHARPNESS]
        pen.rectangle(corners, shape.fill, shape.stroke, round(shape.stroke_width * SHARPNESS) if shape.stroke else 0)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _text(text: str) -> str:
    return escape(one_line(text))
