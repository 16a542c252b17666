"""Stacks of small kernels, against counting by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.arithmetic.stacks import make_stack, stack_table
from hubel.errors import WrongRequest


def test_the_small_kernels_of_the_course():
    table = {stack.layers: stack for stack in stack_table(channels=64)}
    assert [table[layers].sees for layers in (1, 2, 3, 4, 5)] == [3, 5, 7, 9, 11]
    assert table[2].parameters == 2 * (3 * 3 * 64 * 64 + 64) == 73_856
    assert table[2].single_parameters == 5 * 5 * 64 * 64 + 64 == 102_464
    assert table[4].macs_per_position == 4 * 9 * 64 * 64
    assert table[4].single_macs_per_position == 81 * 64 * 64
    assert table[4].ratio == pytest.approx(147_712 / 331_840)


@given(layers=st.integers(1, 8), kernel=st.integers(1, 9), channels=st.integers(1, 300))
def test_a_stack_sees_one_kernels_reach_more_for_each_layer(layers: int, kernel: int, channels: int):
    stack = make_stack(layers, kernel_size=kernel, channels=channels)
    assert stack.sees == 1 + layers * (kernel - 1)
    assert stack.macs_per_position + layers * channels == stack.parameters
    assert stack.to_json()["ratio"] == stack.parameters / stack.single_parameters


@pytest.mark.parametrize(("name", "values"), [("kernel", {"kernel_size": 0}), ("channels", {"channels": -1})])
def test_an_impossible_stack_is_refused(name: str, values: dict[str, int]):
    with pytest.raises(WrongRequest, match=f"stack's {name} must be a number from 1 to .*Received: "):
        make_stack(2, **values)
