"""What is measured on an image, against NumPy on its full pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter
from tests.made.measurements import measure_image

from hubel.corpus.measurement import measure_images
from hubel.errors import UnreadableImage


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_size_format_and_frames_come_from_the_header():
    row = measure_image(png(np.zeros((20, 30, 3))))
    assert (row["width"], row["height"], row["format"], row["frames"]) == (30, 20, b"PNG", 1)
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert measure_image(buffer.getvalue())["frames"] == 3


def test_brightness_contrast_and_colour():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 200, (128, 128, 1)) + np.array([0, 20, 50])
    row = measure_image(png(pixels))
    grey = pixels @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose([row["dark_end"], row["bright_end"]], np.percentile(grey, (5, 95)), rtol=1e-4)
    np.testing.assert_allclose(row["contrast"], grey.std(), rtol=1e-4)
    assert row["colour"] == pytest.approx(50)
    ycc = np.asarray(Image.fromarray(pixels.astype(np.uint8)).convert("YCbCr")).reshape(-1, 3).mean(axis=0) - 128
    np.testing.assert_allclose([row["blue_yellow"], row["red_green"]], ycc[1:], atol=0.6)


def test_an_image_out_of_focus_is_less_sharp():
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)).resize((400, 400), 0)
    sharp, soft = (
        measure_image(png(np.asarray(each)))["sharpness"] for each in (image, image.filter(ImageFilter.GaussianBlur(8)))
    )
    assert soft < 0.5 * sharp


def test_pixels_that_were_never_a_file_are_measured_too():
    row = measure_image(np.full((8, 6, 3), 40, np.uint8))
    assert (row["width"], row["height"], row["format"], row["frames"]) == (6, 8, b"", 1)
    assert row["contrast"] == 0


def test_what_is_no_image_is_refused():
    with pytest.raises(UnreadableImage):
        measure_image(b"<html>")


def test_several_at_once_are_measured_as_each_alone():
    rng = np.random.default_rng(2)
    sizes = [(30, 20), (200, 90), (64, 64), (8, 8), (31, 32), (500, 4)]
    files = [png(rng.integers(0, 256, (*size, 3))) for size in sizes]
    fault = UnreadableImage("vanished", "gone")
    results = measure_images(iter([*files[:3], fault, b"<html>", *files[3:]]))
    assert results[3] is fault
    assert isinstance(results[4], UnreadableImage)
    for got, file in zip([*results[:3], *results[5:]], files, strict=True):
        alone = measure_image(file)
        for name in set(alone.dtype.names) - {"format"}:
            np.testing.assert_allclose(got[name], alone[name], rtol=1e-5, atol=1e-3)
        assert got["format"] == alone["format"]
