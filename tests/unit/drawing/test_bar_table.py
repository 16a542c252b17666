"""A table with bars: lengths follow the values, points lie within their intervals, nothing lies outside the image."""

from __future__ import annotations

import pytest

from hubel.drawing.bar_table import Column, draw_table
from hubel.drawing.raster import render_png, width_of
from hubel.drawing.shapes import BLUE, ORANGE, Box, Line, Words

NAMES = ("first", "second", "third")


def shapes_of(kind: type, column: Column) -> list:
    return [
        shape for shape in draw_table("Title", "below", names=NAMES, columns=[column]).shapes if isinstance(shape, kind)
    ]


def test_bars_are_as_long_as_their_values_and_what_is_not_known_has_none():
    column = Column("parameters", [200, 50, None], ["200", "50", "-"])
    bars = [box for box in shapes_of(Box, column) if box.fill == BLUE]
    assert [bar.width / bars[0].width for bar in bars] == pytest.approx([1, 0.25])
    assert [words.text for words in shapes_of(Words, column)][-3:] == ["200", "50", "-"]


def test_points_lie_within_their_intervals_on_one_axis():
    intervals = [(0.5, 0.7), (0.8, 1.0), None]
    column = Column("accuracy", [0.6, 0.9, None], ["0.6", "0.9", "-"], intervals)
    points = [box.x + box.width / 2 for box in shapes_of(Box, column)]
    lines = [line.points for line in shapes_of(Line, column) if line.colour == ORANGE]
    assert len(points) == len(lines) == 2
    for point, ((low, _), (high, _)) in zip(points, lines, strict=True):
        assert point == pytest.approx((low + high) / 2)
    (low, high), (_, highest) = ((line[0][0], line[1][0]) for line in lines)
    assert (high - low) / (highest - low) == pytest.approx(0.2 / 0.5)


def test_everything_lies_inside_the_drawing_and_texts_do_not_overlap_bars():
    columns = [Column("a long title of a column", [1e9, 2, 3], ["1,000,000,000", "2", "3"]) for _ in range(4)]
    drawing = draw_table("Title", "below", names=NAMES, columns=columns)
    for shape in drawing.shapes:
        if isinstance(shape, Box):
            assert 0 < shape.x < shape.x + shape.width < drawing.width
            assert 0 < shape.y < shape.y + shape.height < drawing.height
        if isinstance(shape, Words):
            start = shape.x - (width_of(shape.text, shape.size) if shape.anchor == "end" else 0)
            assert 0 < start < start + width_of(shape.text, shape.size) < drawing.width


def test_equal_values_and_zeros_can_be_drawn():
    render_png(
        draw_table(
            "t", "s", names=["one"], columns=[Column("c", [0.0], ["0"]), Column("d", [0.5], ["0.5"], [(0.5, 0.5)])]
        )
    )
