"""A network without convolutions: every pixel is an input of every hidden unit. What convolution is compared with."""

from __future__ import annotations

from hubel.architectures.families.cnn import CnnSpec

UNITS = (256,)


def dense_spec(image_size: tuple[int, int], classes: int, *, units: tuple[int, ...] = UNITS) -> CnnSpec:
    """The image as one long vector, hidden dense layers with ReLU, logits.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
        units: of each hidden layer.
    """
    return CnnSpec(image_size, classes, dense_units=units)
