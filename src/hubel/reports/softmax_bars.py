"""Softmax as three columns of bars: logits, their exponentials, and the probabilities, which add up to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.drawing.raster import width_of
from hubel.drawing.shapes import INK, MUTED, ORANGE, Box, Colour, Line, Shape, Words
from hubel.explanation.trace import Trace
from hubel.explanation.worked_value import number
from hubel.text import one_line

CLASSES_SHOWN = 10
BAR, ROW, GAP, ROOM = 110.0, 24.0, 40.0, 78.0
LONGEST_NAME = 24
BLUE: Colour = (126, 176, 230)


@dataclass(frozen=True)
class PlacedShapes:
    """What was drawn, and how far it reaches."""

    shapes: list[Shape]
    right: float
    bottom: float


def draw_softmax(trace: Trace, left: float, *, top: float) -> PlacedShapes:
    """The classes with the largest probabilities, the traced one in orange.

    Args:
        trace: of probabilities: its terms are the logits of all classes, their products those over the temperature.
        left: where the names begin.
        top: of the first row.
    """
    names = [_name(term.label.removeprefix("logit ")) for term in trace.terms]
    scaled = np.array([term.product for term in trace.terms])
    exponentials = np.exp(scaled - scaled.max())
    probabilities = exponentials / exponentials.sum()
    traced = int(np.abs(probabilities - trace.value).argmin())
    order = [int(each) for each in np.argsort(-probabilities, kind="stable")]
    shown = order[:CLASSES_SHOWN]
    if traced not in shown:
        shown[-1] = traced
    indent = max(width_of(names[each], 13) for each in shown) + 16
    shapes: list[Shape] = [
        Words(left, top + ROW * line + ROW / 2 + 12, names[each], 13, ORANGE if each == traced else INK)
        for line, each in enumerate(shown)
    ]
    temperature = 1 / (trace.terms[0].weight or 1.0)
    columns = {
        f"logit / {number(temperature)}": scaled,
        "e^(logit - largest)": exponentials,
        "share of the sum": probabilities,
    }
    x = left + indent
    for title, values in columns.items():
        shapes += _column((x, top), title, values=values[shown], traced=shown.index(traced))
        x += BAR + ROOM + GAP
    bottom = top + ROW * (len(shown) + 1)
    rest = len(order) - len(shown)
    said = f"all {len(order)} shares add up to 1"
    if rest:
        said = f"{rest} more classes: {number(1 - float(probabilities[shown].sum()))}; {said}"
    shapes.append(Words(x - GAP, bottom + 10, said, 13, MUTED, "end"))
    added = f"the exponentials add up to {number(float(exponentials.sum()))}"
    shapes.append(Words(x - GAP, bottom + 28, added, 13, MUTED, "end"))
    return PlacedShapes(shapes, x - GAP, bottom + 28)


def _name(text: str) -> str:
    plain = one_line(text)
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"


def _column(
    corner: tuple[float, float], title: str, *, values: Sequence[float] | np.ndarray, traced: int
) -> list[Shape]:
    """Bars from zero, to the left where values are below it."""
    x, top = corner
    low, high = min(0.0, float(np.min(values))), max(0.0, float(np.max(values)))
    per_unit = BAR / ((high - low) or 1.0)
    zero = x - low * per_unit
    shapes: list[Shape] = [Words(x, top - 8, title, 13, MUTED)]
    for line, value in enumerate(values):
        y = top + ROW * line + ROW / 2
        start = zero + min(0.0, float(value)) * per_unit
        shapes.append(Box(start, y, max(abs(float(value)) * per_unit, 0.5), 16, ORANGE if line == traced else BLUE))
        shapes.append(Words(x + BAR + 8, y + 12, f"{value:.4g}", 13, INK))
    shapes.append(Line(((zero, top + 4), (zero, top + ROW * (len(values) + 0.5) + 4)), MUTED, 1))
    return shapes
