"""Derivatives of a Keras model's logits, on whichever framework runs it; a softmax at the end is left out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Call, Graph, compute_batch, walk
from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient, differentiate
from hubel.engines.model_ends import LogitsEnd, find_logits
from hubel.errors import WrongRequest
from hubel.errors.wording import Option


def _as_it_is(values: Any) -> Any:
    return values


class KerasGradients:
    """Derivatives of a model by the pixels, and by the maps of a layer.

    Args:
        model: float32 [batch, height, width, channels] → [batch, outputs].
        arrange: red, green and blue, float32 [..., 3] → the model's channels, float32 [..., channels].
        spread: gradients by the model's channels → by red, green and blue.
        scale: arranged values of 0 to 255 → what the model takes; of an array or a tensor.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        arrange: Callable[[np.ndarray], np.ndarray] = _as_it_is,
        spread: Callable[[np.ndarray], np.ndarray] = _as_it_is,
        scale: Callable[[Any], Any] = _as_it_is,
    ) -> None:
        self._graph: Graph = walk(model)
        self._end: LogitsEnd = find_logits(self._graph)
        self._arrange, self._spread, self._scale = arrange, spread, scale

    def gradients(self, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """d(logits · weights) / d(pixels): float32 [batch, height, width, 3].

        Args:
            images: uint8 or float32 [batch, height, width, 3], 0 to 255.
            weights: float32 [classes].
        """
        return np.ascontiguousarray(self._spread(self._gradient(self._arranged(images), weights)))

    def maps_and_gradients(
        self, images: np.ndarray, weights: np.ndarray, *, layer: str | None = None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """What layers make, and d(logits · weights) by each: pairs of float32 [batch, rows, columns, channels].

        Args:
            images: as of `gradients`.
            weights: as of `gradients`.
            layer: as a user says it; None for the last that makes maps on each way to the logits: nearly always one.

        Raises:
            UnknownName: there is no such layer.
            WrongRequest: it makes no maps, or no layer does.
        """
        chosen, behind = self._last_maps if layer is None else self._one_layer(layer)
        with self._without_activation():
            values = compute_batch(self._graph, self._scale(self._arranged(images)), until=self._end.call)
            for call in chosen:  # each is a constant where the derivative is by another
                values[call.outputs[0]] = keras.ops.stop_gradient(values[call.outputs[0]])
            return [self._pair(values, call.outputs[0], behind=behind, weights=weights) for call in chosen]

    def _pair(
        self, values: Mapping[int, Any], place: int, *, behind: Sequence[Call], weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """A value and the derivative by it, where what is not behind it stays as it is."""
        maps = np.array(keras.ops.convert_to_numpy(values[place]), np.float32)

        def score(tensor: Any) -> Any:
            made = {**values, place: tensor}
            for each in behind:
                made.update(
                    zip(each.outputs, each.apply([made[taken] for taken in each.inputs]), strict=True)
                )  # fmt: skip
            return _weighted(made[self._end.place], weights)

        return maps, compute_gradient(score, maps)

    def compute_maps(self, images: np.ndarray, *, layer: str | None = None) -> np.ndarray:
        """What a layer makes: float32 [batch, rows, columns, channels].

        Args:
            images: as of `gradients`.
            layer: as of `maps_and_gradients`.

        Raises:
            UnknownName: there is no such layer.
            WrongRequest: it makes no maps, or no layer does.
        """
        call = self.find_map_layer(layer)
        values = compute_batch(self._graph, self._scale(self._arranged(images)), until=call)
        return np.array(keras.ops.convert_to_numpy(values[call.outputs[0]]), np.float32)

    def find_map_layer(self, said: str | None = None) -> Call:
        """The layer that is meant, or the last one that makes maps and leads to the logits.

        Args:
            said: by the user; None for the last.

        Raises:
            UnknownName: there is no such layer.
            WrongRequest: it makes no maps, or does not lead to the logits, or no layer does.
        """
        leading = self._leading
        usable = [call for call in self._graph.calls if makes_maps(call) and call in leading]
        if said is not None:
            call = find_layer(self._graph, said, usable=usable)
            if call in usable:
                return call
            size = " x ".join("?" if side is None else str(side) for side in call.output_shapes[0])
            also = f" The last one that does is {usable[-1].name}." if usable else ""
            raise WrongRequest(
                f"The layer {call.name} ({call.kind}) makes {size} numbers, not feature maps that lead to the answer."
                f"{also} Leave ", Option("layer"), " out to take it.",
            )  # fmt: skip
        if not usable:
            raise WrongRequest("This network has no feature maps: no layer of it makes rows, columns and channels.")
        return usable[-1]

    @cached_property
    def _leading(self) -> list[Call]:
        """The calls whose results reach the logits, in order."""
        wanted, found = {self._end.place}, []
        for call in reversed(self._graph.calls):
            if wanted & set(call.outputs):
                wanted |= set(call.inputs)
                found.append(call)
        return found[::-1]

    def _one_layer(self, said: str) -> tuple[list[Call], list[Call]]:
        """A layer, and the calls that take what it makes, at first hand or later, and lead to the logits."""
        call = self.find_map_layer(said)
        reached, found = {call.outputs[0]}, []
        for each in self._leading:
            if each is not call and reached & set(each.inputs):
                reached |= set(each.outputs)
                found.append(each)
        return [call], found

    @cached_property
    def _last_maps(self) -> tuple[list[Call], list[Call]]:
        """The last call that makes maps on each way to the logits, and the calls behind them: no more maps."""
        self.find_map_layer()  # or says that there is none
        wanted, chosen, behind = {self._end.place}, [], []
        for call in reversed(self._leading):
            if wanted & set(call.outputs):
                if makes_maps(call):
                    chosen.append(call)
                else:
                    wanted |= set(call.inputs)
                    behind.append(call)
        return chosen[::-1], behind[::-1]

    def _arranged(self, images: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(self._arrange(np.asarray(images, np.float32)))

    @cached_property
    def _gradient(self) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        def score(tensor: Any, weights: Any) -> Any:
            with self._without_activation():
                values = compute_batch(self._graph, self._scale(tensor), until=self._end.call)
                return _weighted(values[self._end.place], weights)

        return differentiate(score)

    @contextmanager
    def _without_activation(self) -> Generator[None]:
        """The last layer without the softmax or sigmoid that it ends in."""
        layer = self._end.activated
        if layer is None:
            yield
            return
        kept, layer.activation = layer.activation, keras.activations.linear
        try:
            yield
        finally:
            layer.activation = kept


def makes_maps(call: Call) -> bool:
    """Whether what it makes has rows, columns and channels, and more than one place."""
    shape = call.output_shapes[0]
    if call.entries != 1 or len(call.outputs) != 1 or len(shape) != 3:
        return False
    return int(shape[0] or 0) * int(shape[1] or 0) > 1


def _weighted(logits: Any, weights: Any) -> Any:
    """The sum over images of logits · weights; of a single output, half of it speaks for the second class."""
    flat = keras.ops.reshape(logits, (logits.shape[0], -1))
    if flat.shape[1] == 1:
        flat = keras.ops.concatenate([flat * -0.5, flat * 0.5], axis=1)
    return keras.ops.sum(flat * keras.ops.convert_to_tensor(weights))
