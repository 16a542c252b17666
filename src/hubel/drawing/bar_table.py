"""A table whose numbers are bars, or points with an interval: what differs between rows is seen before it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubel.drawing.raster import width_of
from hubel.drawing.shapes import BLUE, INK, MUTED, ORANGE, Box, Colour, Drawing, Line, Shape, Words

GRID: Colour = (228, 232, 238)
MARGIN, GAP, ROW, TOP, BAR = 32.0, 36.0, 26.0, 100.0, 150.0


@dataclass(frozen=True)
class Column:
    """One number of each row.

    Args:
        title: with its unit.
        values: of each row; None where there is none.
        texts: the same as shown.
        intervals: (low, high) of each row: the column is drawn as points on a shared axis from the lowest to the
            highest; None for bars from 0.
        colours: of each row's bar; by default all are blue.
    """

    title: str
    values: Sequence[float | None]
    texts: Sequence[str]
    intervals: Sequence[tuple[float, float] | None] | None = None
    colours: Sequence[Colour] | None = None


def draw_table(title: str, subtitle: str, *, names: Sequence[str], columns: Sequence[Column]) -> Drawing:
    """Rows from the top, columns from the left, each with its own scale.

    Args:
        title: first line.
        subtitle: second line.
        names: of the rows.
        columns: with a value for each row.
    """
    lefts = [MARGIN + max(width_of(name, 13) for name in names) + GAP]
    for column in columns:
        lefts.append(lefts[-1] + max(BAR + _room(column), width_of(column.title, 13)) + GAP)
    width = max(lefts[-1] - GAP, MARGIN + width_of(title, 20), MARGIN + width_of(subtitle, 13)) + MARGIN
    shapes: list[Shape] = [Words(MARGIN, 42, title, 20), Words(MARGIN, 64, subtitle, 13, MUTED)]
    ruled = (TOP + ROW * line for line in range(len(names) + 1))
    shapes += [Line(((MARGIN, y), (width - MARGIN, y)), GRID, 1) for y in ruled]
    shapes += [Words(MARGIN, _baseline(line), name, 13) for line, name in enumerate(names)]
    for column, left in zip(columns, lefts, strict=False):
        shapes.append(Words(left, TOP - 10, column.title, 13, MUTED))
        shapes += _column(column, left)
    return Drawing(width, TOP + ROW * len(names) + MARGIN, shapes, f"{title}. {subtitle}")


def _room(column: Column) -> float:
    return max(width_of(text, 13) for text in column.texts) + 12


def _baseline(line: int) -> float:
    return TOP + ROW * line + ROW / 2 + 4.5


def _column(column: Column, left: float) -> list[Shape]:
    start = left + _room(column)
    known = [value for value in column.values if value is not None]
    pairs = [pair for pair in column.intervals or () if pair is not None]
    low = min((pair[0] for pair in pairs), default=0.0)
    high = max([*known, *(pair[1] for pair in pairs)], default=1.0) or 1.0
    shapes: list[Shape] = []

    def x_of(value: float) -> float:
        return start + BAR * (value - low) / ((high - low) or 1.0)

    for line, (value, text) in enumerate(zip(column.values, column.texts, strict=True)):
        shapes.append(Words(start - 12, _baseline(line), text, 13, INK, "end"))
        if value is None:
            continue
        middle = TOP + ROW * line + ROW / 2
        pair = None if column.intervals is None else column.intervals[line]
        colour = BLUE if column.colours is None else column.colours[line]
        if column.intervals is None:
            shapes.append(Box(start, middle - 6, max(1.0, x_of(value) - start), 12, colour))
            continue
        if pair is not None:
            shapes.append(Line(((x_of(pair[0]), middle), (x_of(pair[1]), middle)), ORANGE, 2))
        shapes.append(Box(x_of(value) - 3.5, middle - 3.5, 7, 7, ORANGE))
    return shapes
