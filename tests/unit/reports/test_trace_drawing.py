"""The image of a trace: what it shows, and that both formats show the same."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from hubel.drawing.raster import SHARPNESS, render_png, width_of
from hubel.drawing.shapes import ORANGE, Drawing, Line, Pixels, Words
from hubel.drawing.svg import render_svg
from hubel.explanation.trace import Trace
from hubel.explanation.worked_value import Patch, Term
from hubel.reports.trace import MARGIN, PHOTO, TOP, draw_trace

SVG = "{http://www.w3.org/2000/svg}"


def make_trace(**changed) -> Trace:
    values = np.arange(9.0).reshape(3, 3, 1)
    kernel = np.full((3, 3, 1), -0.5)
    inside = np.ones((3, 3), np.bool_)
    inside[:, 0] = False
    patch = Patch(values, inside, (0, 1, 2), (-1, 0, 1), (0,), kernel)
    numbers = {"value": -18.0, "model_value": -18.0, "tolerance": 1e-4, "formula": "sum of 9 products -18"}
    arguments = {"patch": patch, "receptive_field": (0, 2, 3, 6), **numbers, **changed}
    return Trace("conv<1>", "Conv2D", (0, 0), 7, **arguments)


def texts(svg: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def test_the_svg_names_the_place_and_shows_numbers_weights_products_and_sums():
    written = texts(render_svg(draw_trace(make_trace(), np.zeros((8, 8, 3), np.uint8))))
    assert "conv<1>: row 0, column 0, filter 7 = -18" in written
    assert {"1", "8", "-0.5", "-4", "sum -18", "sum of 9 products -18", "The model computed -18"} <= set(written)
    assert "3" not in written  # lies on padding: shown as 0
    assert "it sees rows 0–2, columns 2–5" in written


@pytest.mark.parametrize("side", [8, 32, 96])
def test_the_frame_surrounds_the_receptive_field(side: int):
    trace = make_trace(receptive_field=(side // 4, side // 2, side // 2, side))
    svg = ET.fromstring(render_svg(draw_trace(trace, np.zeros((side, side, 3), np.uint8))))
    frame = next(box for box in svg.iter(f"{SVG}rect") if box.get("stroke") == "#{:02x}{:02x}{:02x}".format(*ORANGE))
    found = [float(frame.get(name, "")) for name in ("x", "y", "width", "height")]
    assert found == pytest.approx([MARGIN + PHOTO / 2, TOP + PHOTO / 4, PHOTO / 2, PHOTO / 4])


def test_the_png_shows_the_image_and_the_frame():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[7, 0] = (10, 200, 30)
    with Image.open(io.BytesIO(render_png(draw_trace(make_trace(), pixels)))) as image:
        scale = PHOTO / 8 * SHARPNESS
        left, top = MARGIN * SHARPNESS, TOP * SHARPNESS
        assert image.getpixel((round(left + scale / 2), round(top + 7.5 * scale))) == (10, 200, 30)
        assert image.getpixel((round(left + 4 * scale), round(top + 2))) == ORANGE


def test_many_channels_are_summed_up():
    sums = np.arange(1.0, 6.0)
    patch = Patch(sums.reshape(1, 1, 5), np.ones((1, 1), np.bool_), (0,), (0,), (0, 1, 2, 3, 4), np.ones((1, 1, 5)))
    written = texts(render_svg(draw_trace(make_trace(patch=patch), np.zeros((4, 4, 3), np.uint8))))
    assert [text for text in written if text.startswith("sum ")][:3] == ["sum 5", "sum 4", "sum 3"]
    assert "and 2 more channels: sum 3" in written


def test_headings_do_not_run_into_each_other_above_a_kernel_of_one_tap():
    patch = Patch(np.ones((1, 1, 1)), np.ones((1, 1), np.bool_), (0,), (0,), (1023,), np.ones((1, 1, 1)))
    words = [shape for shape in draw_trace(make_trace(patch=patch), np.zeros((4, 4, 3), np.uint8)).shapes
             if isinstance(shape, Words)]  # fmt: skip
    place = {word.text: word.x for word in words}
    assert place["input, channel 1023"] + width_of("input, channel 1023", 13) < place["kernel"] < place["products"]


def test_a_small_number_beside_a_large_one_stays_in_its_square():
    values = np.array([[-0.000612, 0.00392], [0.875, 1.234e-7]])[..., None]
    patch = Patch(values, np.ones((2, 2), np.bool_), (0, 1), (0, 1), (0,))
    written = texts(render_svg(draw_trace(make_trace(patch=patch), np.zeros((4, 4, 3), np.uint8))))
    assert {"-0.0006", "0.00392", "0.875", "0.0000"} <= set(written)


def test_a_window_of_pooling_has_no_kernel():
    pooled = Patch(np.ones((2, 2, 1)), np.ones((2, 2), np.bool_), (4, 5), (0, 1), (3,))
    written = texts(render_svg(draw_trace(make_trace(patch=pooled), np.zeros((8, 8, 3), np.uint8))))
    assert "the window, channel 3" in written
    assert "kernel" not in written


def test_products_without_a_window_are_bars_as_long_as_they_count():
    terms = tuple(Term(f"input {place}", 2.0, (12 - place) / 2.0, 12.0 - place) for place in range(12))
    svg = render_svg(draw_trace(make_trace(patch=None, terms=terms), np.zeros((8, 8, 3), np.uint8)))
    assert "the 10 of 12 that count most" in texts(svg)
    assert "input 0: 2 × 6" in texts(svg)
    boxes = list(ET.fromstring(svg).iter(f"{SVG}rect"))[-10:]
    bars = [float(box.get("width", "")) for box in boxes]
    assert bars[1] / bars[0] == pytest.approx(11 / 12)


def test_a_field_that_is_not_known_or_empty_is_not_framed():
    pixels = np.zeros((8, 8, 3), np.uint8)
    assert not any(
        "it sees" in text for text in texts(render_svg(draw_trace(make_trace(receptive_field=None), pixels)))
    )
    assert "it sees padding only" in texts(render_svg(draw_trace(make_trace(receptive_field=(0, 0, 0, 3)), pixels)))


def test_long_formulas_are_broken_and_stay_in_the_image():
    drawing = draw_trace(make_trace(formula="one number after the other " * 40), np.zeros((8, 8, 3), np.uint8))
    assert max(shape.y for shape in drawing.shapes if isinstance(shape, Words)) < drawing.height


def test_a_drawing_escapes_words_and_loads_nothing():
    drawing = Drawing(50, 40, [Words(1, 20, "<script>&"), Line(((0, 0), (9, 9)), (0, 0, 0))], "<b>")
    svg = render_svg(drawing).decode()
    assert "<script>" not in svg
    assert texts(svg.encode()) == ["<script>&"]
    pixels = render_svg(Drawing(50, 40, [Pixels(0, 0, 50, 40, np.zeros((2, 2, 3), np.uint8))], "x")).decode()
    assert 'href="data:image/png;base64,' in pixels
    assert pixels.count("http") == 1  # the name of the format itself
