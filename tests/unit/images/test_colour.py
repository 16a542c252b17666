"""Colour modes and depths → RGB, each against pixels made another way."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from tests.unit.images.test_decode import PIXELS, encoded

from hubel.images import samples
from hubel.images.decode import decode_image, from_pillow

RNG = np.random.default_rng(5)


def test_a_16_bit_ramp_spans_0_to_255():
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    decoded = decode_image(encoded(Image.fromarray(ramp)))
    np.testing.assert_array_equal(decoded[0, :, 0], np.arange(256))


def test_a_dark_16_bit_image_is_stretched_not_clipped():
    ramp = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    decoded = decode_image(encoded(Image.fromarray(ramp)))
    assert (decoded.min(), decoded.max()) == (0, 255)
    assert len(np.unique(decoded)) == 256


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_negative_values_are_stretched_too(kind: type):
    ramp = np.arange(-100, 156).astype(kind).reshape(16, 16)
    decoded = decode_image(encoded(Image.fromarray(ramp), "TIFF"))
    np.testing.assert_array_equal(decoded[..., 0].ravel(), np.arange(256))


def test_values_that_are_no_numbers_do_not_change_the_others():
    ramp = np.arange(1000, 1256, dtype=np.float32).reshape(16, 16)
    ramp[0, :3] = np.nan, np.inf, -np.inf
    decoded = decode_image(encoded(Image.fromarray(ramp), "TIFF"))[..., 0].ravel()
    np.testing.assert_array_equal(decoded[3:], np.round(np.arange(253) / 252 * 255))
    assert decoded[:3].tolist() == [0, 255, 0]


def test_an_image_of_no_numbers_is_black():
    assert decode_image(encoded(Image.fromarray(np.full((4, 4), np.nan, np.float32)), "TIFF")).max() == 0


@pytest.mark.parametrize(("value", "level"), [(0, 0), (7, 255)])
def test_a_flat_deep_image_is_black_at_zero_and_else_white(value: int, level: int):
    decoded = decode_image(encoded(Image.fromarray(np.full((4, 4), value, np.uint16))))
    np.testing.assert_array_equal(decoded, np.full((4, 4, 3), level))


@pytest.mark.parametrize("hidden", [0, 60_000])
def test_the_hidden_value_of_a_16_bit_image_is_white_and_stretches_nothing(hidden: int):
    ramp = np.arange(1000, 1256, dtype=np.uint16).reshape(16, 16)
    ramp[0, 0] = hidden
    decoded = decode_image(encoded(Image.fromarray(ramp), transparency=hidden))[..., 0].ravel()
    assert decoded[0] == 255
    np.testing.assert_array_equal(decoded[1:], np.round(np.arange(255) / 254 * 255))


def test_a_16_bit_tiff_in_which_white_is_zero_is_inverted():
    tags = ImageFileDirectory_v2()
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 3
    data = bytearray(encoded(Image.fromarray(ramp), "TIFF", tiffinfo=tags))
    entry = data.index(b"\x06\x01\x03\x00")  # tag 262, photometric interpretation, a short
    assert data[entry + 8] == 1  # black is zero
    data[entry + 8] = 0
    np.testing.assert_array_equal(decode_image(bytes(data))[..., 0].ravel(), np.arange(256)[::-1])


def test_transparent_pixels_lie_over_white():
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    rgba[1, 1] = (0, 0, 0, 128)
    decoded = decode_image(encoded(Image.fromarray(rgba)))
    assert decoded[0, 0].tolist() == [10, 20, 30]
    assert decoded[0, 1].tolist() == [255, 255, 255]
    assert abs(int(decoded[1, 1, 0]) - 127) <= 1


@pytest.mark.parametrize("mode", ["LA", "PA", "La", "RGBa"])
def test_transparency_of_every_kind_lies_over_white(mode: str):
    grey, alpha = RNG.integers(0, 256, (2, 8, 8))
    over_white = grey * (alpha / 255) + 255 * (1 - alpha / 255)
    image = Image.fromarray(np.dstack([grey, alpha]).astype(np.uint8), "LA")
    if mode == "RGBa":
        image = image.convert("RGBA").convert("RGBa")
    elif mode == "La":
        image = image.convert("La")
    elif mode == "PA":
        image = Image.frombytes("PA", image.size, image.tobytes())
        image.putpalette(np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes())
    assert image.mode == mode
    decoded = from_pillow(image)
    assert abs(decoded[..., 0] - over_white).max() <= 2
    np.testing.assert_array_equal(decoded[..., 0], decoded[..., 2])


def bmp_with_alpha(rgba: np.ndarray) -> bytes:
    """A BMP of 32 bits whose header (version 4) names the place of the alpha byte."""
    height, width = rgba.shape[:2]
    masks = struct.pack("<4I", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII", 108, width, -height, 1, 32, 3, rgba.size, 0, 0, 0, 0) + masks + bytes(52)
    return b"BM" + struct.pack("<IHHI", 122 + rgba.size, 0, 0, 122) + info + rgba.tobytes()


def test_the_alpha_of_a_bmp_counts_unless_it_is_zero_everywhere():
    rgba = RNG.integers(0, 256, (4, 6, 4), dtype=np.uint8)
    rgba[..., 3] = 0
    np.testing.assert_array_equal(decode_image(bmp_with_alpha(rgba)), rgba[..., :3])
    rgba[0, 0, 3] = 255
    decoded = decode_image(bmp_with_alpha(rgba))
    assert decoded[0, 0].tolist() == rgba[0, 0, :3].tolist()
    assert (decoded[1:] == 255).all()


def test_a_palette_with_a_transparent_colour_lies_over_white():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 0, 255])
    decoded = decode_image(encoded(image, transparency=1))
    assert decoded[0].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_cmyk_is_not_inverted():
    image = Image.new("RGB", (16, 16), (200, 40, 40)).convert("CMYK")
    decoded = decode_image(encoded(image, "JPEG", quality=95))
    assert abs(decoded.reshape(-1, 3).mean(axis=0) - [200, 40, 40]).max() < 6


def test_lab_becomes_rgb():
    rgb = Image.new("RGB", (16, 16), (200, 90, 40))
    lab = ImageCms.profileToProfile(
        rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    decoded = decode_image(encoded(lab, "TIFF"))
    assert abs(decoded.astype(int) - [200, 90, 40]).max() <= 3


def test_grey_becomes_three_equal_channels():
    decoded = decode_image(encoded(Image.fromarray(PIXELS[..., 0])))
    np.testing.assert_array_equal(decoded, np.repeat(PIXELS[..., :1], 3, axis=2))


def test_one_bit_is_expanded():
    decoded = decode_image(encoded(Image.fromarray(np.eye(8, dtype=bool))))
    np.testing.assert_array_equal(decoded[..., 0], np.eye(8, dtype=np.uint8) * 255)


def every_mode() -> dict[str, Image.Image]:
    noise = RNG.integers(0, 256, (37, 23, 4), dtype=np.uint8)
    rgb = Image.fromarray(noise[..., :3])
    palette = rgb.quantize(16)
    palette.info["transparency"] = 3
    hidden = Image.fromarray(noise[..., 0].astype(np.uint16) * 200)
    hidden.info["transparency"] = 2000
    return {
        "1": rgb.convert("1"),
        "L": rgb.convert("L"),
        "P": palette,
        "RGB": rgb,
        "RGBA": Image.fromarray(noise),
        "LA": Image.fromarray(noise[..., :2], "LA"),
        "CMYK": Image.frombytes("CMYK", rgb.size, noise.tobytes()),
        "YCbCr": rgb.convert("YCbCr"),
        "LAB": Image.frombytes("LAB", rgb.size, noise[..., :3].tobytes()),
        "I;16": hidden,
        "I": Image.fromarray(noise[..., 0].astype(np.int32) * -70_000),
        "F": Image.fromarray(noise[..., 0].astype(np.float32) / 7),
    }


@pytest.mark.parametrize("mode", every_mode())
def test_bands_of_rows_give_the_same_pixels_as_the_whole(mode: str, monkeypatch: pytest.MonkeyPatch):
    image = every_mode()[mode]
    whole = from_pillow(image)
    assert whole.std() > 0
    monkeypatch.setattr(samples, "BLOCK_PIXELS", 100)  # four rows; the last band has one
    np.testing.assert_array_equal(from_pillow(image), whole)


MEASURE = """
import sys
from hubel.images.decode import decode_image
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024
data, small = (open(path, "rb").read() for path in sys.argv[1:])
decode_image(small)
idle = peak()
pixels = decode_image(data)
print((peak() - idle) / (pixels.shape[0] * pixels.shape[1]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory of one process is read from /proc")
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16", "P", "LAB"])
def test_a_large_image_takes_ten_bytes_a_pixel_at_most(tmp_path: Path, mode: str):
    """In Pillow's hands 4 bytes a pixel as decoded and 4 as RGB; then 4 there and 3 in ours. Floats have no place."""
    image = every_mode()[mode].crop((0, 0, 20, 30))
    large = image.resize((4000, 3000), Image.Resampling.NEAREST)  # 12 million pixels
    form = "TIFF" if mode == "LAB" else "PNG"
    options = {"compress_level": 1} if form == "PNG" else {}
    for name, each in (("large", large), ("small", image)):
        (tmp_path / name).write_bytes(encoded(each, form, **options))
    words = [sys.executable, "-c", MEASURE, tmp_path / "large", tmp_path / "small"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 10


def test_an_image_of_many_bands_is_the_image_of_the_file():
    pixels = RNG.integers(0, 256, (1500, 1000, 3), dtype=np.uint8)  # above one band
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(pixels), compress_level=1)), pixels)
    buffer = io.BytesIO(encoded(Image.fromarray(pixels), "BMP"))
    np.testing.assert_array_equal(from_pillow(Image.open(buffer)), pixels)
