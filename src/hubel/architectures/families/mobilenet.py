"""MobileNet, pretrained on ImageNet: the backbone that answers fastest on a laptop."""

from __future__ import annotations

from hubel.architectures.families.pretrained import PRETRAINED, pretrained_spec
from hubel.architectures.spec import PretrainedSpec

ALPHA = PRETRAINED["mobilenet"].alpha
"""Width of the backbone; ImageNet weights exist for 0.25, 0.5, 0.75 and 1.0."""


def mobilenet_spec(image_size: tuple[int, int], classes: int) -> PretrainedSpec:
    """A head on the narrowest MobileNet.

    Args:
        image_size: (height, width) in pixels, at least 32.
        classes: how many logits.
    """
    return pretrained_spec("mobilenet", image_size, classes)
