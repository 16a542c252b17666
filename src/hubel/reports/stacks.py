"""Small kernels in a row against the one large kernel that sees the same, as a drawing."""

from __future__ import annotations

from collections.abc import Sequence

from hubel.arithmetic.stacks import Stack
from hubel.drawing.bar_table import Column, draw_table
from hubel.drawing.shapes import BLUE, ORANGE, Drawing


def draw_stacks(stacks: Sequence[Stack]) -> Drawing:
    """A row for each depth and a row for its large kernel, bars for the parameters, each in its colour.

    Args:
        stacks: of equal kernel size and channels, at least one.
    """
    side, channels = stacks[0].kernel_size, stacks[0].channels
    names, parameters, macs = [], [], []
    for stack in stacks:
        names += [
            f"{stack.layers} of {side} × {side}, sees {stack.sees} × {stack.sees}",
            f"one of {stack.sees} × {stack.sees}",
        ]
        parameters += [stack.parameters, stack.single_parameters]
        macs += [stack.macs_per_position, stack.single_macs_per_position]
    colours = [BLUE, ORANGE] * len(stacks)
    columns = [
        Column("parameters", parameters, [f"{each:,}" for each in parameters], colours=colours),
        Column("MACs for one position", macs, [f"{each:,}" for each in macs], colours=colours),
    ]
    return draw_table(
        f"Kernels of {side} × {side} in a row, or one large kernel",
        f"{channels} channels in every layer, stride 1; blue: in a row; orange: one kernel that sees as much",
        names=names,
        columns=columns,
    )
