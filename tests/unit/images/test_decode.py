"""The decoding rules, each against pixels made another way."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hubel.errors import UnreadableImage
from hubel.images.decode import Limits, decode_image, from_pillow, read_header

RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (10, 16, 3), dtype=np.uint8)


def encoded(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def test_a_png_gives_its_own_pixels():
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(PIXELS))), PIXELS)


# What each orientation does to the upright picture when it is stored, after the EXIF standard (CIPA DC-008, 4.6.4).
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_gives_the_upright_picture(orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(STORED[orientation](PIXELS))), exif=exif.tobytes())
    np.testing.assert_array_equal(decode_image(data), PIXELS)
    header = read_header(data)
    assert (header.height, header.width) == PIXELS.shape[:2]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_opened_picture_is_turned_as_its_file_is(orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(PIXELS), exif=exif.tobytes())
    np.testing.assert_array_equal(from_pillow(Image.open(io.BytesIO(data))), decode_image(data))


def test_a_16_bit_ramp_spans_0_to_255():
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    decoded = decode_image(encoded(Image.fromarray(ramp)))
    np.testing.assert_array_equal(decoded[0, :, 0], np.arange(256))


def test_a_dark_16_bit_picture_is_stretched_not_clipped():
    ramp = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    decoded = decode_image(encoded(Image.fromarray(ramp)))
    assert (decoded.min(), decoded.max()) == (0, 255)
    assert len(np.unique(decoded)) == 256


def test_transparent_pixels_lie_over_white():
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    rgba[1, 1] = (0, 0, 0, 128)
    decoded = decode_image(encoded(Image.fromarray(rgba)))
    assert decoded[0, 0].tolist() == [10, 20, 30]
    assert decoded[0, 1].tolist() == [255, 255, 255]
    assert abs(int(decoded[1, 1, 0]) - 127) <= 1


def test_a_palette_with_a_transparent_colour_lies_over_white():
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 0, 255])
    decoded = decode_image(encoded(picture, transparency=1))
    assert decoded[0].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_cmyk_is_not_inverted():
    picture = Image.new("RGB", (16, 16), (200, 40, 40)).convert("CMYK")
    decoded = decode_image(encoded(picture, "JPEG", quality=95))
    assert abs(decoded.reshape(-1, 3).mean(axis=0) - [200, 40, 40]).max() < 6


def test_grey_becomes_three_equal_channels():
    decoded = decode_image(encoded(Image.fromarray(PIXELS[..., 0])))
    np.testing.assert_array_equal(decoded, np.repeat(PIXELS[..., :1], 3, axis=2))


def test_one_bit_is_expanded():
    decoded = decode_image(encoded(Image.fromarray(np.eye(8, dtype=bool))))
    np.testing.assert_array_equal(decoded[..., 0], np.eye(8, dtype=np.uint8) * 255)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "no bytes"),
        (b"x", "not-an-image", "no image format"),
        (b"<!DOCTYPE html><html>", "not-an-image", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not-an-image", "git lfs pull"),
        (b"<svg xmlns='x'/>", "not-an-image", "export it as PNG"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, code: str, words: str):
    with pytest.raises(UnreadableImage, match=words) as caught:
        decode_image(data)
    assert caught.value.code == code


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_cut_file_is_refused_never_half_read(form: str):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), form)
    for length in range(0, len(data) * 9 // 10, max(1, len(data) // 40)):
        with pytest.raises(UnreadableImage):
            decode_image(data[:length])


def test_the_pixel_limit_is_checked_from_the_header():
    with pytest.raises(UnreadableImage, match="16 x 10 pixels, the limit is 100") as caught:
        decode_image(encoded(Image.fromarray(PIXELS)), limits=Limits(max_pixels=100))
    assert caught.value.code == "too-many-pixels"


def test_the_byte_limit_is_checked_first():
    with pytest.raises(UnreadableImage, match="the limit is 10"):
        decode_image(b"x" * 11, limits=Limits(max_bytes=10))


def test_a_jpeg_for_a_small_target_is_decoded_smaller_but_not_too_small():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 640, 3), dtype=np.uint8))
    decoded = decode_image(encoded(picture, "JPEG"), at_least=(90, 100))
    assert decoded.shape == (100, 160, 3)
    assert decode_image(encoded(picture, "JPEG"), at_least=(300, 300)).shape == (400, 640, 3)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 60))
def test_any_bytes_are_decoded_or_refused(noise: bytes, place: int):
    good = encoded(Image.fromarray(PIXELS), "JPEG")
    try:
        image = decode_image(good[:place] + noise + good[place + len(noise) :])
    except UnreadableImage as error:
        assert error.code
        assert error.reason
    else:
        assert image.dtype == np.uint8
        assert image.shape[2] == 3


def test_decoding_in_many_threads_leaves_the_users_warnings_alone():
    import warnings
    from concurrent.futures import ThreadPoolExecutor

    data = encoded(Image.fromarray(PIXELS), "JPEG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(decode_image, [data] * 2000))
    assert list(warnings.filters) == before


def test_a_header_above_pillows_own_limit_is_refused_by_name():
    data = bytearray(encoded(Image.new("1", (8, 8))))
    data[16:24] = (20_000).to_bytes(4, "big") * 2  # width and height in the PNG header
    import zlib

    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(UnreadableImage) as caught:
        decode_image(bytes(data))
    assert caught.value.code == "too-many-pixels"


def test_importing_the_decoder_leaves_pillows_own_limit_as_it_is():
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3
