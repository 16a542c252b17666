"""Blueprint → keras.Model: float32 pixels 0 to 255 in, logits out.

Scaling the pixels is the model's first layer, so whoever takes the model away needs no rule beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.backbones import build_pretrained
from hubel.architectures.layers import LocallyConnected2D, SumPooling2D
from hubel.architectures.spec import CnnSpec, Group, ResidualSpec
from hubel.backends.framework import keras

LOGITS = "logits"
BATCH_NORMALISATION_MOMENTUM = 0.9
"""Keras' 0.99 lags behind in runs of a few hundred steps: the statistics of prediction would be of old weights."""


POOLING_LAYERS: dict[str, Callable[..., keras.Layer]] = {
    "max": keras.layers.MaxPooling2D,
    "average": keras.layers.AveragePooling2D,
    "sum": SumPooling2D,
}


def build_cnn(spec: CnnSpec) -> keras.Model:
    """Groups of convolution + activation + pooling, dense layers, logits."""
    inputs = keras.Input((*spec.image_size, spec.channels), name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale_pixels")(inputs)
    for number, group in enumerate(spec.groups, 1):
        x = _group(x, group, f"group_{number}", spec)
    x = _vector(x, spec.head)
    activation = None if spec.activation == "none" else spec.activation
    for number, units in enumerate(spec.dense_units, 1):
        if spec.dropout:
            x = keras.layers.Dropout(spec.dropout, name=f"dropout_{number}")(x)
        x = keras.layers.Dense(units, activation=activation, kernel_initializer="he_normal", name=f"dense_{number}")(x)
    if spec.dropout:
        x = keras.layers.Dropout(spec.dropout, name="dropout_logits")(x)
    return keras.Model(inputs, keras.layers.Dense(spec.classes, name=LOGITS)(x), name="cnn")


def _vector(x: keras.KerasTensor, head: str) -> keras.KerasTensor:
    if head == "average":
        return keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
    if head == "max":
        return keras.layers.GlobalMaxPooling2D(name="global_pool")(x)
    return keras.layers.Flatten(name="flatten")(x)


def _group(x: keras.KerasTensor, group: Group, name: str, spec: CnnSpec) -> keras.KerasTensor:
    for number in range(1, group.convolutions + 1):
        each = f"{name}_{number}"
        if spec.shared:
            layer: keras.Layer = _shared(group, f"{each}_convolution", bias=not spec.batch_normalisation)
        else:
            layer = _unshared(group, f"{each}_local", bias=not spec.batch_normalisation)
        x = layer(x)
        if spec.batch_normalisation:
            x = _normalised(x, each)
        if spec.activation == "relu":
            x = keras.layers.ReLU(name=f"{each}_relu")(x)
    if group.pooling == "none":
        return x
    return POOLING_LAYERS[group.pooling](group.window, name=f"{name}_pool")(x)


def _shared(group: Group, name: str, *, bias: bool) -> keras.Layer:
    return keras.layers.Conv2D(
        group.filters,
        group.kernel_size,
        padding=group.padding,
        use_bias=bias,
        kernel_initializer="he_normal",
        name=name,
    )


def _unshared(group: Group, name: str, *, bias: bool) -> keras.Layer:
    return LocallyConnected2D(
        group.filters,
        group.kernel_size,
        padding=group.padding,
        use_bias=bias,
        kernel_initializer="he_normal",
        name=name,
    )


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.BatchNormalization(momentum=BATCH_NORMALISATION_MOMENTUM, epsilon=1e-5, name=f"{name}_norm")(x)


def build_residual(spec: ResidualSpec) -> keras.Model:
    """Strided stem, groups with residual blocks, global max pooling, logits.

    Source: residual blocks after He et al. 2016, arXiv:1603.05027, with one convolution each; global max pooling and
    the scaled logits after Page 2019, "How to train your ResNet".
    """
    inputs = keras.Input((*spec.image_size, spec.channels), name="image")
    x = keras.layers.Rescaling(1 / 63.75, offset=-2, name="scale_pixels")(inputs)  # about mean 0, deviation 1
    x = keras.layers.Conv2D(
        spec.stem_filters, spec.stem_kernel, strides=2, padding="same", kernel_initializer="he_normal", name="stem"
    )(x)
    x = keras.layers.ReLU(name="stem_relu")(x)
    for number, (filters, blocks) in enumerate(zip(spec.widths, spec.blocks, strict=True), 1):
        x = _convolution(x, filters, f"group_{number}", stride=1 if number == 1 else 2)
        for block in range(1, blocks + 1):
            inner = _convolution(x, filters, f"group_{number}_block_{block}")
            x = keras.layers.Add(name=f"group_{number}_block_{block}_add")([x, inner])
    x = keras.layers.GlobalMaxPooling2D(name="pool")(x)
    if spec.dropout:
        x = keras.layers.Dropout(spec.dropout, name="dropout")(x)
    x = keras.layers.Dense(spec.classes, use_bias=False, name="logits_unscaled")(x)
    return keras.Model(inputs, keras.layers.Rescaling(0.25, name=LOGITS)(x), name="residual")


def _convolution(x: keras.KerasTensor, filters: int, name: str, *, stride: int = 1) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        filters,
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(x)
    return keras.layers.ReLU(name=f"{name}_relu")(_normalised(x, name))


BUILDERS: dict[str, Callable[[Any], keras.Model]] = {
    "cnn": build_cnn,
    "residual": build_residual,
    "pretrained": build_pretrained,
}


def build_model(blueprint: Blueprint) -> keras.Model:
    """The blueprint's model with random weights: float32 [batch, height, width, channels] → logits [batch, classes]."""
    return BUILDERS[blueprint.family](blueprint.spec)


def weight_name(variable: keras.Variable) -> str:
    """What a weight is called in every program: its path, such as ``"group_1_1_convolution/kernel"``.

    A layer that gives its weight no name, as the scales in ConvNeXt, gets ``variable_7`` from Keras, where the number
    counts such weights in this program; it is left out.
    """
    return re.sub(r"/variable_\d+$", "/variable", variable.path)
