"""Connections and parameters of sparse, shared and dense layers, against plain counting."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubel.arithmetic.convolution import (
    convolution_connections,
    convolution_macs,
    dense_connections,
    locally_connected_parameters,
    padding_amounts,
    positions,
    tap_pairs,
)

SIZES = {"size": st.integers(1, 40), "kernel": st.integers(1, 7), "stride": st.integers(1, 4)}


@given(**SIZES, dilation=st.integers(1, 3))
def test_the_same_padding_is_just_enough_and_its_odd_pixel_goes_last(
    size: int, kernel: int, stride: int, dilation: int
):
    before, after = padding_amounts(size, kernel, stride=stride, padding="same", dilation=dilation)
    assert after - before in (0, 1)
    padded = positions(before + size + after, kernel, stride=stride, dilation=dilation)
    assert padded == positions(size, kernel, stride=stride, padding="same")


@given(**SIZES)
def test_valid_padding_adds_nothing_so_every_tap_is_on_a_pixel(size: int, kernel: int, stride: int):
    assert padding_amounts(size, kernel, stride=stride) == (0, 0)
    assert tap_pairs(size, kernel, stride=stride) == kernel * positions(size, kernel, stride=stride)


def test_taps_on_padding_connect_to_nothing():
    # 5 positions of 3 taps, and the first and the last position have one on padding
    assert tap_pairs(5, 3, padding="same") == 13
    assert convolution_connections((13, 13), 2, filters=4) == 13 * 13 * 2 * 4
    assert convolution_connections((13, 13), 2, filters=4, groups=2) == 13 * 13 * 4


def test_three_ways_to_connect_a_28_by_28_image_to_6_maps_of_24_by_24():
    # LeNet's first layer: 5 x 5 kernels without padding
    pairs = tap_pairs(28, 5)
    assert (
        convolution_connections((pairs, pairs), 1, filters=6)
        == 24 * 24 * 25 * 6
        == convolution_macs((5, 5), 1, filters=6, output_size=(24, 24))
    )
    assert locally_connected_parameters((5, 5), 1, filters=6, output_size=(24, 24)) == 24 * 24 * (25 * 6 + 6)
    assert locally_connected_parameters((5, 5), 1, filters=6, output_size=(24, 24), bias=False) == 24 * 24 * 25 * 6
    assert dense_connections(28 * 28, 24 * 24 * 6) == 784 * 3456
