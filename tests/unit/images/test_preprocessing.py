"""Resizing, by hand."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from tests.unit.images.deep_files import png16

from hubel.errors import WrongRequest
from hubel.images.preprocessing import PADDING_GREY, Preprocessing, choose_resize, prepare_image, read_pixels
from hubel.images.samples import SampleRule

WIDE = np.zeros((10, 30, 3), np.uint8)
WIDE[:, 10:20] = 200


def test_squash_keeps_everything_in_view():
    result = prepare_image(WIDE, Preprocessing(10, 3, "squash"))
    assert result.shape == (10, 3, 3)
    assert result[5, 1, 0] > result[5, 0, 0]


def test_crop_shows_the_middle_only():
    result = prepare_image(WIDE, Preprocessing(10, 10, "crop"))
    np.testing.assert_array_equal(result, np.full((10, 10, 3), 200))


def test_pad_keeps_the_shape_and_fills_with_grey():
    result = prepare_image(WIDE, Preprocessing(30, 30, "pad"))
    np.testing.assert_array_equal(result[10:20], WIDE)
    assert (result[:10] == PADDING_GREY).all()
    assert (result[20:] == PADDING_GREY).all()


def test_an_image_of_the_right_size_is_not_touched():
    assert prepare_image(WIDE, Preprocessing(10, 30)) is WIDE


def test_shrinking_averages_what_falls_together():
    image = np.zeros((8, 8, 3), np.uint8)
    image[::2, ::2] = 255  # a quarter of all pixels, everywhere
    result = prepare_image(image, Preprocessing(2, 2))
    assert abs(result.astype(int) - 64).max() < 12


def test_a_jpeg_decoded_smaller_looks_like_one_decoded_whole():
    gradient = np.linspace(0, 255, 800).astype(np.uint8)
    image = np.stack([np.tile(gradient, (600, 1))] * 3, axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95)
    preprocessing = Preprocessing(32, 32)
    small, whole = read_pixels(buffer.getvalue(), preprocessing), prepare_image(image, preprocessing)
    assert abs(small.astype(int) - whole).max() <= 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 3)])
@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_tiny_and_extreme_shapes_get_the_working_size(shape: tuple[int, int], resize: str):
    assert prepare_image(np.zeros((*shape, 3), np.uint8), Preprocessing(16, 16, resize)).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("sizes", "policy"),
    [
        ([(100, 100), (100, 105)], "crop"),
        ([(100, 75)] * 9, "squash"),
        ([(100, 75), (75, 100)], "squash"),
        ([(100, 100), (100, 400)], "pad"),
    ],
)
def test_the_resize_policy_follows_the_shapes(sizes: list[tuple[int, int]], policy: str):
    assert choose_resize(sizes) == policy


@pytest.mark.parametrize("size", [0, -3, 1025, 2.5, True])
def test_an_impossible_size_says_what_is_allowed(size: object):
    with pytest.raises(WrongRequest, match=r"from 1 to 1024. Received"):
        Preprocessing(size, 16)  # type: ignore[arg-type]


def test_an_unknown_policy_names_the_known_ones():
    with pytest.raises(WrongRequest, match="squash, crop, pad"):
        Preprocessing(16, 16, "stretch")


def test_what_is_stored_reads_back_the_same():
    stored = Preprocessing(8, 9, "pad", (4, 3, 2), (500.0, 3000.0), (0.0, 1.0))
    assert Preprocessing.from_json(json.loads(json.dumps(stored.to_json()))) == stored
    assert stored.describe() == (
        "8 x 9 pixels, pad; bands 4, 3, 2; deep images: 500 to 3,000 becomes 0 to 255; deep images: 0 to 1 becomes 0 to 255"
    )


def test_an_ordinary_corpus_stores_no_bands_and_no_range():
    assert Preprocessing(8, 9).to_json() == {"height": 8, "width": 9, "resize": "squash", "decoder": 4}


@pytest.mark.parametrize("decoder", [1, 2])
def test_what_earlier_versions_stored_keeps_their_rules(decoder: int):
    described = {"height": 8, "width": 8, "resize": "squash", "decoder": decoder}
    assert Preprocessing.from_json(described).rule == SampleRule(legacy=True)
    values = np.random.default_rng(2).integers(0, 65536, (8, 8, 3)).astype(np.uint16)
    np.testing.assert_array_equal(read_pixels(png16(values), Preprocessing.from_json(described)), values >> 8)


@pytest.mark.parametrize("bands", [(1, 2), (0, 1, 2), (1, 2, 2.5), [1, 2, 3], (1, 2, 1001), (True,)])
def test_impossible_bands_say_what_is_expected(bands: object):
    with pytest.raises(WrongRequest, match="three numbers from 1, for red, green and blue, such as 4,3,2"):
        Preprocessing(8, 8, bands=bands)  # type: ignore[arg-type]


@pytest.mark.parametrize("ends", [(1.0, 1.0), (3.0, 2.0), (0.0, float("nan")), (0.0,), (0.0, float("inf"))])
def test_an_impossible_range_says_what_is_expected(ends: object):
    for name in ("integer_range", "float_range"):
        with pytest.raises(
            WrongRequest, match=f"The {name.replace('_', ' ')} must be two numbers, the lower one first"
        ):
            Preprocessing(8, 8, **{name: ends})  # type: ignore[arg-type]
