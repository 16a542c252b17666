"""A model as a list of layer calls in the order of computation, nested models walked; and each value they pass on.

A layer that is called twice appears twice. Keras keeps this graph in ``Model._nodes_by_depth``, which is not public but
the only place that also knows reused layers; the contract suite over all architectures guards it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hubel.architectures.call_shapes import DoesNotFit, Value, entries_of, text_of, value_of, values_made
from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.errors.wording import Option, Remedy

IMAGE_AXES = 3
MOST_CALLS = 20_000
"""The deepest networks of Keras make about a thousand; models that call models that call models soon make billions."""


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
        entries: of the batch that one image takes up in what it takes: more than 1 where the model has cut an image
            into windows and put each into the batch. Then the shapes begin with that number.
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
    entries: int = 1
    arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    @property
    def kind(self) -> str:
        """The class name in Keras."""
        return type(self.layer).__name__


@dataclass(frozen=True)
class Graph:
    """All calls of a model.

    Args:
        image: place of the input; of a part of a model, of what it begins with.
        image_shape: [height, width, channels] of it.
        calls: in an order in which each finds its inputs made.
        outputs: places of the model's outputs.
    """

    image: int
    image_shape: tuple[int | None, ...]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]


def walk(model: keras.Model, *, image_shape: tuple[int, ...] | None = None, behind: str | None = None) -> Graph:
    """The calls of a model with one image as input, or of the part of it behind a layer.

    Args:
        model: functional or Sequential.
        image_shape: (height, width) or (height, width, channels) to look at it with; the model's own by default.
        behind: name of a call, as in `Call`. The graph then begins with what that call makes: its ``image`` is that
            value, and its calls are those that lead from there to the model's outputs.

    Raises:
        UnusableInput: the model has several inputs, is not made of connected layers, cannot take an image of that
            shape, or makes something of it that has no size; or no part of it can begin behind that layer.
    """
    model = _functional(model)
    if len(model.inputs) != 1:
        raise UnusableInput(f"Hubel follows models with one image as input; this one has {len(model.inputs)} inputs.")
    image = value_of(model.inputs[0])
    if image_shape is not None:
        if len(image.shape) != IMAGE_AXES:
            raise UnusableInput(
                f"The model takes {text_of(image.shape)}, not images.", Remedy("Leave ", Option("input"), " out.")
            )
        image = Value((*image_shape, *image.shape[len(image_shape) :]), image.dtype)
    cure = Remedy("Leave ", Option("input"), " out, or give a size that fits.")
    walker = _Walker(image, cures=() if image_shape is None else (cure,))
    outputs = walker.walk(model, (0,), prefix="")
    if image_shape is not None:
        walker.check_answers(outputs)
    graph = Graph(0, image.shape, tuple(walker.calls), outputs)
    return graph if behind is None else _part_behind(graph, behind)


def _part_behind(graph: Graph, name: str) -> Graph:
    """The calls that lead from what a call makes to the outputs; each must take nothing but what is made of that."""
    first = next((call for call in reversed(graph.calls) if call.name == name), None)
    if first is None:
        raise UnusableInput(f"There is no layer {name!r} to start after. Give the name of one.")
    if len(first.outputs) != 1:
        raise UnusableInput(f"The layer {name!r} has several outputs. Start after a layer that has one.")
    made_by = {place: call for call in graph.calls if call is not first for place in call.outputs}
    wanted, needed = list(graph.outputs), set()
    while wanted:
        place = wanted.pop()
        if place in needed or place == first.outputs[0]:
            continue
        if place not in made_by:  # the image itself
            raise UnusableInput(
                f"The model cannot start after the layer {name!r}: another path leads past it to the outputs. "
                "Choose a layer that all paths go through."
            )
        needed.add(place)
        wanted += made_by[place].inputs
    calls = tuple(call for call in graph.calls if needed & set(call.outputs))
    if any(call.entries != 1 for call in calls if first.outputs[0] in call.inputs):
        raise UnusableInput(f"The model cannot start after the layer {name!r}: it cuts an image into several windows.")
    return Graph(first.outputs[0], first.output_shapes[0], calls, graph.outputs)


def compute_values(graph: Graph, image: np.ndarray, *, until: Call | None = None) -> dict[int, Any]:
    """Every value of the graph for one image.

    Args:
        graph: of `walk`.
        image: float32 [height, width, channels].
        until: the last call that is needed; the model's end by default.

    Returns:
        place → backend tensor [1, ...], as of `compute_batch`.
    """
    return compute_batch(graph, np.asarray(image, np.float32)[None], until=until)


def compute_batch(graph: Graph, images: Any, *, until: Call | None = None) -> dict[int, Any]:
    """Every value of the graph for some images, as the layers themselves compute it.

    Args:
        graph: of `walk`.
        images: float32 [batch, height, width, channels], or [batch, ...] of what the graph begins with; an array, or a
            tensor of the backend.
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
    """Collects the calls, and numbers the values: 0 is the image."""

    def __init__(self, image: Value, *, cures: tuple[Remedy, ...]) -> None:
        self.calls: list[Call] = []
        self._values = [image]
        self._cures = cures

    def walk(self, model: Any, inputs: Sequence[int], *, prefix: str) -> tuple[int, ...]:
        if len(inputs) != len(model.inputs):
            raise UnusableInput(
                f"The model {model.name!r} inside takes {len(model.inputs)} values and is given {len(inputs)}: Hubel "
                "follows models in which every input is given."
            )
        places = {id(tensor): place for tensor, place in zip(model.inputs, inputs, strict=True)}
        for depth in sorted(model._nodes_by_depth, reverse=True):
            for node in model._nodes_by_depth[depth]:
                if node.is_input:
                    continue
                taken = tuple(places[id(tensor)] for tensor in node.input_tensors)
                made = self._call(node, taken, prefix=prefix)
                places.update(zip((id(tensor) for tensor in node.output_tensors), made, strict=True))
        return tuple(places[id(tensor)] for tensor in model.outputs)

    def check_answers(self, outputs: Sequence[int]) -> None:
        """Refuse a size that a reshaping operation, made for another one, cuts into several images."""
        answers = entries_of([self._values[place] for place in outputs])
        if answers != 1:
            count = "several" if answers is None else answers
            raise UnusableInput(
                f"The model cannot take images of {text_of(self._values[0].shape)}: it would give {count} answers to "
                f"each, as it reshapes them to a fixed size.",
                *self._cures,
            )

    def _call(self, node: Any, taken: tuple[int, ...], *, prefix: str) -> tuple[int, ...]:
        name = prefix + node.operation.name
        if isinstance(node.operation, keras.Model):
            return self.walk(_functional(node.operation), taken, prefix=f"{name}/")
        if len(self.calls) >= MOST_CALLS:
            raise UnusableInput(
                f"The model calls its layers more than {MOST_CALLS:,} times, as happens with nested models that "
                "are called again and again. Hubel follows smaller ones."
            )
        inputs = [self._values[place] for place in taken]
        outputs = self._sized(node, name, inputs=inputs)
        made = tuple(range(len(self._values), len(self._values) + len(outputs)))
        self._values += outputs
        self.calls.append(
            Call(
                name,
                node.operation,
                taken,
                made,
                tuple(value.for_one_image for value in inputs),
                tuple(value.for_one_image for value in outputs),
                partial(_apply, node),
                entries=entries_of(inputs) or 1,
                arguments=(node.arguments.args, node.arguments.kwargs),
            )
        )
        return made

    def _sized(self, node: Any, name: str, *, inputs: Sequence[Value]) -> tuple[Value, ...]:
        """What the call makes.

        Raises:
            UnusableInput: nothing, or something of unknown size, or the layer cannot take its input.
        """
        image, layer = self._values[0].shape, f"the layer {name} ({type(node.operation).__name__})"
        try:
            made = values_made(node, inputs)
        except DoesNotFit as error:
            sizes = " and one of ".join(text_of(value.for_one_image) for value in inputs)
            text = (
                f"The model cannot take images of {text_of(image)}: {layer} cannot take an input of {sizes}: {error}."
            )
            raise UnusableInput(text, *self._cures) from error
        for shape in (value.for_one_image for value in made):
            if None in shape and None not in image:
                raise UnusableInput(
                    f"The model cannot be measured: the size of what {layer} makes, {text_of(shape)}, depends on the "
                    f"pixels, not only on the size of the image, {text_of(image)}. "
                    "Replace that layer by one whose output has a fixed size."
                )
            if 0 in shape:
                raise UnusableInput(
                    f"Nothing is left of an image of {text_of(image)} behind {layer}: its output is {text_of(shape)}.",
                    Remedy("Use larger images: ", Option("input"), "."),
                )
        return made


def _apply(node: Any, values: Sequence[Any]) -> tuple[Any, ...]:
    known = {id(tensor): value for tensor, value in zip(node.input_tensors, values, strict=True)}
    args, kwargs = node.arguments.fill_in(known)
    if getattr(node.operation, "_call_has_training_arg", False):  # True by default in Keras' random layers
        kwargs = {**kwargs, "training": False}
    return tuple(keras.tree.flatten(node.operation(*args, **kwargs)))


def _functional(model: Any) -> Any:
    if isinstance(model, keras.Sequential) and not model.layers:
        raise UnusableInput(f"The Sequential model {model.name!r} has no layers. Add some, and save it again.")
    if isinstance(model, keras.Sequential) and not model.built:
        raise UnusableInput(
            f"The Sequential model {model.name!r} is not built: its layers do not know their input size.",
            Remedy("Give the size of its images: ", Option("input", "224x224"), "."),
        )
    inner = getattr(model, "_functional", None)  # what a Sequential is made of once it is built
    model = model if inner is None else inner
    if not hasattr(model, "_nodes_by_depth"):
        raise UnusableInput(
            f"The model {model.name!r} computes in its own Python code, so its layers cannot be followed. "
            "Give a functional or Sequential Keras model."
        )
    return model
