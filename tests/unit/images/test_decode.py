"""The decoding rules, each against pixels made another way."""

from __future__ import annotations

import errno
import io
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngImageFile

from hubel.errors import UnreadableImage
from hubel.images import decode
from hubel.images.decode import Limits, decode_image, decoded_pillow, from_pillow, read_header

RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (10, 16, 3), dtype=np.uint8)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def test_a_png_gives_its_own_pixels():
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(PIXELS))), PIXELS)


# What each orientation does to the upright image when it is stored, after the EXIF standard (CIPA DC-008, 4.6.4).
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


LOSSLESS = {
    "PNG": ("PNG", {}),
    "TIFF": ("TIFF", {}),
    "TIFF by libtiff": ("TIFF", {"compression": "tiff_lzw"}),
    "WEBP": ("WEBP", {"lossless": True, "exact": True}),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("how", LOSSLESS)
def test_every_exif_orientation_gives_the_upright_image(how: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](PIXELS)))
    form, options = LOSSLESS[how]
    data = encoded(stored, form, exif=exif.tobytes(), **options)
    np.testing.assert_array_equal(decode_image(data), PIXELS)
    header = read_header(data)
    assert (header.height, header.width) == PIXELS.shape[:2]


def png_with_exif_behind_its_pixels(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(PIXELS), exif=exif.tobytes())
    start = data.index(b"eXIf") - 4
    stop = start + 12 + int.from_bytes(data[start : start + 4], "big")
    end = data.index(b"IEND") - 4
    assert stop < end
    return data[:start] + data[stop:end] + data[start:stop] + data[end:]


def test_the_orientation_of_a_png_may_stand_behind_its_pixels():
    data = png_with_exif_behind_its_pixels(6)
    np.testing.assert_array_equal(decode_image(data), np.rot90(PIXELS, -1))
    assert (read_header(data).height, read_header(data).width) == (16, 10)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF"])
def test_a_header_is_read_without_the_pixels(form: str, monkeypatch: pytest.MonkeyPatch):
    def no_pixels(_image: object) -> None:
        raise AssertionError("pixels were decoded")

    data = encoded(Image.fromarray(PIXELS), form)
    monkeypatch.setattr(ImageFile.ImageFile, "load", no_pixels)
    assert (read_header(data).format, read_header(io.BytesIO(data)).width) == (form, 16)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_opened_image_is_turned_as_its_file_is(orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(PIXELS), exif=exif.tobytes())
    np.testing.assert_array_equal(from_pillow(Image.open(io.BytesIO(data))), decode_image(data))


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(data)[0, 0].tolist() == [255, 0, 0]


def test_the_pixel_limit_is_checked_from_the_header():
    with pytest.raises(UnreadableImage, match="16 x 10 pixels, the limit is 100") as caught:
        decode_image(encoded(Image.fromarray(PIXELS)), limits=Limits(max_pixels=100))
    assert caught.value.code == "too-many-pixels"


def test_the_byte_limit_is_checked_first():
    with pytest.raises(UnreadableImage, match="the limit is 10"):
        decode_image(b"x" * 11, limits=Limits(max_bytes=10))


def test_a_jpeg_for_a_small_target_is_decoded_smaller_but_not_too_small():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (400, 640, 3), dtype=np.uint8))
    decoded = decode_image(encoded(image, "JPEG"), at_least=(90, 100))
    assert decoded.shape == (100, 160, 3)
    assert decode_image(encoded(image, "JPEG"), at_least=(300, 300)).shape == (400, 640, 3)


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
    data = encoded(Image.fromarray(PIXELS), "JPEG")
    before = list(warnings.filters)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(decode_image, [data] * 2000))
    assert list(warnings.filters) == before


def test_a_header_above_pillows_own_limit_is_refused_by_name():
    data = bytearray(encoded(Image.new("1", (8, 8))))
    data[16:24] = (20_000).to_bytes(4, "big") * 2  # width and height in the PNG header
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(UnreadableImage) as caught:
        decode_image(bytes(data))
    assert caught.value.code == "too-many-pixels"


def test_importing_the_decoder_leaves_pillows_own_limit_as_it_is():
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3


def test_an_icon_is_not_decoded_before_the_size_of_the_image_in_it_is_checked():
    icon = bytearray(encoded(Image.new("RGB", (64, 64), "red"), "ICO", sizes=[(64, 64)]))
    place = icon.index(b"IHDR") + 4
    icon[place : place + 8] = (9_000).to_bytes(4, "big") * 2  # the directory before it still says 64 x 64
    icon[place + 13 : place + 17] = zlib.crc32(icon[place - 4 : place + 13]).to_bytes(4, "big")
    for read in (decode_image, read_header):
        with pytest.raises(UnreadableImage, match="9,000 x 9,000 pixels, the limit is 64,000,000") as caught:
            read(bytes(icon))
        assert caught.value.code == "too-many-pixels"


LACKS = [MemoryError(), OSError("out of memory error when reading image file"), OSError(errno.ENOMEM, "no room")]


@pytest.mark.parametrize("lack", LACKS, ids=["Python", "Pillow", "system"])
@pytest.mark.parametrize("where", ["open", "load", "to_rgb"])
def test_a_lack_of_memory_is_not_blamed_on_the_file(lack: Exception, where: str, monkeypatch: pytest.MonkeyPatch):
    def fail(*_args: object, **_options: object) -> None:
        raise lack

    owner = {"open": Image, "load": PngImageFile, "to_rgb": decode}[where]
    monkeypatch.setattr(owner, where, fail)
    with pytest.raises(UnreadableImage, match="not enough free memory to read it: close other programs") as caught:
        decode_image(encoded(Image.fromarray(PIXELS)))
    assert (caught.value.code, caught.value.may_pass) == ("no-memory", True)


def test_a_lack_of_memory_in_the_hands_of_the_caller_is_not_blamed_on_the_file():
    with pytest.raises(UnreadableImage) as caught, decoded_pillow(encoded(Image.fromarray(PIXELS))):
        raise MemoryError
    assert caught.value.code == "no-memory"


def test_the_pixels_of_an_image_that_failed_are_freed(monkeypatch: pytest.MonkeyPatch):
    images = []

    def fail(image: Image.Image) -> None:
        images.append(image)
        raise MemoryError

    monkeypatch.setattr(decode, "to_array", fail)
    with pytest.raises(UnreadableImage):
        decode_image(encoded(Image.fromarray(PIXELS)))
    with pytest.raises(ValueError, match="closed"):
        images[0].getpixel((0, 0))


def test_what_fails_in_the_hands_of_the_caller_is_no_fault_of_the_file():
    with pytest.raises(ValueError, match="mine"), decoded_pillow(encoded(Image.fromarray(PIXELS))):
        raise ValueError("mine")


def inside_at_once(data: bytes, **options: object) -> int:
    """The most of four threads that hold this image at the same time, each until a second one comes or 0.1 s."""
    inside, most, lock = [0], [0], threading.Lock()
    together = threading.Event()

    def hold(_: int) -> None:
        with decoded_pillow(data, **options):  # type: ignore[arg-type]
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                if inside[0] > 1:
                    together.set()
            together.wait(0.1)
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold, range(4)))
    return most[0]


def test_large_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch):
    image = Image.fromarray(np.tile(PIXELS, (8, 8, 1)))  # 80 x 128 = 10,240 pixels
    png, jpeg, progressive = (encoded(image), encoded(image, "JPEG"), encoded(image, "JPEG", progressive=True))
    assert inside_at_once(png) > 1
    monkeypatch.setattr(decode, "LARGE_PIXELS", 10_000)
    assert inside_at_once(png) == 1
    assert inside_at_once(jpeg, at_least=(10, 10)) > 1  # it is small when it is decoded at an eighth
    assert inside_at_once(progressive, at_least=(10, 10)) == 1  # of these, everything is in memory first


def test_a_refused_large_image_lets_the_next_one_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decode, "LARGE_PIXELS", 1)
    data = encoded(Image.fromarray(PIXELS))
    for _ in range(2):
        with pytest.raises(UnreadableImage):
            decode_image(data[:-40])
    np.testing.assert_array_equal(decode_image(data), PIXELS)
