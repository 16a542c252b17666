"""Feature maps of a network at several depths, each summarised by a few numbers."""

from __future__ import annotations

import numpy as np

from hubel.backends.framework import keras

MOST_MAPS = 8
"""In deeper networks, this many are used, spread evenly."""
MOST_CHANNELS = 64
"""Of wider maps, the first ones: as measured, more do not detect strangers better, and every second one is slower."""


def find_maps(model: keras.Model) -> list[keras.KerasTensor]:
    """Maps [batch, height, width, channels] that the next layer makes smaller, or into a vector, in network order.

    These are the last of each size. Whatever comes before the first weights is still pixels, and left out.
    """
    found: dict[int, keras.KerasTensor] = {}
    weighted = False
    for layer in model.layers:
        if weighted and not isinstance(layer, keras.Model):
            for each in _flat(layer.input):
                shrinks = len(each.shape) == 4 and _flat(layer.output)[0].shape[1:3] != each.shape[1:3]
                if shrinks:
                    found.setdefault(id(each), each)
        weighted = weighted or bool(layer.weights)
    maps = list(found.values())
    places = np.unique(np.linspace(0, len(maps) - 1, min(MOST_MAPS, len(maps))).round().astype(int))
    return [maps[place] for place in places]


def summarise_map(each: keras.KerasTensor) -> list[keras.KerasTensor]:
    """Mean and deviation over all places, [batch, channels] each."""
    chosen = each[:, :, :, :MOST_CHANNELS] if each.shape[-1] > MOST_CHANNELS else each
    mean = keras.ops.mean(chosen, axis=(1, 2), keepdims=True)
    deviation = keras.ops.sqrt(keras.ops.mean(keras.ops.square(chosen - mean), axis=(1, 2)))
    return [keras.ops.squeeze(mean, axis=(1, 2)), deviation]


def _flat(tensors: object) -> list[keras.KerasTensor]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]  # ty: ignore[invalid-explicit-return]
