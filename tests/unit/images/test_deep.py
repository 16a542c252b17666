"""Deep colours of PNG and PPM, and the range of values that becomes 0 to 255."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from tests.unit.images.deep_files import png16, tiff
from tests.unit.images.test_decode import encoded

from hubel.errors import UnreadableImage, WrongRequest
from hubel.images.decode import decode_image, deep_values, from_pillow, read_header
from hubel.images.samples import SampleRule

RNG = np.random.default_rng(12)
FULL = SampleRule(integer_range=(0.0, 65535.0))
EIGHT = RNG.integers(0, 256, (13, 9, 3)).astype(np.uint8)


def levels(values: np.ndarray, high: float = 65535.0) -> np.ndarray:
    return np.round(np.minimum(values / high, 1) * 255)


@pytest.mark.parametrize("interlaced", [False, True])
def test_all_16_bits_of_a_png_count(interlaced: bool):
    values = RNG.integers(0, 2048, (13, 9, 3)).astype(np.uint16)
    decoded = decode_image(png16(values, interlaced=interlaced), rule=SampleRule(integer_range=(0.0, 2047.0)))
    np.testing.assert_array_equal(decoded, levels(values, 2047.0))
    assert len(np.unique(decoded)) > 100  # the upper byte alone has eight values


@pytest.mark.parametrize("bits", [9, 10, 11, 12, 14])
def test_colours_of_few_bits_in_16_equal_the_same_image_of_8_bits(bits: int):
    high = 2**bits - 1
    values = np.round(EIGHT / 255 * high).astype(np.uint16)
    values[0, 0] = high
    for data in (png16(values), tiff(values, photometric=2)):
        decoded = decode_image(data, rule=SampleRule(integer_range=(0.0, float(high))))
        assert abs(decoded[1:].astype(int) - EIGHT[1:]).max() <= 1
        np.testing.assert_array_equal(decode_image(data), decoded)  # alone, its own largest value tells the bits


@pytest.mark.parametrize("channels", [2, 4])
def test_deep_transparency_lies_over_white(channels: int):
    values = RNG.integers(0, 65536, (13, 9, channels)).astype(np.uint16)
    alpha = values[..., -1:] / 65535
    over_white = values[..., :-1] / 65535 * 255 * alpha + 255 * (1 - alpha)
    decoded = decode_image(png16(values), rule=FULL)
    assert abs(decoded - over_white).max() <= 1


def test_transparency_of_11_bits_is_opaque_at_2047():
    values = RNG.integers(0, 2048, (13, 9, 4)).astype(np.uint16)
    values[..., 3] = 2047
    decoded = decode_image(png16(values), rule=SampleRule(integer_range=(0.0, 2047.0)))
    np.testing.assert_array_equal(decoded, levels(values[..., :3], 2047.0))


def test_a_hidden_deep_colour_is_white_and_its_neighbour_is_not():
    values = np.full((4, 4, 3), 30_000, np.uint16)
    values[0, 0] = 30_000, 30_001, 30_002  # the upper bytes are the same
    decoded = decode_image(png16(values, hidden=(30_000, 30_001, 30_002)), rule=FULL)
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[0, 1].tolist() == [117, 117, 117]


@pytest.mark.parametrize("text", [False, True])
def test_a_deep_ppm_has_the_colours_that_its_header_says(text: bool):
    values = RNG.integers(0, 1001, (5, 7, 3))
    body = " ".join(map(str, values.ravel())).encode() if text else values.astype(">u2").tobytes()
    data = (b"P3" if text else b"P6") + b"\n7 5\n1000\n" + body
    np.testing.assert_array_equal(decode_image(data, rule=FULL), np.round(np.round(values / 1000 * 65535) / 257))
    assert read_header(data).is_deep


def test_a_cut_deep_ppm_is_refused():
    with pytest.raises(UnreadableImage, match="ends too early"):
        decode_image(b"P6\n7 5\n65535\n" + bytes(100))


def test_floats_in_colour_go_from_0_to_1():
    values = RNG.random((6, 5, 3)).astype(np.float32)
    np.testing.assert_array_equal(decode_image(tiff(values, photometric=2)), np.round(values.astype(float) * 255))


def test_one_range_for_all_leaves_8_bits_alone_and_clips_what_is_outside():
    rule = SampleRule(integer_range=(500.0, 3000.0))
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(EIGHT)), rule=rule), EIGHT)
    grey = np.array([[0, 500, 1750, 3000, 60_000]], np.uint16)
    assert decode_image(encoded(Image.fromarray(grey)), rule=rule)[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_a_range_of_floats_is_not_one_of_integers():
    rule = SampleRule(integer_range=(0.0, 100.0))
    floats = np.linspace(0, 1, 5, dtype=np.float32)[None, :]
    assert decode_image(encoded(Image.fromarray(floats), "TIFF"), rule=rule)[0, :, 0].tolist() == [0, 64, 128, 191, 255]


def test_chosen_bands_of_ordinary_images():
    rgba = RNG.integers(0, 256, (5, 6, 4), dtype=np.uint8)
    data = encoded(Image.fromarray(rgba))
    np.testing.assert_array_equal(decode_image(data, rule=SampleRule((4, 3, 1))), rgba[..., [3, 2, 0]])
    grey = encoded(Image.fromarray(rgba[..., 0]))
    np.testing.assert_array_equal(decode_image(grey, rule=SampleRule((1,)))[..., 2], rgba[..., 0])
    with pytest.raises(UnreadableImage, match="it has 1 band, and there is no band 3"):
        decode_image(grey, rule=SampleRule((3, 2, 1)))
    deep = encoded(Image.fromarray(rgba[..., 0].astype(np.uint16) * 257))
    with pytest.raises(UnreadableImage, match="it has 1 band, and there is no band 3"):
        decode_image(deep, rule=SampleRule((3, 2, 1)))


def test_an_old_classifier_sees_the_upper_byte_as_it_was_trained_to():
    values = RNG.integers(0, 65536, (13, 9, 3)).astype(np.uint16)
    for data in (png16(values), tiff(values, photometric=2)):
        np.testing.assert_array_equal(decode_image(data, rule=SampleRule(legacy=True)), values >> 8)


def test_an_opened_image_of_deep_colours_says_what_to_give_instead():
    data = png16(RNG.integers(0, 65536, (5, 6, 3)).astype(np.uint16))
    with pytest.raises(
        WrongRequest, match="^Pillow keeps only 8 of the 16 bits of this image: give its path or its bytes"
    ):
        from_pillow(Image.open(io.BytesIO(data)), FULL)
    grey = Image.fromarray(np.array([[0, 65535]], np.uint16))
    assert from_pillow(grey, SampleRule(integer_range=(0.0, 131_070.0)))[0, :, 0].tolist() == [0, 128]


def test_headers_say_what_is_deep():
    deep = np.full((4, 4, 3), 9, np.uint16)
    assert [read_header(data).is_deep for data in (png16(deep), tiff(deep, photometric=2))] == [True, True]
    assert read_header(encoded(Image.fromarray(deep[..., 0]))).is_deep
    assert not read_header(encoded(Image.fromarray(EIGHT))).is_deep
    assert not read_header(tiff(EIGHT)).is_deep


def test_values_of_what_can_be_seen_count():
    values = np.full((4, 4, 4), 700, np.uint16)
    values[0, 0] = 60_000, 60_000, 60_000, 0  # wholly transparent
    seen = deep_values(png16(values))
    assert seen is not None
    assert (seen.low, seen.high, seen.floats) == (700, 700, False)
    assert deep_values(encoded(Image.fromarray(EIGHT))) is None
