"""Blueprint → keras.Model: float32 pixels 0 to 255 in, logits out.

Scaling the pixels is the model's first layer, so whoever takes the model away needs no rule beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.backbones import build_pretrained
from hubel.architectures.spec import CnnSpec, Group, ResidualSpec
from hubel.backends.framework import keras

LOGITS = "logits"
BATCH_NORMALISATION_MOMENTUM = 0.9
"""Keras' 0.99 lags behind in runs of a few hundred steps: the statistics of prediction would be of old weights."""


def build_cnn(spec: CnnSpec) -> keras.Model:
    """Groups of convolution + ReLU + pooling, dense layers with ReLU, logits."""
    height, width = spec.image_size
    inputs = keras.Input((height, width, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale_pixels")(inputs)
    for number, group in enumerate(spec.groups, 1):
        x = _group(x, group, f"group_{number}", spec)
    x = keras.layers.Flatten(name="flatten")(x)
    for number, units in enumerate(spec.dense_units, 1):
        if spec.dropout:
            x = keras.layers.Dropout(spec.dropout, name=f"dropout_{number}")(x)
        x = keras.layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=f"dense_{number}")(x)
    if spec.dropout:
        x = keras.layers.Dropout(spec.dropout, name="dropout_logits")(x)
    return keras.Model(inputs, keras.layers.Dense(spec.classes, name=LOGITS)(x), name="cnn")


def _group(x: keras.KerasTensor, group: Group, name: str, spec: CnnSpec) -> keras.KerasTensor:
    for number in range(1, group.convolutions + 1):
        x = _convolution(x, group.filters, f"{name}_{number}", group.kernel_size, normalise=spec.batch_normalisation)
    if group.pooling == "max":
        return keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    if group.pooling == "average":
        return keras.layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    return x


def build_residual(spec: ResidualSpec) -> keras.Model:
    """Strided stem, groups with residual blocks, global max pooling, logits.

    Source: residual blocks after He et al. 2016, arXiv:1603.05027, with one convolution each; global max pooling and
    the scaled logits after Page 2019, "How to train your ResNet".
    """
    height, width = spec.image_size
    inputs = keras.Input((height, width, 3), name="image")
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


def _convolution(
    x: keras.KerasTensor, filters: int, name: str, kernel_size: int = 3, *, stride: int = 1, normalise: bool = True
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        padding="same",
        use_bias=not normalise,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(x)
    if normalise:
        x = keras.layers.BatchNormalization(momentum=BATCH_NORMALISATION_MOMENTUM, epsilon=1e-5, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


BUILDERS: dict[str, Callable[[Any], keras.Model]] = {
    "cnn": build_cnn,
    "residual": build_residual,
    "pretrained": build_pretrained,
}


def build_model(blueprint: Blueprint) -> keras.Model:
    """The blueprint's model with random weights: float32 [batch, height, width, 3] → logits [batch, classes]."""
    return BUILDERS[blueprint.family](blueprint.spec)
