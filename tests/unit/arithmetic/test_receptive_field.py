"""Receptive fields, against following every single tap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubel.arithmetic.convolution import padding_amounts, positions
from hubel.arithmetic.receptive_field import ReceptiveField, field_box, join

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
    field, size = ReceptiveField.of_image(image_size), image_size
    for kernel, stride, padding in layers:
        before, _ = padding_amounts(size, kernel, stride=stride, padding=padding)
        size = positions(size, kernel, stride=stride, padding=padding)
        field = field.through(kernel, positions=size, stride=stride, padding_before=before)
    return field


@given(image_size=st.integers(20, 70), layers=LAYERS)
def test_the_box_of_every_position_is_what_its_taps_see(image_size: int, layers: list[tuple[int, int, str]]):
    field = compose(image_size, layers)
    for index, seen in enumerate(follow_every_tap(image_size, layers)):
        if seen:
            assert field.box(index, image_size) == (min(seen), max(seen) + 1)


@given(image_size=st.integers(20, 70), layers=LAYERS)
def test_a_global_pooling_sees_all_that_any_position_sees(image_size: int, layers: list[tuple[int, int, str]]):
    seen = follow_every_tap(image_size, layers)
    if not seen:
        return
    whole = compose(image_size, layers).whole(len(seen))
    assert whole.stride == 0
    assert whole.box(7, image_size) == (min(set().union(*seen)), max(set().union(*seen)) + 1)
    assert whole.size == whole.high - whole.start


def test_two_3_by_3_see_5_by_5_and_four_see_9_by_9():
    field, sizes = ReceptiveField(1, 1, 0), []
    for _ in range(4):
        field = field.through(3, positions=100)
        sizes.append(field.size)
    assert sizes == [3, 5, 7, 9]


def test_vgg16_sees_196_pixels_before_and_212_behind_its_last_pooling():
    # Araujo, Norris & Sim 2019 give 212 for VGG-16, with stride 32 and padding 90 (which is a start of -90).
    field = ReceptiveField.of_image(224)
    size = 224
    for convolutions in (2, 2, 3, 3, 3):
        for _ in range(convolutions):
            field = field.through(3, positions=size, padding_before=1)
        last = field.size
        size //= 2
        field = field.through(2, positions=size, stride=2)
    assert (last, field.size, field.stride, field.start) == (196, 212, 32, -90)


def test_dilation_spreads_the_taps():
    assert ReceptiveField(1, 1, 0).through(3, positions=9, dilation=4).size == 9
    assert ReceptiveField(6, 2, 0).through(3, positions=9, dilation=2).size == 6 + 2 * 2 * 2


def test_branches_of_one_stride_are_joined_from_the_first_start_to_the_last_end():
    joined = join([ReceptiveField(3, 2, -1, 0, 20), ReceptiveField(5, 2, 0, 0, 24)])
    assert joined == ReceptiveField(6, 2, -1, 0, 24)


def test_a_branch_that_sees_everything_makes_every_position_see_everything():
    joined = join([ReceptiveField(3, 2, -1, 0, 20), ReceptiveField(24, 0, 0, 0, 24)])
    assert (joined.size, joined.stride) == (24, 0)
    assert {joined.box(index, 24) for index in range(10)} == {(0, 24)}


def test_a_box_is_cut_at_the_image_and_read_as_top_left_bottom_right():
    field = ReceptiveField(5, 2, -2, 0, 20)
    assert field_box((field, field), 0, 9, image_size=(20, 20)) == (0, 16, 3, 20)
    assert field_box((field, field), 3, 4, image_size=(20, 20)) == (4, 6, 9, 11)
