"""Plots as vector figures whose colours are those of the page, light or dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from hubel.drawing.shapes import MUTED, Dot, Drawing, Line, Shape, ShapeGroup, Words
from hubel.drawing.svg import inline_svg
from hubel.text import one_line

WIDTH, HEIGHT = 480.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 78.0, 26.0, 12.0, 44.0


@dataclass(frozen=True)
class Axis:
    """One axis.

    Args:
        title: what it measures, with its unit.
        low: value at its beginning.
        high: value at its end, above ``low``.
        form: how a value is written at a tick.
        whole: only whole numbers get a tick.
    """

    title: str
    low: float
    high: float
    form: Callable[[float], str] = "{:g}".format
    whole: bool = False

    def share(self, value: float) -> float:
        """Where a value lies along the axis: 0 at its beginning, 1 at its end."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """About five round values."""
        rough = (self.high - self.low) / 5
        size = 10 ** math.floor(math.log10(rough))
        step = next(size * each for each in (1, 2, 2.5, 5, 10) if size * each >= rough * 0.999)
        if self.whole:
            step = max(1, round(step))
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Curve:
    """Points that belong together.

    Args:
        name: for the legend; "" leaves it out of there.
        points: (x, y).
        look: a class of the style sheet: ``first``, ``second``, ``third`` or ``guide``.
        line: the points are joined.
        dots: the points are marked.
        bars: (low, high) of each point along y, drawn as a line through it.
        sizes: radius of each dot in pixels; 3 where there are none.
    """

    name: str
    points: Sequence[tuple[float, float]]
    look: str = "first"
    line: bool = True
    dots: bool = False
    bars: Sequence[tuple[float, float]] = ()
    sizes: Sequence[float] = ()


def draw_plot(title: str, x: Axis, *, y: Axis, curves: Sequence[Curve]) -> Markup:
    """An inline SVG, and the names of the curves below it.

    Args:
        title: what it shows, for those who cannot see it.
        x: to the right.
        y: upwards.
        curves: later ones lie on top.
    """
    shapes = [*_grid(x, y), *(_curve(curve, x, y=y) for curve in curves)]
    legend = "".join(
        f'<li><span class="key {curve.look}"></span>{escape(one_line(curve.name))}</li>'
        for curve in curves
        if curve.name
    )
    figure = inline_svg(Drawing(WIDTH, HEIGHT, shapes, title))
    return Markup(f'<div class="plot">{figure}<ul class="legend">{legend}</ul></div>')  # noqa: S704  (all is escaped)


def _grid(x: Axis, y: Axis) -> list[Shape]:
    shapes: list[Shape] = []
    for value in y.ticks():
        at = _y(y, value)
        shapes.append(Line(((LEFT, at), (WIDTH - RIGHT, at)), look="grid"))
        shapes.append(Words(LEFT - 8, at + 4, y.form(value), 12, MUTED, "end", look="tick end"))
    for value in x.ticks():
        at = _x(x, value)
        shapes.append(Line(((at, HEIGHT - BOTTOM), (at, HEIGHT - BOTTOM + 4)), look="grid"))
        shapes.append(Words(at, HEIGHT - BOTTOM + 18, x.form(value), 12, MUTED, "middle", look="tick middle"))
    middle, height = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    shapes.append(Words(middle, HEIGHT - 6, x.title, 12, MUTED, "middle", look="title middle"))
    shapes.append(Words(14, height, y.title, 12, MUTED, "middle", turned=True, look="title middle"))
    return shapes


def _curve(curve: Curve, x: Axis, *, y: Axis) -> ShapeGroup:
    known = [place for place, (_, up) in enumerate(curve.points) if math.isfinite(up)]
    points = [(_x(x, curve.points[place][0]), _y(y, curve.points[place][1])) for place in known]
    shapes: list[Shape] = []
    if curve.line and len(points) > 1:
        shapes.append(Line(tuple(points), look="line"))
    if curve.bars:
        for (across, _), place in zip(points, known, strict=True):
            low, high = (_y(y, end) for end in curve.bars[place])
            shapes.append(Line(((across, low), (across, high)), look="line"))
    if curve.dots or len(points) == 1:
        sizes = [curve.sizes[place] if curve.sizes else 3.0 for place in known]
        shapes += [Dot(*at, round(size, 1)) for at, size in zip(points, sizes, strict=True)]
    return ShapeGroup(shapes, curve.look)


def _x(axis: Axis, value: float) -> float:
    return round(LEFT + min(1.0, max(0.0, axis.share(value))) * (WIDTH - LEFT - RIGHT), 1)


def _y(axis: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - min(1.0, max(0.0, axis.share(value))) * (HEIGHT - TOP - BOTTOM), 1)
