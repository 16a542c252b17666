"""Backbones that learned on ImageNet, as plain data; `hubel.architectures.families.backbones` builds them."""

from __future__ import annotations

from dataclasses import dataclass

from hubel.architectures.spec import PretrainedSpec

SMALLEST = 32
"""Pixels of the smallest side that keras.applications takes."""
SIZE = 224
"""Pixels of the images that all of them learned from."""


@dataclass(frozen=True)
class Width:
    """What is said of a backbone before it is built.

    Args:
        summary: one line, for people.
        parameters: of the whole backbone without its top at full width, in millions.
        alphas: widths that have ImageNet weights; one where the network comes in one width.
        alpha: the width unless the user says another.
    """

    summary: str
    parameters: float
    alphas: tuple[float, ...] = (1.0,)
    alpha: float = 1.0


PRETRAINED = {
    "mobilenet": Width("ImageNet's knowledge; best for a few thousand photographs", 3.23, (0.25, 0.5, 0.75, 1.0), 0.25),
    "mobilenet-v2": Width("ImageNet's knowledge; inverted residuals", 2.26, (0.35, 0.5, 0.75, 1.0, 1.3, 1.4), 0.5),
    "mobilenet-v3-small": Width("ImageNet's knowledge; about as quick as mobilenet", 0.94, (0.75, 1.0), 1.0),
    "mobilenet-v3-large": Width("ImageNet's knowledge; four times as slow as the small one", 3.00, (0.75, 1.0), 1.0),
    "efficientnet-v2-b0": Width("ImageNet's knowledge; 6 million weights", 5.92),
    "resnet50-v2": Width("ImageNet's knowledge; 24 million weights, slow without a graphics card", 23.56),
    "convnext-tiny": Width("ImageNet's knowledge; 28 million weights, slow without a graphics card", 27.82),
}


def pretrained_spec(backbone: str, image_size: tuple[int, int], classes: int) -> PretrainedSpec:
    """A head on a backbone of its usual width.

    Args:
        backbone: a name in `PRETRAINED`.
        image_size: (height, width) in pixels, at least 32.
        classes: how many logits.
    """
    return PretrainedSpec(image_size, classes, backbone=backbone, alpha=PRETRAINED[backbone].alpha)
