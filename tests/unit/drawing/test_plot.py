"""Plots: points lie where their values say, names are only text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.drawing.plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Curve, draw_plot


def circles(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_points_lie_where_their_values_say():
    x, y = Axis("epoch", 0, 10), Axis("loss", 0, 2)
    svg = draw_plot("t", x, y=y, curves=[Curve("a", [(0, 0), (5, 1), (10, 2)], dots=True)])
    across = [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
    up = [HEIGHT - BOTTOM, (TOP + HEIGHT - BOTTOM) / 2, TOP]
    assert circles(svg) == [pytest.approx(pair, abs=0.06) for pair in zip(across, up, strict=True)]


def test_what_is_no_number_is_left_out_and_a_lone_point_is_marked():
    svg = draw_plot("t", Axis("x", 0, 1), y=Axis("y", 0, 1), curves=[Curve("a", [(0, float("nan")), (1, 0.5)])])
    assert len(circles(svg)) == 1


def test_bars_and_sizes_belong_to_the_points_that_are_left():
    nan = float("nan")
    curve = Curve("a", [(0, nan), (1, 1)], line=False, dots=True, bars=[(nan, nan), (0, 2)], sizes=[9.0, 4.0])
    svg = draw_plot("t", Axis("x", 0, 1), y=Axis("y", 0, 2), curves=[curve])
    assert f'points="{WIDTH - RIGHT:g},{HEIGHT - BOTTOM:g} {WIDTH - RIGHT:g},{TOP:g}"' in svg
    assert 'r="4"' in svg
    assert 'r="9"' not in svg


def test_names_are_only_text():
    script = "<script>alert(1)</script>"
    svg = draw_plot(script, Axis(script, 0, 1), y=Axis(script, 0, 1), curves=[Curve(script, [(0, 0)])])
    assert "<script" not in svg
    assert svg.count("&lt;script&gt;") == 4


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_a_few_round_values_inside_the_axis(low: float, length: float):
    axis = Axis("x", low, low + length)
    if axis.high - axis.low < 1e-9 * max(abs(low), 1):
        return  # not told apart by floating point
    ticks = axis.ticks()
    assert 2 <= len(ticks) <= 7
    slack = 1e-6 * length
    assert all(axis.low - slack <= tick <= axis.high + slack for tick in ticks)


def test_whole_numbers_only_where_asked_for():
    assert Axis("epoch", 0, 2, whole=True).ticks() == [0, 1, 2]
    assert Axis("share", 0, 1).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
