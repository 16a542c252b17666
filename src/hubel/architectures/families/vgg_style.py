"""Stacked 3 x 3 convolutions, narrower with each pooling and wider in filters: the pattern of VGG, small."""

from __future__ import annotations

from hubel.architectures.families.cnn import CnnSpec, Group

SMALLEST_MAP = 2
FILTERS = (32, 64, 128, 256, 256)


def vgg_style_spec(image_size: tuple[int, int], classes: int) -> CnnSpec:
    """Groups of two 3 x 3 convolutions and max pooling until the map is 2 or 3 pixels, or five groups: 2 at 8 pixels.

    Two 3 x 3 kernels see 5 x 5 pixels with fewer weights than one 5 x 5 kernel, and with a ReLU between them. After the
    paper came batch normalisation, and global averaging in place of its two dense layers of 4,096 units.

    Args:
        image_size: (height, width) in pixels, at least 4.
        classes: how many logits.

    Source: Simonyan & Zisserman 2015, arXiv:1409.1556, section 2.
    """
    groups, side = [], min(image_size)
    for filters in FILTERS:
        if side // 2 < SMALLEST_MAP:
            break
        groups.append(Group(filters, convolutions=2))
        side //= 2
    return CnnSpec(image_size, classes, groups=tuple(groups), dropout=0.3, head="average")
