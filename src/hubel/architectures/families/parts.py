"""What several families are made of."""

from __future__ import annotations

from typing import Any

BATCH_NORMALISATION = 4
"""Numbers of each channel: scale, offset, moving mean, moving variance."""
LOGITS = "logits"
"""The last layer of every network."""
MOMENTUM = 0.9
"""Of the statistics of batch normalisation. Keras' 0.99 lags behind in runs of a few hundred steps, MobileNetV3's 0.999
far behind: the statistics of prediction would be those of old weights."""


def normalised(keras: Any, x: Any, name: str) -> Any:
    """Maps [batch, height, width, channels] behind batch normalisation.

    Args:
        keras: of the `Kit`.
        x: of Keras' graph.
        name: of what it follows.
    """
    return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-5, name=f"{name}_norm")(x)
