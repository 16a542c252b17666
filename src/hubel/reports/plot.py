"""Plots as vector figures whose colours are those of the page, light or dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

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


def draw_plot(title: str, x: Axis, y: Axis, curves: Sequence[Curve]) -> Markup:
    """An inline SVG, and the names of the curves below it.

    Args:
        title: what it shows, for those who cannot see it.
        x: to the right.
        y: upwards.
        curves: later ones lie on top.
    """
    inside = "".join([_grid(x, y), *(_curve(curve, x, y) for curve in curves)])
    legend = "".join(
        f'<li><span class="key {curve.look}"></span>{_text(curve.name)}</li>' for curve in curves if curve.name
    )
    return Markup(  # noqa: S704  (every text in it is escaped)
        f'<div class="plot"><svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{_text(title)}">{inside}'
        f'</svg><ul class="legend">{legend}</ul></div>'
    )


def _grid(x: Axis, y: Axis) -> str:
    parts = []
    for value in y.ticks():
        at = _y(y, value)
        parts.append(f'<path class="grid" d="M{LEFT:g} {at:.1f}H{WIDTH - RIGHT:g}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 8:g}" y="{at + 4:.1f}">{_text(y.form(value))}</text>')
    for value in x.ticks():
        at = _x(x, value)
        parts.append(f'<path class="grid" d="M{at:.1f} {HEIGHT - BOTTOM:g}v4"/>')
        parts.append(
            f'<text class="tick middle" x="{at:.1f}" y="{HEIGHT - BOTTOM + 18:g}">{_text(x.form(value))}</text>'
        )
    middle, height = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text class="title middle" x="{middle:g}" y="{HEIGHT - 6:g}">{_text(x.title)}</text>')
    parts.append(f'<text class="title middle" transform="translate(14 {height:g}) rotate(-90)">{_text(y.title)}</text>')
    return "".join(parts)


def _curve(curve: Curve, x: Axis, y: Axis) -> str:
    known = [place for place, (_, up) in enumerate(curve.points) if math.isfinite(up)]
    places = [(_x(x, curve.points[place][0]), _y(y, curve.points[place][1])) for place in known]
    parts = []
    if curve.line and len(places) > 1:
        path = "L".join(f"{across:.1f} {up:.1f}" for across, up in places)
        parts.append(f'<path class="line" d="M{path}"/>')
    if curve.bars:
        ends = [(_y(y, low), _y(y, high)) for low, high in (curve.bars[place] for place in known)]
        parts += [
            f'<path class="line" d="M{across:.1f} {low:.1f}V{high:.1f}"/>'
            for (across, _), (low, high) in zip(places, ends, strict=True)
        ]
    if curve.dots or len(places) == 1:
        sizes = [curve.sizes[place] if curve.sizes else 3.0 for place in known]
        parts += [
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="{size:.1f}"/>'
            for (across, up), size in zip(places, sizes, strict=True)
        ]
    return f'<g class="{curve.look}">{"".join(parts)}</g>'


def _x(axis: Axis, value: float) -> float:
    return LEFT + min(1.0, max(0.0, axis.share(value))) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - min(1.0, max(0.0, axis.share(value))) * (HEIGHT - TOP - BOTTOM)


def _text(text: str) -> str:
    return escape(one_line(text))
