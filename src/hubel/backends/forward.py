"""The forward pass of a Keras model, compiled as its backend does it best."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

import numpy as np

from hubel.backends.framework import BACKEND, keras

Forward = Callable[[np.ndarray], object]

_compiled: WeakKeyDictionary[keras.Model, Forward] = WeakKeyDictionary()
"""Of TensorFlow: what each model was compiled to."""


def forward_of(model: keras.Model) -> Forward:
    """float32 [batch, ...] → the outputs of a model as it infers; compiled once, and kept as long as the model is.

    TensorFlow's function is for batches of every size. That of Keras traces the model again for the second size that it
    meets, which for a small corpus takes longer than all that is computed with it.

    Args:
        model: with one input. Its weights may change later.
    """
    if BACKEND != "tensorflow":
        return model.predict_on_batch
    if model not in _compiled:
        tensorflow = importlib.import_module("tensorflow")
        found = cast("Callable[[], Any]", ref(model))  # what is kept must not keep the model
        model.jit_compile = False  # also in Keras' predict: XLA compiles for seconds, and is slower on processors
        signature = [tensorflow.TensorSpec((None, *model.input_shape[1:]), "float32")]
        _compiled[model] = tensorflow.function(
            lambda batch: found()(batch, training=False), input_signature=signature, jit_compile=False, autograph=False
        )
    return _compiled[model]
