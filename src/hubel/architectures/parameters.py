"""How many numbers a spec's weights are, before anything of that size is made."""

from __future__ import annotations

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
    (height, width), channels, total = spec.image_size, 3, 0
    for group in spec.groups:
        for _ in range(group.convolutions):
            total += _convolution(channels, group.filters, group.kernel_size, normalised=spec.batch_normalisation)
            channels = group.filters
        if group.pooling != "none":
            height, width = height // 2, width // 2
    inputs = height * width * channels
    for units in (*spec.dense_units, spec.classes):
        total += dense_parameters(inputs, units)
        inputs = units
    return total


def _count_residual(spec: ResidualSpec) -> int:
    total = _convolution(3, spec.stem_filters, spec.stem_kernel, normalised=False)
    channels = spec.stem_filters
    for width, blocks in zip(spec.widths, spec.blocks, strict=True):
        total += _convolution(channels, width, 3, normalised=True) + blocks * _convolution(
            width, width, 3, normalised=True
        )
        channels = width
    return total + dense_parameters(channels, spec.classes, bias=False)


def _convolution(channels: int, filters: int, kernel_size: int, *, normalised: bool) -> int:
    weights = convolution_parameters((kernel_size, kernel_size), channels, filters, bias=not normalised)
    return weights + (BATCH_NORMALISATION * filters if normalised else 0)
