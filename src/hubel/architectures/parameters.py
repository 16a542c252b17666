"""How many numbers a spec's weights are, before anything of that size is made."""

from __future__ import annotations

from math import prod

from hubel.architectures.spec import CnnSpec, ResidualSpec, Spec
from hubel.arithmetic.convolution import convolution_parameters, dense_parameters

BATCH_NORMALISATION = 4
"""Numbers of each channel: scale, offset, moving mean, moving variance."""


def count_parameters(spec: Spec) -> int | None:
    """Weights, biases and statistics of the spec's model; None for a backbone, whose size its list of alphas bounds."""
    if isinstance(spec, CnnSpec):
        return _count_cnn(spec)
    if isinstance(spec, ResidualSpec):
        return _count_residual(spec)
    return None


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
