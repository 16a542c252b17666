"""A model as a list of layer calls in the order of computation, nested models walked; and each value they pass on.

A layer that is called twice appears twice. Keras keeps this graph in ``Model._nodes_by_depth``, which is not public but
the only place that also knows reused layers; the contract suite over all architectures guards it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubel.backends.framework import keras
from hubel.catalogue import find
from hubel.errors import UnusableInput


@dataclass(frozen=True)
class Call:
    """One layer applied once.

    Args:
        name: the layer's name; inside a nested model, behind the model's name and a slash.
        layer: the Keras layer, or a bare Keras operation such as an addition.
        inputs: places of the values it takes.
        outputs: places of the values it makes; nearly always one.
        input_shapes: of each value it takes, for one image: [height, width, channels] or [units].
        output_shapes: of each value it makes.
        apply: values → values, without training behaviour.
        arguments: positional and named ones of the call, as `Operation.symbolic_call` got them: a slice's key, the
            kernel of a bare convolution.
    """

    name: str
    layer: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[tuple[int | None, ...], ...]
    output_shapes: tuple[tuple[int | None, ...], ...]
    apply: Callable[[Sequence[Any]], tuple[Any, ...]]
    arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    @property
    def kind(self) -> str:
        """The class name in Keras."""
        return type(self.layer).__name__


@dataclass(frozen=True)
class Graph:
    """All calls of a model.

    Args:
        image: place of the input.
        image_shape: [height, width, channels] of it.
        calls: in an order in which each finds its inputs made.
        outputs: places of the model's outputs.
    """

    image: int
    image_shape: tuple[int | None, ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]


def walk(model: keras.Model) -> Graph:
    """The calls of a model with one image as input.

    Raises:
        UnusableInput: the model has several inputs, or is not made of connected layers.
    """
    model = _functional(model)
    if len(model.inputs) != 1:
        raise UnusableInput(f"Hubel looks at models with one image as input; this one has {len(model.inputs)} inputs.")
    walker = _Walker()
    image = walker.new_place()
    outputs = walker.walk(model, (image,), prefix="")
    return Graph(image, tuple(model.inputs[0].shape[1:]), tuple(walker.calls), outputs)


def find_call(graph: Graph, name: str) -> Call:
    """The call of that name; a nested layer is also found by its own name where that is unique.

    Raises:
        UnknownName: with the nearest name, and every name there is.
    """
    calls = {call.name: call for call in graph.calls}
    own = [call for call in graph.calls if call.name.rpartition("/")[2] == name]
    return own[0] if name not in calls and len(own) == 1 else find(calls, name, kind="layer")


def compute_values(graph: Graph, image: np.ndarray, *, until: Call | None = None) -> dict[int, Any]:
    """Every value of the graph for one image, float32 [height, width, channels], as `compute_batch` gives it."""
    return compute_batch(graph, np.asarray(image, np.float32)[None], until=until)


def compute_batch(graph: Graph, images: Any, *, until: Call | None = None) -> dict[int, Any]:
    """Every value of the graph for some images, as the layers themselves compute it.

    Args:
        graph: of `walk`.
        images: float32 [batch, height, width, channels]; an array, or a tensor of the backend.
        until: the last call that is needed; the model's end by default.

    Returns:
        place → backend tensor [batch, ...].
    """
    values: dict[int, Any] = {graph.image: keras.ops.convert_to_tensor(images)}
    for call in graph.calls:
        made = call.apply([values[place] for place in call.inputs])
        values.update(zip(call.outputs, made, strict=True))
        if call is until:
            break
    return values


class _Walker:
    """Collects the calls and numbers the values."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._places = 0

    def new_place(self) -> int:
        self._places += 1
        return self._places - 1

    def walk(self, model: Any, inputs: Sequence[int], *, prefix: str) -> tuple[int, ...]:
        places = {id(tensor): place for tensor, place in zip(model.inputs, inputs, strict=True)}
        for depth in sorted(model._nodes_by_depth, reverse=True):
            for node in model._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                taken = tuple(places[id(tensor)] for tensor in node.input_tensors)
                made = self._call(node, taken, prefix)
                places.update(zip((id(tensor) for tensor in node.output_tensors), made, strict=True))
        return tuple(places[id(tensor)] for tensor in model.outputs)

    def _call(self, node: Any, taken: tuple[int, ...], prefix: str) -> tuple[int, ...]:
        if isinstance(node.operation, keras.Model):
            return self.walk(_functional(node.operation), taken, prefix=f"{prefix}{node.operation.name}/")
        made = tuple(self.new_place() for _ in node.output_tensors)
        self.calls.append(
            Call(
                prefix + node.operation.name,
                node.operation,
                taken,
                made,
                tuple(tuple(tensor.shape[1:]) for tensor in node.input_tensors),
                tuple(tuple(tensor.shape[1:]) for tensor in node.output_tensors),
                _applier(node),
                (node.arguments.args, node.arguments.kwargs),
            )
        )
        return made


def _applier(node: Any) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    def apply(values: Sequence[Any]) -> tuple[Any, ...]:
        known = {id(tensor): value for tensor, value in zip(node.input_tensors, values, strict=True)}
        args, kwargs = node.arguments.fill_in(known)
        if getattr(node.operation, "_call_has_training_arg", False):  # True by default in Keras' random layers
            kwargs = {**kwargs, "training": False}
        return tuple(keras.tree.flatten(node.operation(*args, **kwargs)))

    return apply


def _functional(model: Any) -> Any:
    inner = getattr(model, "_functional", None)  # what a Sequential is made of once it is built
    model = model if inner is None else inner
    if not hasattr(model, "_nodes_by_depth"):
        raise UnusableInput(
            f"The model {model.name!r} computes in Python code of its own, so its layers cannot be followed. "
            "Give a functional or Sequential Keras model."
        )
    return model
