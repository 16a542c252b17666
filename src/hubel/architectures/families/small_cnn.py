"""The textbook network: groups of convolution + ReLU + pooling, then a dense layer."""

from __future__ import annotations

from hubel.architectures.families.cnn import CnnSpec, Group

SMALLEST_MAP = 4
"""Pixels along the shorter side below which no group pools further: a smaller map has no places left to tell apart."""
FIRST_FILTERS, MOST_FILTERS = 32, 128
MOST_GROUPS = 5


def small_cnn_spec(image_size: tuple[int, int], classes: int) -> CnnSpec:
    """A network whose depth fits the image: 2 groups at 8 pixels, 3 at 32, 5 from 96 on.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
    """
    groups = []
    side = min(image_size)
    while len(groups) < MOST_GROUPS:
        filters = min(FIRST_FILTERS * 2 ** len(groups), MOST_FILTERS)
        pools = side // 2 >= SMALLEST_MAP
        groups.append(Group(filters, convolutions=2, pooling="max" if pools else "none"))
        if not pools:
            break
        side //= 2
    return CnnSpec(image_size, classes, groups=tuple(groups), dense_units=(128,), dropout=0.3)
