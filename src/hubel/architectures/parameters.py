"""How many numbers a spec's weights and maps are, before anything of that size is made."""

from __future__ import annotations

from math import prod

from hubel.architectures.families.pretrained import PRETRAINED
from hubel.architectures.spec import CnnSpec, PretrainedSpec, ResidualSpec, Spec
from hubel.arithmetic.convolution import convolution_parameters, dense_parameters
from hubel.catalogue import find

BATCH_NORMALISATION = 4
"""Numbers of each channel: scale, offset, moving mean, moving variance."""


def count_parameters(spec: Spec) -> int | None:
    """Weights, biases and statistics of the spec's model; None for a backbone, whose size its list of alphas bounds."""
    if isinstance(spec, CnnSpec):
        return _count_cnn(spec)
    if isinstance(spec, ResidualSpec):
        return _count_residual(spec)
    return None


def estimate_parameters(spec: Spec) -> int:
    """The same, for a backbone too: within a factor of 2, from its size at full width.

    Raises:
        UnknownName: no such backbone.
    """
    if not isinstance(spec, PretrainedSpec):
        return count_parameters(spec) or 0
    return _backbone_parameters(spec) + int(_HEAD_CHANNELS * min(spec.alpha, 1.0) * spec.classes)


_HEAD_CHANNELS = 1024
"""About as many features enter the head of a backbone at full width."""


def _backbone_parameters(spec: PretrainedSpec) -> int:
    width = find(PRETRAINED, spec.backbone, kind="backbone")
    return int(width.parameters * 1e6 * spec.alpha**2)


def estimate_work(spec: Spec) -> tuple[int, int]:
    """What one image costs: multiply-accumulates, and numbers in the largest map; of a backbone, about."""
    if isinstance(spec, CnnSpec):
        return _cnn_work(spec)
    if isinstance(spec, ResidualSpec):
        return _residual_work(spec)
    if isinstance(spec, PretrainedSpec):
        # Most weights of a backbone are used at its last size, a 32nd of the image's, and cost a quarter of the whole.
        return _backbone_parameters(spec) * 4 * prod(spec.image_size) // 32**2, 32 * prod(spec.image_size)
    return 0, 0


def _cnn_work(spec: CnnSpec) -> tuple[int, int]:
    size, channels = spec.image_size, spec.channels
    macs, largest = 0, channels * prod(size)
    for group in spec.groups:
        for _ in range(group.convolutions):
            size = group.convolved(size)
            macs += prod(size) * group.kernel_size**2 * channels * group.filters
            channels = group.filters
            largest = max(largest, channels * prod(size))
        size = group.pooled(size)
    inputs = channels * (prod(size) if spec.head == "flatten" else 1)
    for units in (*spec.dense_units, spec.classes):
        macs += inputs * units
        inputs, largest = units, max(largest, units)
    return macs, largest


def _residual_work(spec: ResidualSpec) -> tuple[int, int]:
    size = tuple(-(-side // 2) for side in spec.image_size)
    macs = prod(size) * spec.stem_kernel**2 * spec.channels * spec.stem_filters
    channels, largest = spec.stem_filters, spec.stem_filters * prod(size)
    for number, (width, blocks) in enumerate(zip(spec.widths, spec.blocks, strict=True)):
        size = size if number == 0 else tuple(-(-side // 2) for side in size)
        macs += prod(size) * 9 * width * (channels + blocks * width)
        channels, largest = width, max(largest, width * prod(size))
    return macs + channels * spec.classes, largest


def _count_cnn(spec: CnnSpec) -> int:
    size, channels, total = spec.image_size, spec.channels, 0
    normalised = spec.batch_normalisation
    for group in spec.groups:
        for _ in range(group.convolutions):
            size = group.convolved(size)
            kernel = (group.kernel_size, group.kernel_size)
            weights = convolution_parameters(kernel, channels, group.filters, bias=not normalised)
            total += weights if spec.shared else weights * prod(size)
            total += BATCH_NORMALISATION * group.filters if normalised else 0
            channels = group.filters
        size = group.pooled(size)
    inputs = channels * (prod(size) if spec.head == "flatten" else 1)
    for units in (*spec.dense_units, spec.classes):
        total += dense_parameters(inputs, units)
        inputs = units
    return total


def _count_residual(spec: ResidualSpec) -> int:
    stem = (spec.stem_kernel, spec.stem_kernel)
    total = convolution_parameters(stem, spec.channels, spec.stem_filters)
    channels = spec.stem_filters
    for width, blocks in zip(spec.widths, spec.blocks, strict=True):
        total += _convolution(channels, width) + blocks * _convolution(width, width)
        channels = width
    return total + dense_parameters(channels, spec.classes, bias=False)


def _convolution(channels: int, filters: int) -> int:
    return convolution_parameters((3, 3), channels, filters, bias=False) + BATCH_NORMALISATION * filters
