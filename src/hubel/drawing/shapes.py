"""What a drawing is made of: shapes as plain values, the same for SVG, PNG and GIF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hubel.arrays import Image

Colour: TypeAlias = tuple[int, int, int]

INK: Colour = (29, 37, 48)
MUTED: Colour = (91, 102, 114)
WHITE: Colour = (255, 255, 255)
BLUE: Colour = (61, 124, 201)
ORANGE: Colour = (217, 72, 15)


def tinted(colour: Iterable[float], share: float) -> Colour:
    """So much of a colour, on white.

    Args:
        colour: red, green and blue.
        share: 0 for white, 1 for the colour itself.
    """
    red, green, blue = (round(255 + share * (part - 255)) for part in colour)
    return red, green, blue


@dataclass(frozen=True)
class Box:
    """A rectangle; ``fill`` None leaves it open, ``stroke`` None draws no edge.

    A shape with a ``look`` has a class of that name in SVG, and a style sheet says there how it looks; its own fields
    say it where there are only pixels. The fill of a box is its own in both.
    """

    x: float
    y: float
    width: float
    height: float
    fill: Colour | None = None
    stroke: Colour | None = None
    stroke_width: float = 1.0
    look: str = ""


@dataclass(frozen=True)
class Words:
    """A line of text: ``y`` is its baseline, ``x`` its start, middle or end, as ``anchor`` says.

    With the anchor ``"centre"``, (x, y) is the middle of the text in both directions. Text that is ``turned`` reads
    upwards. The font of pixels has no bold letters.
    """

    x: float
    y: float
    text: str
    size: float = 13.0
    colour: Colour = INK
    anchor: str = "start"
    bold: bool = False
    turned: bool = False
    look: str = ""


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
    colour: Colour = INK
    width: float = 1.5
    look: str = ""


@dataclass(frozen=True)
class Area:
    """A polygon with a white edge; ``opacity`` lets what is below shine through, which in pixels is always white."""

    points: tuple[tuple[float, float], ...]
    fill: Colour
    opacity: float = 1.0


@dataclass(frozen=True)
class Dot:
    """A disc around (x, y)."""

    x: float
    y: float
    radius: float
    fill: Colour = INK
    look: str = ""


@dataclass(frozen=True)
class ShapeGroup:
    """Shapes that belong together.

    Args:
        shapes: later ones lie on top.
        look: a class for all of them.
        shown: (first step, step behind the last) in which they are there; None for always.
        moves: (x, y) that they are away from their places, for each step; empty where they stay.
    """

    shapes: Sequence[Shape]
    look: str = ""
    shown: tuple[int, int] | None = None
    moves: Sequence[tuple[float, float]] = ()


Shape: TypeAlias = Box | Words | Pixels | Line | Area | Dot | ShapeGroup


@dataclass(frozen=True)
class Drawing:
    """What is drawn on white, in this order.

    Args:
        width: of the image.
        height: of the image.
        shapes: later ones lie on top; what moves or disappears again comes last.
        title: what it shows, for those who cannot see it.
        description: the same at length; "" where the title says it all.
        style: rules of a style sheet for the looks of its shapes.
        steps: of an animation; 1 for a drawing that stands still.
        step_s: seconds that each step stands; 0 where a page shows the steps.
    """

    width: float
    height: float
    shapes: Sequence[Shape]
    title: str
    description: str = ""
    style: str = ""
    steps: int = 1
    step_s: float = 0.0
