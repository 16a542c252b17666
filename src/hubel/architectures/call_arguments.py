"""What a layer was called with, by the names of its own parameters: values of the network, and arrays kept in it.

`Call` lists the network's values in Keras' order, which sorts keyword arguments by name. The work of an attention layer
depends on which of them is the query, and that of a bare matrix product on an array that is no value of the network.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from hubel.architectures.walk import Call
from hubel.backends.framework import keras

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ArgumentValue:
    """One value that a layer takes.

    Args:
        shape: of one entry of the batch; of an array, its whole shape.
        fixed: it is an array that is the same for every image.
        entries: of the batch that one image takes up: more than 1 where a model puts windows of an image there.
    """

    shape: Shape
    fixed: bool = False
    entries: int = 1

    @property
    def whole(self) -> Shape:
        """Its shape in a batch of one entry."""
        return self.shape if self.fixed else (1, *self.shape)


@dataclass(frozen=True)
class CallStep:
    """One application of a layer to one entry of a batch, sizes known.

    Args:
        layer: the Keras layer, or a bare Keras operation.
        inputs: what it takes, in the order of its parameters.
        output: shape of the first value it makes, without the batch.
        named: parameter → its values; several where it takes a list.
    """

    layer: Any
    inputs: tuple[ArgumentValue, ...]
    output: Shape
    named: Mapping[str, tuple[ArgumentValue, ...]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The class name in Keras."""
        return type(self.layer).__name__

    @property
    def first(self) -> Shape:
        """Shape of the first value, without the batch."""
        return self.inputs[0].shape

    @property
    def outputs(self) -> int:
        """Numbers it makes."""
        return prod(self.output)

    @property
    def entries(self) -> int:
        """How often it is applied for one image."""
        return max((value.entries for value in self.inputs), default=1)

    def of(self, name: str) -> ArgumentValue | None:
        """The value given for a parameter; None if there was none."""
        found = self.named.get(name, ())
        return found[0] if found else None


def step_of(call: Call) -> CallStep | None:
    """The call with sizes and names; None where a size is open, or Keras does not tell what it was called with."""
    sizes = [size for shape in (*call.input_shapes, *call.output_shapes) for size in shape]
    node = node_of(call)
    if None in sizes or node is None:
        return None
    taken = {
        id(tensor): _value(shape, tensor) for tensor, shape in zip(node.input_tensors, call.input_shapes, strict=True)
    }
    given = _given(call.layer, node)
    named = {name: tuple(_values(value, taken)) for name, value in given.items()}
    inputs = tuple(value for values in named.values() for value in values)
    output = _value(call.output_shapes[0], node.output_tensors[0])
    return CallStep(call.layer, inputs, output.shape, named)


def node_of(call: Call) -> Any | None:
    """Keras' record of the call: of a layer that was called several times, the one with these shapes."""
    nodes = [
        node for node in getattr(call.layer, "_inbound_nodes", ()) if len(node.input_tensors) == len(call.input_shapes)
    ]
    fitting = [
        node for node in nodes if tuple(tuple(tensor.shape[1:]) for tensor in node.input_tensors) == call.input_shapes
    ]
    return next(iter((*fitting, *nodes)), None)


def _given(layer: Any, node: Any) -> dict[str, Any]:
    """Parameter → argument, in the order of the parameters."""
    arguments = node.arguments
    try:
        return dict(inspect.signature(layer.call).bind_partial(*arguments.args, **arguments.kwargs).arguments)
    except TypeError:  # a layer may take more than its call names: then the order has to do
        return {str(place): tensor for place, tensor in enumerate(node.input_tensors)}


def _value(shape: Sequence[int | None], tensor: Any) -> ArgumentValue:
    """A value of the network; where its shape has as many axes as Keras' with the batch, the entries are first."""
    sizes = tuple(int(size or 0) for size in shape)
    return ArgumentValue(sizes) if len(sizes) < len(tensor.shape) else ArgumentValue(sizes[1:], entries=sizes[0])


def _values(argument: Any, taken: Mapping[int, ArgumentValue]) -> list[ArgumentValue]:
    found = []
    for part in keras.tree.flatten(argument):
        if id(part) in taken:
            found.append(taken[id(part)])
        elif hasattr(part, "shape") and not isinstance(part, keras.KerasTensor):
            found.append(ArgumentValue(tuple(int(size) for size in part.shape), fixed=True))
    return found
