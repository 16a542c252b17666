"""Pixels show the same shapes as SVG does."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hubel.drawing.raster import SHARPNESS, render_png, width_of
from hubel.drawing.shapes import Area, Box, Dot, Drawing, Line, Pixels, Shape, ShapeGroup, Words

RED, GREEN = (255, 0, 0), (0, 128, 0)


def painted(*shapes: Shape) -> np.ndarray:
    with Image.open(io.BytesIO(render_png(Drawing(60, 40, shapes, "t")))) as image:
        return np.asarray(image.convert("RGB"))


def at(pixels: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    return tuple(map(int, pixels[round(y * SHARPNESS), round(x * SHARPNESS)]))


def test_the_ground_is_white_and_a_png_is_twice_as_fine():
    pixels = painted()
    assert pixels.shape == (80, 120, 3)
    assert (pixels == 255).all()


@pytest.mark.parametrize(
    ("shape", "inside", "outside"),
    [
        (Box(10, 10, 20, 10, RED), (20, 15), (40, 15)),
        (Box(10, 10, 20, 10, None, RED, 2), (10.5, 15), (20, 15)),
        (Line(((5, 20), (50, 20)), RED, 2), (30, 20), (30, 26)),
        (Area(((10, 10), (40, 10), (40, 30), (10, 30)), RED), (25, 20), (50, 20)),
        (Dot(30, 20, 6, RED), (30, 20), (37, 20)),
        (Pixels(10, 10, 20, 10, np.full((1, 1, 3), RED, np.uint8)), (20, 15), (40, 15)),
        (ShapeGroup([Box(10, 10, 20, 10, RED)]), (20, 15), (40, 15)),
    ],
)
def test_a_shape_is_painted_where_it_lies(shape: Shape, inside: tuple[float, float], outside: tuple[float, float]):
    pixels = painted(shape)
    assert at(pixels, *inside) == RED
    assert at(pixels, *outside) == (255, 255, 255)


def test_what_lies_later_in_the_list_lies_on_top():
    assert at(painted(Box(0, 0, 20, 20, RED), Box(0, 0, 20, 20, GREEN)), 10, 10) == GREEN


def test_a_pale_area_is_mixed_with_white():
    assert at(painted(Area(((0, 0), (30, 0), (30, 30), (0, 30)), (0, 0, 0), 0.6)), 10, 10) == (102, 102, 102)


def inked(pixels: np.ndarray) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of what is not white, in pixels of the drawing."""
    rows, columns = np.nonzero((pixels < 200).any(axis=-1))
    return columns.min() / SHARPNESS, rows.min() / SHARPNESS, columns.max() / SHARPNESS, rows.max() / SHARPNESS


@pytest.mark.parametrize("anchor", ["start", "middle", "end"])
def test_words_stand_on_their_baseline_at_their_anchor(anchor: str):
    left, _, right, bottom = inked(painted(Words(30, 25, "HHH", 12, anchor=anchor)))
    assert {"start": left, "middle": (left + right) / 2, "end": right}[anchor] == pytest.approx(30, abs=2)
    assert right - left == pytest.approx(width_of("HHH", 12), abs=4)
    assert bottom == pytest.approx(25, abs=1)


def test_centred_words_have_their_middle_there():
    left, top, right, bottom = inked(painted(Words(30, 20, "HH", 12, anchor="centre")))
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((30, 20), abs=1.5)


def test_turned_words_read_upwards():
    left, top, right, bottom = inked(painted(Words(30, 20, "HHHH", 9, anchor="middle", turned=True)))
    assert bottom - top > 2 * (right - left)
    assert right == pytest.approx(30, abs=1)
    assert (top + bottom) / 2 == pytest.approx(20, abs=1.5)
