"""Whole or not at all: files cut, filled with zeros, or holding less than they say."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.images.test_decode import encoded

from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image

RNG = np.random.default_rng(3)
Y, X = np.mgrid[0:60, 0:80]
WAVES = np.stack([128 + 90 * np.sin(X / 9), 128 + 90 * np.cos(Y / 7), X + Y], axis=-1)
IMAGE = Image.fromarray(np.clip(WAVES + RNG.integers(-20, 21, WAVES.shape), 0, 255).astype(np.uint8))

WHOLE = {
    "JPEG": encoded(IMAGE, "JPEG", quality=90),
    "JPEG, progressive": encoded(IMAGE, "JPEG", quality=90, progressive=True),
    "JPEG, best tables": encoded(IMAGE, "JPEG", quality=90, optimize=True),
    "JPEG, restarts": encoded(IMAGE, "JPEG", quality=90, restart_marker_rows=1),
    "JPEG, grey": encoded(IMAGE.convert("L"), "JPEG"),
    "JPEG, CMYK": encoded(IMAGE.convert("CMYK"), "JPEG"),
    "MPO": encoded(IMAGE, "MPO", save_all=True, append_images=[IMAGE.rotate(180)]),
    "PNG": encoded(IMAGE),
    "PNG, palette": encoded(IMAGE.quantize(64)),
    "PNG, 16 bits": encoded(Image.fromarray(np.asarray(IMAGE)[..., 0].astype(np.uint16) * 200)),
    "GIF": encoded(IMAGE, "GIF"),
    "GIF, animated": encoded(IMAGE, "GIF", save_all=True, append_images=[IMAGE.rotate(180)]),
    "BMP": encoded(IMAGE, "BMP"),
    "WEBP": encoded(IMAGE, "WEBP"),
    "WEBP, lossless": encoded(IMAGE, "WEBP", lossless=True),
    "TIFF": encoded(IMAGE, "TIFF"),
    "TIFF, LZW": encoded(IMAGE, "TIFF", compression="tiff_lzw"),
    "TIFF, deflate": encoded(IMAGE, "TIFF", compression="tiff_adobe_deflate"),
    "TIFF, JPEG": encoded(IMAGE, "TIFF", compression="jpeg"),
    "TIFF, fax": encoded(IMAGE.convert("1"), "TIFF", compression="group4"),
    "PPM": encoded(IMAGE, "PPM"),
    "AVIF": encoded(IMAGE, "AVIF"),
    "JPEG2000": encoded(IMAGE, "JPEG2000"),
    "PCX": encoded(IMAGE, "PCX"),
    "ICO": encoded(IMAGE, "ICO", sizes=[(48, 48)]),
}
WITH_CHECKSUM_OR_END = [name for name in WHOLE if name.startswith(("JPEG,", "PNG", "MPO")) or name == "JPEG"]


def lengths(data: bytes) -> list[int]:
    """Every 64 bytes, and each of the last 64."""
    return sorted({*range(0, len(data), 64), *range(len(data) - 64, len(data))})


def check_refused_or_the_same(data: bytes, whole: bytes) -> None:
    for at_least in (None, (10, 10)):
        try:
            pixels = decode_image(data, at_least=at_least)
        except UnreadableImage as error:
            assert error.code in ("empty", "truncated", "corrupt", "not-an-image")
        else:
            np.testing.assert_array_equal(pixels, decode_image(whole, at_least=at_least))


@pytest.mark.parametrize("form", WHOLE)
def test_a_cut_file_is_refused_or_lacks_nothing_of_the_image(form: str):
    whole = WHOLE[form]
    for length in lengths(whole):
        check_refused_or_the_same(whole[:length], whole)
    with pytest.raises(UnreadableImage):
        decode_image(whole[: len(whole) // 3])


@pytest.mark.parametrize("form", WITH_CHECKSUM_OR_END)
def test_a_file_whose_rest_is_zeros_is_refused_or_lacks_nothing(form: str):
    """So an interrupted download looks where the space was taken first."""
    whole = WHOLE[form]
    for length in lengths(whole):
        check_refused_or_the_same(whole[:length] + bytes(len(whole) - length), whole)


@pytest.mark.parametrize("form", ["JPEG", "JPEG, best tables", "JPEG, restarts", "JPEG, grey", "JPEG, CMYK"])
def test_a_jpeg_that_was_cut_and_closed_again_is_refused(form: str):
    whole = WHOLE[form]
    start = whole.index(b"\xff\xda") + 20
    for length in range(start, len(whole) - 100, 64):
        for at_least in (None, (10, 10)):
            with pytest.raises(UnreadableImage, match="holds less of the image than its header says") as caught:
                decode_image(whole[:length] + b"\xff\xd9", at_least=at_least)
            assert caught.value.code == "truncated"


def test_a_progressive_jpeg_that_was_cut_in_its_first_scan_and_closed_again_is_refused():
    whole = WHOLE["JPEG, progressive"]
    first = whole.index(b"\xff\xda")
    second = whole.index(b"\xff\xda", first + 2)
    for length in range(first + 20, second - 100, 16):
        with pytest.raises(UnreadableImage, match="holds less of the image"):
            decode_image(whole[:length] + b"\xff\xd9")


GREY_ENDED = ({}, {"optimize": True}, {"subsampling": 0}, {"restart_marker_rows": 1}, {"progressive": True})


@pytest.mark.parametrize("options", GREY_ENDED)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_jpeg_that_ends_in_real_grey_is_read(mode: str, options: dict[str, object]):
    """What libjpeg makes of missing blocks is this grey; here it is the image."""
    pixels = np.asarray(IMAGE).copy()
    pixels[40:] = 128
    decoded = decode_image(encoded(Image.fromarray(pixels).convert(mode), "JPEG", **options))
    assert (decoded[52:] == 128).all()  # below the block that holds both


def test_the_end_of_a_small_image_inside_a_jpeg_is_not_its_own():
    whole = encoded(IMAGE, "JPEG", comment=encoded(IMAGE.resize((8, 8)), "JPEG"))
    np.testing.assert_array_equal(decode_image(whole), decode_image(encoded(IMAGE, "JPEG")))
    with pytest.raises(UnreadableImage):
        decode_image(whole[:-500] + bytes(50_000))


def test_bytes_after_the_end_of_a_jpeg_do_not_matter():
    for tail in (b"\0", b"\xff\xda" * 10, WHOLE["PNG"]):
        np.testing.assert_array_equal(decode_image(WHOLE["JPEG"] + tail), decode_image(WHOLE["JPEG"]))


def test_the_first_image_of_an_mpo_is_taken():
    first = WHOLE["MPO"][: WHOLE["MPO"].index(b"\xff\xd9\xff\xd8") + 2]
    np.testing.assert_array_equal(decode_image(WHOLE["MPO"]), decode_image(first))


def chunk(kind: bytes, content: bytes, *, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(
    compressed: bytes, *, side: int = 32, kind: tuple[int, int, int] = (8, 0, 0), checksum: int | None = None
) -> bytes:
    """A PNG made by hand; its kind is bits, colour type and interlacing."""
    depth, colour, interlaced = kind
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlaced)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", compressed, checksum=checksum), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


GREY = RNG.integers(1, 256, (32, 32), dtype=np.uint8)
ROWS = b"".join(b"\0" + row.tobytes() for row in GREY)


@pytest.mark.parametrize("rows", [0, 1, 20, 31])
def test_a_png_of_fewer_rows_than_its_header_says_is_refused(rows: int):
    with pytest.raises(UnreadableImage) as caught:
        decode_image(png(zlib.compress(ROWS[: 33 * rows])))
    assert caught.value.code in ("truncated", "corrupt")


def test_a_png_whose_last_rows_are_black_is_read():
    black = ROWS[: 33 * 20] + bytes(33 * 12)
    assert (decode_image(png(zlib.compress(black)))[20:] == 0).all()


def interlaced(values: np.ndarray) -> bytes:
    """Rows of the seven passes, each with its filter byte (PNG specification, 8.2)."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    parts = (values[top::down, left::across] for top, left, down, across in passes)
    return b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)


@pytest.mark.parametrize("side", [1, 3, 5, 32])
def test_an_interlaced_png_is_read_whole_or_refused(side: int):
    values = GREY[:side, :side]
    rows = interlaced(values)
    whole = png(zlib.compress(rows), side=side, kind=(8, 0, 1))
    np.testing.assert_array_equal(decode_image(whole)[..., 0], values)
    with pytest.raises(UnreadableImage):
        decode_image(png(zlib.compress(rows[: -side - 1]), side=side, kind=(8, 0, 1)))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_png_of_few_bits_is_read_whole_or_refused(depth: int):
    """A black last row is doubtful: its bytes are counted, and a row of 30 pixels does not fill its last byte."""
    row = b"\0" + bytes([0b10100101] * (-(-30 * depth // 8)))
    rows = row * 29 + bytes(len(row))
    assert decode_image(png(zlib.compress(rows), side=30, kind=(depth, 0, 0))).shape == (30, 30, 3)
    with pytest.raises(UnreadableImage):
        decode_image(png(zlib.compress(rows[: -len(row)]), side=30, kind=(depth, 0, 0)))


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_of_any_colour_is_read_whole_or_refused(colour: int, channels: int, depth: int):
    row = bytes(1 + 20 * channels * depth // 8)
    rows = 20 * row
    assert decode_image(png(zlib.compress(rows), side=20, kind=(depth, colour, 0))).shape == (20, 20, 3)
    with pytest.raises(UnreadableImage):
        decode_image(png(zlib.compress(rows[: -len(row)]), side=20, kind=(depth, colour, 0)))


def test_a_png_with_a_wrong_checksum_but_right_pixels_is_read():
    np.testing.assert_array_equal(decode_image(png(zlib.compress(ROWS), checksum=1))[..., 0], GREY)


def test_a_png_of_more_rows_than_its_header_says_is_read():
    np.testing.assert_array_equal(decode_image(png(zlib.compress(ROWS + ROWS)))[..., 0], GREY)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_flipped_bit_among_the_pixels_of_a_png_never_changes_them(data: st.DataObject):
    form = data.draw(st.sampled_from(["PNG", "PNG, palette", "PNG, 16 bits"]))
    whole = WHOLE[form]
    first, last = whole.index(b"IDAT") + 4, whole.index(b"IEND") - 8
    place, bit = data.draw(st.integers(first, last - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(whole)
    flipped[place] ^= 1 << bit
    check_refused_or_the_same(bytes(flipped), whole)


def test_a_cut_webp_is_named_truncated():
    with pytest.raises(UnreadableImage, match="the file ends too early") as caught:
        decode_image(WHOLE["WEBP"][:-2])
    assert caught.value.code == "truncated"
