"""Frames and pages, counted without decoding; damage never hangs and never raises."""

from __future__ import annotations

import io
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.images.test_decode import encoded

from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image, read_header
from hubel.images.structure import MOST_FRAMES, count_frames

FIRST = (0, 255, 90)
ANIMATED = ("GIF", "PNG", "WEBP", "TIFF", "AVIF", "MPO")


def still() -> Image.Image:
    return Image.new("RGB", (40, 30), FIRST)


def several(form: str) -> bytes:
    others = [Image.new("RGB", (40, 30), (number * 50, 0, 90)) for number in (1, 2, 3)]
    return encoded(still(), form, save_all=True, append_images=others)


@pytest.mark.parametrize("form", ANIMATED)
def test_frames_and_pages_are_counted(form: str):
    data = several(form)
    assert read_header(data).frames == 4
    assert read_header(io.BytesIO(data)).frames == 4
    assert abs(decode_image(data).astype(int) - FIRST).max() <= 8  # the first one, after JPEG and AVIF


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000", "PCX", "ICO"])
def test_a_still_image_is_one_frame(form: str):
    header = read_header(encoded(still(), form))
    assert (header.format, header.frames) == (form, 1)


def test_frames_of_a_gif_with_comments_and_its_own_palettes_are_counted():
    noise = np.random.default_rng(0).integers(0, 256, (4, 90, 70, 3), dtype=np.uint8)
    frames = [Image.fromarray(each) for each in noise]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=b"words " * 100, loop=0)
    with Image.open(io.BytesIO(data)) as image:
        assert read_header(data).frames == image.n_frames == 4


def test_a_gif_that_ends_early_counts_what_is_there():
    data = several("GIF")
    assert read_header(data[: data.rindex(b",")]).frames == 3


def test_pages_behind_a_damaged_one_are_not_looked_for():
    data = bytearray(several("TIFF"))
    second = struct.unpack("<I", data[4:8])[0]
    entries = struct.unpack("<H", data[second : second + 2])[0]
    place = second + 2 + 12 * entries
    data[place : place + 4] = struct.pack("<I", len(data) + 1000)  # the second page is outside of the file
    assert read_header(bytes(data)).frames == 1


@pytest.mark.timeout(20)
def test_a_chain_of_very_many_pages_is_counted_up_to_a_thousand():
    """Pillow's own count looks for each page among all before it."""
    first = bytearray(encoded(Image.new("L", (1, 1)), "TIFF"))
    start = struct.unpack("<I", first[4:8])[0]
    entries = struct.unpack("<H", first[start : start + 2])[0]
    chain = len(first)
    place = start + 2 + 12 * entries
    first[place : place + 4] = struct.pack("<I", chain)
    page = first[start:place]
    for number in range(2000):
        first += page + struct.pack("<I", chain + (number + 1) * (len(page) + 4))
    assert read_header(bytes(first)).frames == MOST_FRAMES == 1000


class Counted(io.BytesIO):
    """A file that knows how often it was read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


def test_a_gif_of_very_many_tiny_blocks_is_given_up():
    data = several("GIF")
    end = data.rindex(b"\0;")
    file = Counted(data[:end] + b"\x01x" * 1_500_000 + b"\0;")
    assert read_header(file).frames == 4
    assert file.reads < 1_010_000


def test_an_animation_of_very_many_frames_is_counted_up_to_a_thousand():
    data = several("GIF")
    last = data[data.rindex(b"!\xf9") : -1]
    assert read_header(data[:-1] + 900 * last + b";").frames == 904
    assert read_header(data[:-1] + 1200 * last + b";").frames == MOST_FRAMES


def test_no_frame_counts_as_one():
    assert count_frames(SimpleNamespace(format="WEBP", n_frames=0), io.BytesIO()) == 1  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*ANIMATED, "ICO"]), st.binary(min_size=1, max_size=12), st.floats(0, 1))
def test_the_header_of_a_damaged_file_is_read_or_refused(form: str, noise: bytes, where: float):
    data = several(form) if form in ANIMATED else encoded(still(), form)
    place = int(where * len(data))
    try:
        header = read_header(data[:place] + noise + data[place + len(noise) :])
    except UnreadableImage as error:
        assert error.code
    else:
        assert 1 <= header.frames <= MOST_FRAMES
