"""Feature maps in bfloat16 while a model is trained; the model itself stays one of float32."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from hubel.backends.framework import keras


@contextmanager
def maps_in_bfloat16(model: Any, *, wanted: bool) -> Generator[None]:
    """Within it, layers that make feature maps compute them in bfloat16, from the first that has weights on.

    Weights, gradients, statistics of batches, features and logits stay float32; Keras casts in between. An optimiser
    that multiplies matrices to find a direction does so in bfloat16 too. Afterwards all are as before, so that nothing
    of it is saved.

    Args:
        model: with a float32 policy.
        wanted: False to change nothing.
    """
    layers = layers_of(model) if wanted else []
    first = next((place for place, each in enumerate(layers) if each.weights), len(layers))
    maps = [each for each in layers[first:] if len(each.output.shape) == 4]
    before, optimizer = [each.dtype_policy for each in maps], model.optimizer
    exact = getattr(optimizer, "products", None) if wanted else None
    try:
        for each in maps:
            each.dtype_policy = "mixed_bfloat16"
        if exact:
            optimizer.products = "bfloat16"
        yield
    finally:
        if exact:
            optimizer.products = exact
        for each, policy in zip(maps, before, strict=True):
            each.dtype_policy = policy


def layers_of(model: Any) -> list[Any]:
    """Every layer in the order of the network, those of models within it too."""
    nested = ((layers_of(layer) if isinstance(layer, keras.Model) else [layer]) for layer in model.layers)
    return [layer for layers in nested for layer in layers]
