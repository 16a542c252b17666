"""Several training steps as one call of JAX: the pixels lie on the device, and nothing comes back between the steps."""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from hubel.backends.mixed_precision import maps_in_bfloat16

jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")
Arrays: TypeAlias = Sequence[np.ndarray]
State: TypeAlias = tuple[list[Any], list[Any], list[Any], list[Any]]
"""Trainable variables, all others of the model, the optimiser's, the metrics'."""
_PROGRAMS: weakref.WeakKeyDictionary[Any, dict[bool, Callable[..., Any]]] = weakref.WeakKeyDictionary()
"""Optimiser → what was compiled for it, by whether it computes in bfloat16: measured, and then used."""


class _Epoch(NamedTuple):
    """On the device: `EpochPlaces` of `hubel.pipeline.batches`."""

    examples: Any
    labels: Any
    rows: Any
    columns: Any
    gains: Any


class JaxSteps:
    """The training split on the device, and the steps of a compiled model on it.

    One program does any number of steps, so that these are the same to the bit however they are divided.

    Args:
        model: compiled, with a float32 policy; its optimiser is built. It always has the weights of the last step.
        pixels: uint8 [training examples, height, width, 3].
        class_weights: weight of each class in the loss, float32 [classes].
        bfloat16: whether feature maps are computed in bfloat16; weights, statistics, features and logits stay float32.
    """

    def __init__(self, model: Any, pixels: np.ndarray, *, class_weights: np.ndarray, bfloat16: bool) -> None:
        self._model, self._pixels = model, jax.device_put(pixels)
        self._class_weights = jax.device_put(class_weights)
        programs = _PROGRAMS.setdefault(model.optimizer, {})
        if bfloat16 not in programs:
            programs[bfloat16] = _compiled_steps(model, bfloat16=bfloat16)
        self._program = programs[bfloat16]

    def put_epoch(self, places: Arrays) -> _Epoch:
        """Bring an epoch to the device.

        Args:
            places: examples and labels [steps, batch], rows [steps, batch, height], columns [steps, batch, width] and
                gains [steps, batch, 3].
        """
        return _Epoch(*jax.device_put(list(places)))

    def start(self, epoch: _Epoch, first: int, *, rates: Sequence[float], shares: Arrays | None) -> Any:
        """Begin some steps, and do not wait for them.

        Args:
            epoch: of `put_epoch`.
            first: the first of them in the epoch.
            rates: learning rate of each of them.
            shares: matrices that make rows and columns of an image fewer, [smaller height, height] and [smaller width,
                width]; None to leave images as they are.

        Returns:
            What `wait` takes.
        """
        every = np.zeros(len(epoch.examples), np.float32)  # always as many, for a number would be compiled in
        every[: len(rates)] = rates
        model = self._model
        model.reset_metrics()
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        state: State = tuple([each.value for each in group] for group in groups)  # ty: ignore[invalid-assignment]
        shrinking = None if shares is None else tuple(shares)
        data = (self._pixels, epoch, self._class_weights, shrinking)
        state, losses = self._program(state, data, every, np.int32(first), np.int32(len(rates)))
        for variables, values in zip(groups[:3], state[:3], strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return losses

    def wait(self, started: Any) -> np.ndarray:
        """Losses of the steps, once they are done: float32 [steps of the epoch], 0 where none was done.

        Args:
            started: of `start`.
        """
        return np.asarray(started)


def _compiled_steps(model: Any, *, bfloat16: bool) -> Callable[..., Any]:
    """(state, data, learning rates [steps], first step, number of steps) → state and losses [steps]."""
    known = weakref.ref(model)  # what was compiled is kept as long as the model, not the other way round

    def steps(state: State, data: tuple[Any, ...], rates: Any, first: Any, count: Any) -> Any:
        metrics = state[3]
        traced: Any = known()
        at = next(place for place, each in enumerate(traced.optimizer.variables) if each.name == "learning_rate")

        def step(place: Any, carried: tuple[Any, ...]) -> tuple[Any, ...]:
            trained, others, optimizer, losses = carried
            optimizer = [rates[place] if number == at else each for number, each in enumerate(optimizer)]
            with maps_in_bfloat16(traced, wanted=bfloat16):
                logs, after = traced.train_step((trained, others, optimizer, metrics), _batch(data, first + place))
            return (*after[:3], losses.at[place].set(logs["loss"]))

        *after, losses = jax.lax.fori_loop(0, count, step, (*state[:3], jnp.zeros_like(rates)))
        return (*after, metrics), losses

    return jax.jit(steps, donate_argnums=0)


def _batch(data: tuple[Any, ...], step: Any) -> tuple[Any, Any, Any]:
    """Images [batch, height, width, 3], labels [batch, classes] and weights [batch] of a step."""
    pixels, epoch, class_weights, shrinking = data
    examples, labels, rows, columns, gains = (each[step] for each in epoch)
    images = pixels[examples[:, None, None], rows[:, :, None], columns[:, None, :]].astype(jnp.float32)
    images = jnp.clip(images * gains[:, None, None, :], 0, 255)
    if shrinking is not None:
        low, narrow = shrinking
        images = jnp.einsum("rh,bhwc,sw->brsc", low, images, narrow)
    return images, jax.nn.one_hot(labels, len(class_weights), dtype=jnp.float32), class_weights[labels]
