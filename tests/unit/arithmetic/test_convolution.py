"""Sizes and costs, against plain counting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.arithmetic.convolution import (
    convolution_macs,
    convolution_parameters,
    dense_parameters,
    positions,
)
from hubel.errors import WrongRequest


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=st.integers(1, 5), dilation=st.integers(1, 4))
def test_valid_positions_are_the_places_where_every_tap_is_inside(size: int, kernel: int, stride: int, dilation: int):
    starts = [start for start in range(0, size, stride) if start + (kernel - 1) * dilation < size]
    assert positions(size, kernel, stride=stride, dilation=dilation) == len(starts)


@given(size=st.integers(1, 60), kernel=st.integers(1, 9), stride=st.integers(1, 5))
def test_same_positions_are_one_for_each_stride(size: int, kernel: int, stride: int):
    assert positions(size, kernel, stride=stride, padding="same") == len(range(0, size, stride))


def test_an_unknown_padding_is_refused():
    with pytest.raises(WrongRequest, match="'valid' or 'same'. Received: 'full'"):
        positions(5, 3, padding="full")


def test_the_parameter_explosion_of_the_course():
    assert dense_parameters(100 * 100, 10_000) == 100_010_000


def test_a_convolution_is_counted_by_hand():
    # 3 x 3 taps, 2 channels in, 4 filters, 5 x 6 positions
    assert convolution_parameters((3, 3), 2, filters=4) == 3 * 3 * 2 * 4 + 4
    assert convolution_parameters((3, 3), 2, filters=4, bias=False) == 72
    assert convolution_macs((3, 3), 2, filters=4, output_size=(5, 6)) == 72 * 30
