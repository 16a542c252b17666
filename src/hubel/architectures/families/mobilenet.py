"""MobileNet, pretrained on ImageNet: the backbone that answers fastest on a laptop."""

from __future__ import annotations

from hubel.architectures.spec import PretrainedSpec

ALPHA = 0.25


def mobilenet_spec(image_size: tuple[int, int], classes: int, alpha: float = ALPHA) -> PretrainedSpec:
    """A head on MobileNet.

    Args:
        image_size: (height, width) in pixels, at least 32.
        classes: how many logits.
        alpha: width of the backbone; ImageNet weights exist for 0.25, 0.5, 0.75 and 1.0.
    """
    return PretrainedSpec(image_size, classes, backbone="mobilenet", alpha=alpha)
