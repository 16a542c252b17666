"""The range of a corpus, for values that people have."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.images.value_range import choose_range, full_scale, summarise

RNG = np.random.default_rng(13)


def chosen(*images: np.ndarray) -> tuple[float, float]:
    found = choose_range(values for image in images if (values := summarise(image)) is not None)
    assert found is not None
    return found


@pytest.mark.parametrize("bits", range(9, 17))
def test_values_that_fill_their_bits_have_the_range_of_these(bits: int):
    photographs = [np.clip(RNG.normal(0.4, 0.2, 5000), 0, 1) * (2**bits - 1) for _ in range(3)]
    assert chosen(*(image.astype(np.uint16) for image in photographs)) == (0, 2**bits - 1)


def test_the_brightest_image_tells_the_bits_for_the_dark_ones():
    dark, bright = np.arange(300, dtype=np.uint16), np.arange(2000, dtype=np.uint16)
    assert chosen(dark, bright, dark) == (0, 2047)


def test_an_x_ray_of_500_to_3000_keeps_its_12_bits():
    assert chosen(RNG.integers(500, 3000, 9000).astype(np.uint16)) == (0, 4095)


def test_a_few_hot_pixels_do_not_darken_a_microscope():
    values = RNG.integers(500, 3000, 100_000).astype(np.uint16)
    values[:50] = 65_535
    low, high = chosen(values)
    assert 490 < low < 520
    assert 2900 < high < 3001


def test_tomography_with_an_offset_has_the_range_of_its_values():
    low, high = chosen(RNG.integers(31_768, 33_768, 50_000).astype(np.uint16))
    assert 31_760 < low < 31_790
    assert 33_740 < high < 33_770


def test_signed_values_have_the_range_of_nearly_all():
    assert chosen(np.arange(-1000, 1001, dtype=np.int16)) == pytest.approx((-998, 998))


def test_floats_up_to_one_go_from_0_to_1():
    assert chosen(RNG.random(1000)) == (0, 1)
    assert chosen(RNG.random(1000) * 250) == (0, 255)


def test_values_that_are_all_equal_but_one_have_the_range_of_both():
    assert chosen(np.array([7] * 5000 + [40_000], np.uint16)) == (7, 40_000)
    assert chosen(np.full(10, 7, np.uint16)) == (0, 255)


def test_no_images_have_no_range():
    assert choose_range([]) is None
    assert summarise(np.zeros(0, np.uint16)) is None


@pytest.mark.parametrize(
    ("highest", "scale"), [(0, 255), (255, 255), (256, 511), (2047, 2047), (2048, 4095), (65535, 65535)]
)
def test_the_full_scale_is_that_of_the_bits(highest: int, scale: int):
    assert full_scale(highest, floats=False) == scale
