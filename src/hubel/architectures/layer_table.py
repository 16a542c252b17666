"""A built model → one row for each layer: shapes, parameters, multiply-accumulates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hubel.arithmetic.convolution import convolution_macs, depthwise_macs
from hubel.backends.framework import keras


@dataclass(frozen=True)
class LayerRow:
    """One layer, for one image.

    Args:
        name: as in the model.
        kind: Keras' class name.
        output: [height, width, channels], or [units].
        parameters: weights and biases, trained or not.
        macs: multiply-accumulates of convolutions and dense layers; 0 for others.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    macs: int


def layer_table(model: keras.Model) -> list[LayerRow]:
    """Every layer in the order of computation; a nested model's layers stand in its place."""
    return list(_rows(model))


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one image's forward pass."""
    return sum(row.macs for row in layer_table(model))


def _rows(model: keras.Model) -> Iterator[LayerRow]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _rows(layer)
        else:
            yield LayerRow(layer.name, type(layer).__name__, _output(layer), layer.count_params(), _macs(layer))


def _output(layer: keras.Layer) -> tuple[int, ...]:
    output = layer.output
    return tuple((output[0] if isinstance(output, list) else output).shape[1:])


def _macs(layer: keras.Layer) -> int:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        height, width, channels = _output(layer)
        return depthwise_macs(layer.kernel_size, channels, (height, width))
    if isinstance(layer, keras.layers.Conv2D):
        height, width, filters = _output(layer)
        in_channels = layer.input.shape[-1]
        return convolution_macs(layer.kernel_size, in_channels, filters, (height, width), groups=layer.groups)
    if isinstance(layer, keras.layers.Dense):
        return layer.input.shape[-1] * layer.units
    return 0
