"""Receptive fields, against following every single tap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.receptive_fields import box_along

from hubel.arithmetic.convolution import padding_amounts, positions
from hubel.arithmetic.receptive_field import ReceptiveField, Spacing, concatenate, field_box, join
from hubel.arithmetic.taps import Taps, resized_taps, transposed_taps, window_taps

LAYERS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 3), st.sampled_from(["valid", "same"])), min_size=1, max_size=5
)


def follow_every_tap(image_size: int, layers: list[tuple[int, int, str]]) -> list[set[int]]:
    """Pixels that each position of the last map sees."""
    seen = [{pixel} for pixel in range(image_size)]
    for kernel, stride, padding in layers:
        before, _ = padding_amounts(len(seen), kernel, stride=stride, padding=padding)
        count = positions(len(seen), kernel, stride=stride, padding=padding)
        starts = [place * stride - before for place in range(count)]
        seen = [
            set().union(*(seen[tap] for tap in range(start, start + kernel) if 0 <= tap < len(seen)))
            for start in starts
        ]
    return seen


def compose(image_size: int, layers: list[tuple[int, int, str]]) -> ReceptiveField:
    field, size = of_line(image_size), image_size
    for kernel, stride, padding in layers:
        before, _ = padding_amounts(size, kernel, stride=stride, padding=padding)
        count = positions(size, kernel, stride=stride, padding=padding)
        taps = window_taps(count, kernel, stride=stride, padding_before=before)
        field, size = field.through(1, taps, input_size=size), count
    return field


def of_line(image_size: int) -> ReceptiveField:
    """An image of one row: the axes are batch, pixels, channels."""
    return ReceptiveField.of_image(image_size, axis=1, ndim=3)


def spacing_through(spacing: Spacing, kernel: int, *, stride: int = 1, before: int = 0, dilation: int = 1) -> Spacing:
    taps = window_taps(9, kernel, stride=stride, padding_before=before, dilation=dilation)
    made = spacing.through(taps)
    assert made is not None
    return made


@given(image_size=st.integers(20, 70), layers=LAYERS)
def test_the_box_of_every_position_is_what_its_taps_see(image_size: int, layers: list[tuple[int, int, str]]):
    field = compose(image_size, layers)
    for index, seen in enumerate(follow_every_tap(image_size, layers)):
        if seen:
            assert box_along(field, index) == (min(seen), max(seen) + 1)


@given(image_size=st.integers(20, 70), layers=LAYERS)
def test_a_global_pooling_sees_all_that_any_position_sees(image_size: int, layers: list[tuple[int, int, str]]):
    seen = follow_every_tap(image_size, layers)
    if not seen:
        return
    whole = compose(image_size, layers).whole([1])
    first, stop = min(set().union(*seen)), max(set().union(*seen)) + 1
    assert box_along(whole, 7) == (first, stop)
    assert (whole.size, whole.stride, whole.start) == (stop - first, 0, first)


def test_two_3_by_3_see_5_by_5_and_four_see_9_by_9():
    spacing, sizes = Spacing(), []
    for _ in range(4):
        spacing = spacing_through(spacing, 3)
        sizes.append(spacing.size)
    assert sizes == [3, 5, 7, 9]


def test_vgg16_sees_196_pixels_before_and_212_behind_its_last_pooling():
    # Araujo, Norris & Sim 2019 give 212 for VGG-16, with stride 32 and padding 90 (which is a start of -90).
    spacing, last = Spacing(), 0
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            spacing = spacing_through(spacing, 3, before=1)
        last = spacing.size
        spacing = spacing_through(spacing, 2, stride=2)
    assert (last, spacing) == (196, Spacing(212, 32, -90))


def test_dilation_spreads_the_taps():
    assert spacing_through(Spacing(), 3, dilation=4).size == 9
    assert spacing_through(Spacing(6, 2, 0), 3, dilation=2).size == 6 + 2 * 2 * 2


def with_boxes(boxes: list[tuple[int, int]], image_size: int, spacing: Spacing | None) -> ReceptiveField:
    reach = np.array([[image_size - start for start, _ in boxes], [stop for _, stop in boxes]], np.int32)
    return replace(of_line(image_size), reach=reach.reshape(2, 1, -1, 1), spacing=spacing)


def test_branches_of_one_stride_are_joined_from_the_first_start_to_the_last_end():
    small = with_boxes([(0, 2), (1, 4), (3, 6)], 20, Spacing(3, 2, -1))
    large = with_boxes([(0, 5), (2, 7), (4, 9)], 20, Spacing(5, 2, 0))
    joined = join([small, large])
    assert joined.spacing == Spacing(6, 2, -1)
    assert [box_along(joined, index) for index in range(3)] == [(0, 5), (1, 7), (3, 9)]


def test_a_branch_that_sees_everything_makes_every_position_see_everything():
    small = with_boxes([(0, 2), (1, 4), (3, 6)], 24, Spacing(3, 2, -1))
    joined = join([small, of_line(24).whole([1])])
    assert (joined.size, joined.stride, joined.start) == (24, 0, 0)
    assert {box_along(joined, index) for index in range(3)} == {(0, 24)}


def test_branches_of_different_strides_keep_what_each_position_sees_and_have_no_stride():
    joined = join(
        [with_boxes([(0, 2), (1, 4)], 9, Spacing(3, 2, -1)), with_boxes([(1, 2), (4, 5)], 9, Spacing(1, 3, 1))]
    )
    assert (joined.size, joined.stride, joined.start) == (4, None, 0)
    assert [box_along(joined, index) for index in range(2)] == [(0, 2), (1, 5)]


def test_a_box_is_cut_at_the_image_and_read_as_top_left_bottom_right():
    fields = [ReceptiveField.of_image(20, axis=axis, ndim=4) for axis in (1, 2)]
    taps = window_taps(10, 5, stride=2, padding_before=2)
    rows, columns = (field.through(field.along, taps, input_size=20) for field in fields)
    assert field_box((rows, columns), 0, column=9, image_size=(20, 20)) == (0, 16, 3, 20)
    assert field_box((rows, columns), 3, column=4, image_size=(20, 20)) == (4, 6, 9, 11)


def test_a_position_of_a_frame_of_zeros_sees_nothing():
    framed = of_line(4).through(1, window_taps(6, 1, padding_before=1), input_size=4)
    assert [box_along(framed, index) for index in range(6)] == [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (0, 0)]
    assert framed.spacing == Spacing(1, 1, -1)
    assert framed.bounds == (0, 4)


def test_a_flip_turns_the_stride_and_a_slice_multiplies_it():
    flipped = of_line(7).through(1, Taps.of([[place] for place in range(7)][::-1]), input_size=7)
    assert (flipped.size, flipped.stride, flipped.start) == (1, -1, 6)
    third = flipped.through(1, Taps.of([[0], [3], [6]]), input_size=7)
    assert (third.spacing, box_along(third, 1)) == (Spacing(1, -3, 6), (3, 4))


def test_a_single_position_keeps_its_size_until_it_is_repeated():
    single = compose(9, [(3, 2, "valid")]).through(1, Taps.of([[1]]), input_size=4).reshaped((1, 1, 8), (1, 8))
    assert (single.spacing, box_along(single, 0)) == (Spacing(3, 2, 2), (2, 5))
    opened = single.reshaped((1, 8), (1, 1, 8))
    repeated = opened.broadcast((1, 1, 8), (1, 5, 8))
    assert (opened.stride, repeated.size, repeated.stride, repeated.start) == (2, 3, 0, 2)


def test_repeated_positions_have_no_stride_and_the_size_that_is_really_seen():
    field = compose(9, [(3, 3, "valid")]).through(1, Taps.of([[0], [0], [1], [1], [2], [2]]), input_size=3)
    assert (field.size, field.stride, field.start) == (3, None, 0)
    assert [box_along(field, index) for index in range(6)] == [(0, 3), (0, 3), (3, 6), (3, 6), (6, 9), (6, 9)]


@given(data=st.data(), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_a_reshape_moves_what_is_seen_as_numpy_moves_the_numbers(data: st.DataObject, sizes: list[int]):
    count = int(np.prod(sizes))
    rest, after = count, []
    while rest > 1:
        after.append(data.draw(st.sampled_from([part for part in range(2, rest + 1) if rest % part == 0])))
        rest //= after[-1]
    after.insert(data.draw(st.integers(0, len(after))), 1)
    axis = data.draw(st.integers(1, len(sizes)))
    field = ReceptiveField.of_image(sizes[axis - 1], axis=axis, ndim=len(sizes) + 1)
    made = field.reshaped((1, *sizes), (1, *after))
    expected = np.broadcast_to(field.reach, (2, 1, *sizes)).reshape(2, 1, *after)
    np.testing.assert_array_equal(np.broadcast_to(made.reach, expected.shape), expected)
    if made.spacing is not None and made.along and after[made.along - 1] > 1:
        first = np.moveaxis(expected[1, 0] - 1, made.along - 1, 0).reshape(after[made.along - 1], -1)
        np.testing.assert_array_equal(first, np.arange(len(first))[:, None].repeat(first.shape[1], 1))


def test_values_one_behind_the_other_keep_what_each_sees():
    near, far = of_line(4), of_line(4).through(1, Taps.of([[3], [2]]), input_size=4)
    both = concatenate([near, far], [4, 2], axis=1)
    assert [box_along(both, index)[0] for index in range(6)] == [0, 1, 2, 3, 3, 2]
    assert both.stride is None


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "count"),
    [(2, 2, "valid", 8), (3, 2, "same", 8), (3, 2, "valid", 9), (5, 1, "same", 4)],
)
def test_a_transposed_convolution_is_a_convolution_read_backwards(kernel: int, stride: int, padding: str, count: int):
    before, _ = padding_amounts(count, kernel, stride=stride, padding=padding)
    forward = {(place, place * stride - before + tap) for place in range(4) for tap in range(kernel)}
    taps = transposed_taps(4, count, kernel_size=kernel, stride=stride, padding=padding)
    found = {(int(place), index) for index, row in enumerate(taps.places) for place in row if 0 <= place < 4}
    assert found == {(place, index) for place, index in forward if 0 <= index < count}


def test_a_resize_by_a_kind_that_is_not_known_has_no_taps():
    assert resized_taps(4, 8, interpolation="area") is None
