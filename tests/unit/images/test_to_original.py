"""What is marked at the working size is marked in the image at the place from which it came."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.images.preprocessing import Preprocessing, prepare_image, seen_box, to_original


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize(("height", "width"), [(60, 120), (120, 60), (80, 80)])
def test_the_way_back_finds_the_spot_from_which_a_bright_place_came(resize: str, height: int, width: int):
    preprocessing = Preprocessing(40, 40, resize)
    image = np.zeros((height, width, 3), np.uint8)
    row, column = height // 2 - 10, width // 2 + 8  # near the middle: also a crop shows it
    image[row - 4 : row + 4, column - 4 : column + 4] = 255
    small = prepare_image(image, preprocessing)
    found = (small.mean(axis=-1) > 200).astype(np.float32)
    made = to_original(found, preprocessing, size=(height, width))
    assert made.shape == (height, width)
    rows, columns = np.nonzero(made > 0.5)
    assert abs(rows.mean() - row) <= 2
    assert abs(columns.mean() - column) <= 2


def test_outside_of_a_crop_nothing_is_known_and_nothing_is_marked():
    preprocessing = Preprocessing(40, 40, "crop")
    made = to_original(np.ones((40, 40), np.float32), preprocessing, size=(60, 120))
    assert seen_box((60, 120), preprocessing) == (30, 0, 90, 60)
    assert not made[:, :30].any()
    assert not made[:, 90:].any()
    assert made[:, 30:90].min() == 1
