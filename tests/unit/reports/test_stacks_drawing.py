"""The drawing of stacked kernels."""

from __future__ import annotations

from hubel.arithmetic.stacks import stack_table
from hubel.drawing.shapes import Box, Words
from hubel.reports.stacks import draw_stacks


def test_every_depth_stands_beside_the_kernel_that_sees_the_same_with_its_parameters():
    drawing = draw_stacks(stack_table(kernel_size=3, channels=64, deepest=3))
    words = [shape.text for shape in drawing.shapes if isinstance(shape, Words)]
    assert "2 of 3 × 3, sees 5 × 5" in words
    assert "one of 5 × 5" in words
    assert f"{2 * (9 * 64 * 64 + 64):,}" in words
    assert f"{25 * 64 * 64 + 64:,}" in words
    assert f"{49 * 64 * 64:,}" in words  # multiply-accumulates of the 7 x 7 kernel at one position


def test_the_large_kernel_has_another_colour_than_the_stack():
    drawing = draw_stacks(stack_table(kernel_size=3, channels=64, deepest=3))
    fills = [shape.fill for shape in drawing.shapes if isinstance(shape, Box)]
    assert fills == fills[:2] * (len(fills) // 2)
    assert fills[0] != fills[1]
