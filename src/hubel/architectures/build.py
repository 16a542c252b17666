"""Blueprint → keras.Model: float32 pixels 0 to 255 in, logits out."""

from __future__ import annotations

import re

from hubel.architectures.catalogue import Blueprint
from hubel.architectures.layers import LocallyConnected2D, SumPooling2D
from hubel.architectures.spec import Kit
from hubel.backends.framework import keras

KIT = Kit(keras, SumPooling2D, LocallyConnected2D)


def build_model(blueprint: Blueprint) -> keras.Model:
    """The blueprint's model with random weights: float32 [batch, height, width, channels] → logits [batch, classes]."""
    return blueprint.spec.build(KIT)


def weight_name(variable: keras.Variable) -> str:
    """What a weight is called in every program: its path, such as ``"group_1_1_convolution/kernel"``.

    A layer that gives its weight no name, as the scales in ConvNeXt, gets ``variable_7`` from Keras, where the number
    counts such weights in this program; it is left out.
    """
    return re.sub(r"/variable_\d+$", "/variable", variable.path)
