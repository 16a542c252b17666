"""What the page reads of a JPEG by itself: its size, how it is turned, whether it is whole, and at which fraction it counts."""

from __future__ import annotations

import base64
import io
from itertools import product
from typing import Any

import numpy as np
from PIL import Image
from tests.node import NEEDS_NODE, run_module

from hubel.images.decode import jpeg_fraction, read_header
from hubel.images.preprocessing import Preprocessing

pytestmark = NEEDS_NODE

HEADS = """
import { jpegFraction, readJpegHead } from "./pixels/jpeg.js";
const made = given.files.map((text) => {
  try {
    const head = readJpegHead(Uint8Array.from(atob(text), (each) => each.charCodeAt(0)));
    const plain = btoa(String.fromCharCode(...head.plain));
    return { ...head, plain, fractions: given.sizes.map((size) => jpegFraction(head, size)) };
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(made));
"""
SIZES = ((96, 96), (20, 30), (10, 10), (5, 40))


def photograph(height: int = 90, width: int = 130) -> Image.Image:
    """Smooth colours that stay away from black and white."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [128 + 90 * np.sin(rows / (7 + each) + each) * np.cos(columns / (11 - each)) for each in range(3)]
    return Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))


def saved(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def heads(files: list[bytes]) -> list[Any]:
    texts = [base64.b64encode(each).decode() for each in files]
    sizes = [{"height": height, "width": width} for height, width in SIZES]
    return run_module(HEADS, given={"files": texts, "sizes": sizes})


def test_size_orientation_and_fraction_are_those_that_hubel_finds() -> None:
    files = []
    for orientation in (1, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = orientation
        files += [saved(photograph(), exif=exif, progressive=each, icc_profile=b"a profile") for each in (False, True)]
    for data, head in zip(files, heads(files), strict=True):
        header = read_header(data)
        stored = (head["width"], head["height"])
        assert stored == (130, 90)
        assert (header.width, header.height) == (stored[::-1] if head["orientation"] >= 5 else stored)
        decoded = [Preprocessing(*size).decoded_size for size in SIZES]
        assert head["fractions"] == [jpeg_fraction(header, each) for each in decoded]
        with Image.open(io.BytesIO(base64.b64decode(head["plain"]))) as plain, Image.open(io.BytesIO(data)) as whole:
            assert "icc_profile" not in plain.info
            assert plain.getexif().get(0x0112) is None
            assert whole.getexif()[0x0112] == head["orientation"]
            np.testing.assert_array_equal(np.asarray(plain), np.asarray(whole))


def test_a_cut_file_is_refused_at_whatever_place_it_ends() -> None:
    whole = saved(photograph())
    files = [whole[:-2], whole[: len(whole) // 2], whole[:200], whole[:20]]
    assert heads(files) == ["the file ends too early: copy or download it again"] * 4
    assert heads([whole + b"behind the end"])[0]["width"] == 130


def test_a_browser_that_cannot_decode_at_a_fraction_comes_close() -> None:
    """Colours at every place, or at a quarter of them as most photographs have it."""
    given, expected = [], []
    for subsampling, fraction in product((0, 2), (2, 4, 8)):
        data = saved(photograph(), quality=92, subsampling=subsampling)
        whole, smaller = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(data))
        smaller.draft(None, (130 // fraction, 90 // fraction))
        expected.append(np.asarray(smaller).astype(int))
        sampling = [0x22 if subsampling else 0x11, 0x11, 0x11]
        given.append([base64.b64encode(np.asarray(whole).tobytes()).decode(), fraction, sampling])
        assert fraction != 2 or heads([data])[0]["sampling"] == sampling
    script = """
    import { shrunk } from "./pixels/jpeg_shrink.js";
    const made = given.map(([data, fraction, sampling]) => {
      const pixels = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
      const image = shrunk({ width: 130, height: 90, pixels }, fraction, sampling);
      return [image.height, image.width, [...image.pixels]];
    });
    console.log(JSON.stringify(made));
    """
    for (height, width, pixels), one in zip(run_module(script, given=given), expected, strict=True):
        assert (height, width) == one.shape[:2]
        inner = np.abs(np.array(pixels).reshape(one.shape) - one)[:-1, :-1]  # beyond the edge, blocks are filled
        assert inner.mean() < 0.5
        assert inner.max() <= 4
