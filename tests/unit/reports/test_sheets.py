"""Small images on sheets are the images that were given, in their order."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hubel.reports import sheets
from hubel.reports.sheets import COLUMNS, LOSSLESS_SIDE, MOST, SIDES, TILES, make_sheets


def tiles(files: tuple[bytes, ...], tile: tuple[int, int], count: int) -> np.ndarray:
    """Cut the sheets up again."""
    height, width = tile
    found = []
    for data in files:
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        for place in range(min(TILES, count - len(found))):
            row, column = divmod(place, COLUMNS)
            found.append(pixels[row * height : (row + 1) * height, column * width : (column + 1) * width])
    return np.stack(found)


def test_tiny_images_keep_every_pixel_in_the_order_asked_for():
    images = np.random.default_rng(0).integers(0, 256, (700, LOSSLESS_SIDE, 8, 3), np.uint8)
    order = np.random.default_rng(1).permutation(700)[:600]
    made = make_sheets(images, order.tolist())
    assert (made.count, made.tile, len(made.files)) == (600, (LOSSLESS_SIDE, 8), 3)
    np.testing.assert_array_equal(tiles(made.files, made.tile, 600), images[order])


def test_larger_images_are_shrunk_and_still_told_apart():
    shades = np.arange(300, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(shades, (300, 120, 160, 3))
    made = make_sheets(images, range(300))
    assert made.tile == (72, 96)
    got = tiles(made.files, made.tile, 300).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(got, np.arange(300) % 256, atol=6)


@pytest.mark.parametrize(("most", "side"), SIDES)
def test_more_images_get_fewer_pixels_each(most: int, side: int):
    image = np.zeros((1, 200, 200, 3), np.uint8)
    assert make_sheets(image, [0] * most).tile == (side, side)


def test_no_more_than_one_sheet_of_images_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch):
    class Disk:
        """Images that are made when they are read; it counts how many are alive."""

        shape = (MOST, 32, 32, 3)
        reads = 0
        most_between_sheets = 0

        def __getitem__(self, index: int) -> np.ndarray:
            Disk.reads += 1
            return np.full((32, 32, 3), index % 256, np.uint8)

    encode = sheets._encoded

    def encoded(sheet: np.ndarray, tile: tuple[int, int]) -> bytes:
        Disk.most_between_sheets = max(Disk.most_between_sheets, Disk.reads)
        Disk.reads = 0
        assert sheet.nbytes <= TILES * 32 * 32 * 3
        return encode(sheet, tile)

    monkeypatch.setattr(sheets, "_encoded", encoded)
    make_sheets(Disk(), range(1000))  # type: ignore[arg-type]
    assert Disk.most_between_sheets == TILES


def test_no_image_gives_no_sheet():
    assert make_sheets(np.zeros((0, 8, 8, 3), np.uint8), []).files == ()
