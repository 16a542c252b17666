"""d(score) / d(images), once for each framework."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from hubel.backends.framework import BACKEND

Score = Callable[[Any], Any]
"""A backend tensor [batch, height, width, channels] → one number as a backend tensor."""
Gradient = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(values, constants), both float32 → how the score changes with each value, float32."""
WITHOUT_TRACE = 3
"""Gradients of one shape that are computed before TensorFlow compiles: a single map needs no more of most methods."""


def compute_gradient(score: Score, images: np.ndarray) -> np.ndarray:
    """How a score changes with each input value.

    Args:
        score: differentiable.
        images: float32 [batch, height, width, channels].

    Returns:
        float32 of the same shape.
    """
    return _GRADIENTS[BACKEND](score, np.asarray(images, np.float32))


def differentiate(score: Callable[[Any, Any], Any]) -> Gradient:
    """A function that gives the gradient of a score; where that is worth its time, it is compiled once for each shape.

    Args:
        score: (tensor [batch, ...], constants [numbers]) → one number as a backend tensor.

    Returns:
        (float32 [batch, ...], float32 [numbers]) → float32 [batch, ...].
    """
    if BACKEND == "tensorflow":
        return _compiled_where_it_is_called_often(score)
    if BACKEND != "jax":
        return lambda values, constants: compute_gradient(lambda tensor: score(tensor, constants), values)
    jax = importlib.import_module("jax")
    compiled = jax.jit(jax.grad(score))
    return lambda values, constants: np.asarray(compiled(np.asarray(values, np.float32), constants))


def _compiled_where_it_is_called_often(score: Callable[[Any, Any], Any]) -> Gradient:
    """With TensorFlow: tracing takes as long as some gradients; after it, each takes a third of the time."""
    tensorflow = importlib.import_module("tensorflow")
    calls: Counter[tuple[int, ...]] = Counter()

    @tensorflow.function(autograph=False)
    def traced(tensor: Any, constants: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            tape.watch(tensor)
            value = score(tensor, constants)
        return tape.gradient(value, tensor, unconnected_gradients="zero")

    def gradient(values: np.ndarray, constants: np.ndarray) -> np.ndarray:
        calls[values.shape] += 1
        if calls[values.shape] <= WITHOUT_TRACE:
            return compute_gradient(lambda tensor: score(tensor, constants), values)
        tensors = (tensorflow.convert_to_tensor(np.asarray(each, np.float32)) for each in (values, constants))
        return traced(*tensors).numpy()

    return gradient


def _tensorflow(score: Score, images: np.ndarray) -> np.ndarray:
    tensorflow = importlib.import_module("tensorflow")
    tensor = tensorflow.convert_to_tensor(images)
    with tensorflow.GradientTape() as tape:
        tape.watch(tensor)
        value = score(tensor)
    return tape.gradient(value, tensor, unconnected_gradients="zero").numpy()


def _jax(score: Score, images: np.ndarray) -> np.ndarray:
    return np.asarray(importlib.import_module("jax").grad(score)(images))


def _torch(score: Score, images: np.ndarray) -> np.ndarray:
    torch = importlib.import_module("torch")
    tensor = torch.tensor(images, requires_grad=True)
    with torch.enable_grad():
        score(tensor).backward()
    return np.zeros_like(images) if tensor.grad is None else tensor.grad.numpy()


_GRADIENTS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
