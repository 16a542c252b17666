"""Arrays as images: each colour says a value."""

from __future__ import annotations

import numpy as np

from hubel.drawing.tiles import colour_tile, grey_tile, signed_tile


def test_grey_goes_from_black_at_zero_to_white_at_the_largest():
    tile = grey_tile(np.array([[0.0, 1.0, 2.0, 4.0, -1.0]]), largest=4.0)
    assert tile[0, :, 0].tolist() == [0, 64, 128, 255, 0]
    assert (tile[..., 0] == tile[..., 2]).all()


def test_zero_is_white_between_blue_below_and_orange_above():
    below, zero, above = signed_tile(np.array([[-2.0, 0.0, 2.0]]), largest=2.0)[0].astype(int)
    assert zero.tolist() == [255, 255, 255]
    assert below[2] > below[0]
    assert above[0] > above[2]


def test_a_map_of_zeros_is_no_division_by_zero():
    assert (grey_tile(np.zeros((2, 2)), largest=0.0) == 0).all()
    assert (signed_tile(np.zeros((2, 2)), largest=0.0) == 255).all()


def test_a_filter_of_zeros_is_grey_and_its_channels_are_its_colours():
    assert set(colour_tile(np.zeros((2, 2, 3)), largest=1.0).ravel()) == {128}
    assert colour_tile(np.array([[[1.0, -1.0, 0.0]]]), largest=1.0)[0, 0].tolist() == [255, 0, 128]
