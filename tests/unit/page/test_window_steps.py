"""The moving images show the numbers that were computed, in reading order."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from hubel.arithmetic.windows import Calculation, WindowOptions, calculate_convolution, calculate_pooling
from hubel.drawing.gif import render_gif
from hubel.drawing.svg import render_svg
from hubel.errors import OutputNotWritable, WrongRequest
from hubel.page.window_page import render_page
from hubel.page.window_steps import write_steps
from hubel.reports.window_drawing import draw_animation
from hubel.reports.window_scene import digits_of, equation, make_scene, shown
from hubel.workflows.looking.matrices import read_kernel, read_matrix

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def example() -> Calculation:
    return calculate_convolution(read_matrix(None), read_kernel("x"), options=WindowOptions((3, 3)))


def test_the_svg_fills_in_every_number_at_its_step(example: Calculation):
    tree = ET.fromstring(render_svg(draw_animation(make_scene(example))))
    filled = [group for group in tree.iter(f"{SVG}g") if group.get("class") == "filled"]
    texts = [group.findtext(f"{SVG}text") for group in filled]
    assert texts == [f"{value:.1f}" for value in example.result.ravel()]
    starts = [float(group.find(f"{SVG}animate").get("keyTimes").split(";")[1]) for group in filled[1:]]
    assert starts == pytest.approx([step / 20 for step in range(1, 16)])
    moves = next(tree.iter(f"{SVG}animateTransform")).get("values").split(";")
    assert len(moves) == 16
    assert moves[1] == "60 0"
    assert moves[4] == "0 60"


def test_an_svg_loads_nothing_and_runs_nothing(example: Calculation):
    svg = render_svg(draw_animation(make_scene(example))).decode()
    assert not re.findall(r"<script|href|url\(|https?://(?!www\.w3\.org/2000/svg)", svg)


def test_the_page_holds_everything(example: Calculation):
    page = render_page(example)
    assert not re.findall(r"src=|href=|url\(|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "0.2·1 + 0.8·0 + 0·1 + 0.2·0 + 0.9·1 + 0·0 + 0.3·1 + 0.8·0 + 0.7·1 = 2.1" in page.encode().decode(
        "unicode_escape"
    )
    assert "<h1>Convolution, window by window</h1>" in page


def test_the_gif_has_a_frame_for_each_window_and_stays_at_the_end(example: Calculation):
    with Image.open(io.BytesIO(render_gif(draw_animation(make_scene(example))))) as gif:
        assert gif.n_frames == 16
        assert gif.info["loop"] == 0
        first = np.asarray(gif.convert("RGB"))
        start = gif.info["duration"]
        gif.seek(15)
        assert gif.info["duration"] == 4 * start
        assert np.abs(np.asarray(gif.convert("RGB")).astype(int) - first).max() > 100


def test_padding_dilation_and_channels_have_their_place():
    maps = np.random.default_rng(0).random((5, 6, 3))
    options = WindowOptions((3, 3), padding="same", dilation=(2, 2))
    scene = make_scene(calculate_convolution(maps, read_kernel("x"), options=options))
    assert len(scene.taps) == 27
    assert len(scene.cells) == 3 * 9 * 10 + 9 + 30
    assert len(scene.moves) == 30
    assert "red" in scene.captions[0]


def test_pooling_shows_each_channel_and_no_number_in_the_padding():
    maps = np.ones((3, 3, 3))
    scene = make_scene(calculate_pooling(maps, "max", options=WindowOptions((2, 2), stride=(2, 2), padding="same")))
    assert sum(cell.step == 3 for cell in scene.cells) == 3
    assert sum(cell.text == "" for cell in scene.cells) == 3 * 7
    assert scene.captions[0] == "result[0][0] = max of 4 pixels in each channel = 1, 1, 1"


@pytest.mark.parametrize("size", [(23, 23), (200, 1), (51, 51)])
def test_more_than_can_be_followed_is_refused(size: tuple[int, int]):
    calculation = calculate_pooling(np.zeros((*size, 1)), "max", options=WindowOptions((1, 1)))
    with pytest.raises(WrongRequest, match="region="):
        make_scene(calculation)


def test_too_many_columns_are_refused():
    with pytest.raises(WrongRequest, match="1 rows and 82 columns of numbers cannot be read .* region="):
        make_scene(calculate_pooling(np.zeros((1, 40, 1)), "max", options=WindowOptions((1, 1))))


def test_the_result_as_png_goes_from_its_smallest_to_its_largest(tmp_path: Path, example: Calculation):
    said = write_steps(tmp_path / "deep" / "map.png", example)
    assert said == "4 x 4 pixels; black is 0.9, white is 2.7"
    with Image.open(tmp_path / "deep" / "map.png") as image:
        assert image.mode == "L"
        expected = np.round((example.result[..., 0] - 0.9) / 1.8 * 255)
        np.testing.assert_allclose(np.asarray(image), expected, atol=1)


def test_a_pooled_colour_image_keeps_its_colours(tmp_path: Path):
    maps = np.random.default_rng(0).random((4, 4, 3))
    write_steps(tmp_path / "map.PNG", calculate_pooling(maps, "average", options=WindowOptions((2, 2), stride=(2, 2))))
    with Image.open(tmp_path / "map.PNG") as image:
        assert image.mode == "RGB"
        assert image.size == (2, 2)


def test_an_unknown_ending_names_those_there_are(example: Calculation):
    with pytest.raises(WrongRequest, match=r"ends in .svg, .html, .gif, .png. Received: 'steps.mp4'"):
        write_steps(Path("steps.mp4"), example)


def test_the_page_speaks_of_a_kernel_only_where_there_is_one(tmp_path: Path, example: Calculation):
    write_steps(tmp_path / "a.html", example)
    pooled = calculate_pooling(np.ones((4, 4, 1)), "max", options=WindowOptions((2, 2)))
    write_steps(tmp_path / "b.html", pooled)
    assert "not flipped" in (tmp_path / "a.html").read_text()
    assert "kernel" not in (tmp_path / "b.html").read_text().partition("<small>")[2].partition("</small>")[0]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, example: Calculation):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable, match="Cannot write .*steps.svg: a"):
        write_steps(tmp_path / "file" / "steps.svg", example)


def test_numbers_are_shown_with_the_decimals_they_need():
    assert digits_of(np.array([1.0, 2.0])) == 0
    assert digits_of(np.array([0.2 + 0.1, 2.0])) == 1
    assert digits_of(np.array([1 / 3])) == 2
    assert [shown(value, 2) for value in (0.0, -0.0, -0.001, 1e-16, -1.5)] == ["0", "0", "0.00", "0", "-1.50"]


def test_an_equation_says_when_it_is_rounded_and_what_was_added():
    maps = np.array([[[0.5], [1 / 3]]])
    calculation = calculate_convolution(
        maps, np.array([[-1.0, 0.0]]), options=WindowOptions((1, 2)), bias=-0.25, relu=True
    )
    assert equation(calculation, calculation.step(0)) == "ReLU(0.5·(-1) + 0.33·0 + (-0.25) bias) ≈ 0"


def test_pixels_are_drawn_as_they_look_and_the_padding_is_no_pixel():
    options = WindowOptions((3, 3), padding="same")
    scene = make_scene(calculate_convolution(np.array([[[0.0], [1.0]]]), read_kernel("x"), options=options))
    colours = {cell.text: cell.fill for cell in scene.cells[5:7]}
    assert colours == {"0": (0, 0, 0), "1": (255, 255, 255)}
    assert scene.cells[0].text == "0"
    assert scene.cells[0].fill not in colours.values()
    assert sum(scene.cells[5].ink) > 600, "light numbers on black"
    assert sum(scene.cells[6].ink) < 200
    assert "matrix 1 × 2, padded 3 × 4" in [text for _, _, text in scene.titles]


def test_for_a_phone_the_matrices_stand_below_each_other(example: Calculation):
    narrow, wide = make_scene(example, narrow=True), make_scene(example)
    assert narrow.width <= 340
    assert narrow.height > narrow.width
    heights = [y for _, y, _ in narrow.titles]
    assert heights == sorted(heights)
    assert len(set(heights)) == 3
    assert [cell.text for cell in narrow.cells] == [cell.text for cell in wide.cells]
