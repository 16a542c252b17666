"""A small residual network with a strided, whitened stem: what learns fastest from scratch on a processor."""

from __future__ import annotations

from hubel.architectures.spec import ResidualSpec

SMALLEST_MAP = 4
STEM_KERNEL = 4
WIDTHS = (32, 64, 128, 192, 256, 256, 256)


def residual_spec(image_size: tuple[int, int], classes: int) -> ResidualSpec:
    """Groups until the map is 4 to 7 pixels: 3 groups at 32 pixels, 5 at 128.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
    """
    side = -(-min(image_size) // 2)  # after the stem, whose "same" padding rounds up
    widths = [WIDTHS[0]]
    while side // 2 >= SMALLEST_MAP and len(widths) < len(WIDTHS):
        side = -(-side // 2)
        widths.append(WIDTHS[len(widths)])
    blocks = (0,) + (1,) * (len(widths) - 1)
    return ResidualSpec(image_size, classes, 32, STEM_KERNEL, tuple(widths), blocks)
