"""LeNet-5: two convolutions with pooling and three dense layers, the network that read cheques."""

from __future__ import annotations

from hubel.architectures.families.cnn import CnnSpec, Group

PAPER_SIDE = 32
"""Pixels from which on convolutions are not padded, as in the paper; a smaller image keeps its size by padding."""


def lenet5_spec(image_size: tuple[int, int], classes: int) -> CnnSpec:
    """LeNet-5 with today's parts; at 32 x 32 pixels its maps are those of the paper: 28, 14, 10 and 5 pixels.

    It differs from the paper in five ways: ReLU in place of a scaled tanh; plain averages in place of pooling with a
    learned factor and offset; the second convolution sees all six maps, not chosen ones; the image has three channels;
    and the last layer gives logits, not distances to drawn digits. Its third convolution, whose kernel is as large as
    its map, is the first dense layer here, which is the same thing at 32 pixels.

    Args:
        image_size: (height, width) in pixels, at least 4.
        classes: how many logits.

    Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition",
    doi:10.1109/5.726791, section II.B.
    """
    padding = "valid" if min(image_size) >= PAPER_SIDE else "same"
    groups = tuple(Group(filters, kernel_size=5, pooling="average", padding=padding) for filters in (6, 16))
    return CnnSpec(image_size, classes, groups=groups, dense_units=(120, 84), batch_normalisation=False)
