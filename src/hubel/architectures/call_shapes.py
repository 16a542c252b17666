"""What each call of a model takes and makes, for the size of image that is looked at.

Keras records the shapes of the moment at which a layer was called. Inside a model of open input size they are unknown,
and at another image size they are others. Then the layer is made anew from its configuration, without weights, and
called on a value of the size in question: the shapes are those of the same network built at that size, and a layer
whose weights would not fit is found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights

Shape = tuple[int | None, ...]
COLOURS = re.compile(r"\x1b\[\d*m")
"""Keras prints some of its reports in bold."""


@dataclass(frozen=True)
class Value:
    """What is known of a value before it is computed.

    Args:
        shape: of one entry of the batch.
        dtype: as Keras names it.
        entries: of the batch that one image takes up: 1, and more where a model cuts an image into windows and puts
            each of them into the batch; None where that is not known.
    """

    shape: Shape
    dtype: str
    entries: int | None = 1

    @property
    def for_one_image(self) -> Shape:
        """All that is made of one image."""
        return self.shape if self.entries == 1 else (self.entries, *self.shape)


class DoesNotFit(Exception):
    """A layer cannot take values of that size: why, as the end of a sentence."""


def value_of(tensor: Any, *, entries: int | None = 1) -> Value:
    """A value as Keras recorded it.

    Args:
        tensor: of Keras' graph, shape [batch, ...].
        entries: of the batch that one image takes up; None where that is not known.
    """
    return Value(tuple(tensor.shape[1:]), tensor.dtype, entries)


def values_made(node: Any, taken: Sequence[Value]) -> tuple[Value, ...]:
    """What a call makes of these values.

    Args:
        node: of Keras' graph.
        taken: in the order of ``node.input_tensors``.

    Raises:
        DoesNotFit: the layer cannot take them.
    """
    as_built = all(
        value.shape == tuple(tensor.shape[1:]) for value, tensor in zip(taken, node.input_tensors, strict=True)
    )
    entries = entries_of(taken)
    recorded = tuple(value_of(tensor, entries=entries) for tensor in node.output_tensors)
    is_layer = isinstance(node.operation, keras.Layer)
    if as_built and is_layer:
        return _with_open_axes(node.operation, taken, made=recorded)
    try:
        if not is_layer:
            return _operation_makes(node, taken)
        return _with_open_axes(node.operation, taken, made=_layer_makes(node, taken, entries=entries))
    except DoesNotFit:
        raise
    except Exception as error:  # Keras raises whatever its layers raise
        if as_built:
            return recorded
        raise DoesNotFit(reason_of(error)) from error


def _with_open_axes(layer: Any, taken: Sequence[Value], *, made: tuple[Value, ...]) -> tuple[Value, ...]:
    """`EinsumDense` leaves an axis open where its ``output_shape`` does, though its input has that axis."""
    if not isinstance(layer, keras.layers.EinsumDense) or None not in made[0].shape or None in taken[0].shape:
        return made
    image = keras.KerasTensor((None, *taken[0].shape), taken[0].dtype)
    found = keras.ops.einsum(layer.equation, image, keras.KerasTensor(layer.weights[0].shape))
    return (replace(made[0], shape=tuple(found.shape[1:])),)


def text_of(shape: Shape) -> str:
    """A shape for people: 7x7x2048; "?" stands for what is not known."""
    return "x".join("?" if size is None else str(size) for size in shape) or "one number"


def entries_of(values: Sequence[Value]) -> int | None:
    """The most that one image takes up of a batch in any of these."""
    counts = [value.entries for value in values]
    return None if None in counts else max(count or 1 for count in counts)


def _layer_makes(node: Any, taken: Sequence[Value], *, entries: int | None) -> tuple[Value, ...]:
    layer = node.operation
    args, kwargs = _filled_in(node, taken, one_image=False)
    with without_weights():
        fresh = type(layer).from_config(layer.get_config())
        made = keras.tree.flatten(fresh(*args, **kwargs))
    held, needed = ([tuple(weight.shape) for weight in each.weights] for each in (layer, fresh))
    if held != needed:  # Keras itself would say so only when it computes
        raise DoesNotFit(f"its weights are {_listed(held)}, and it would need {_listed(needed)}")
    return tuple(value_of(tensor, entries=entries) for tensor in made)


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join(text_of(shape) for shape in shapes) or "none"


def _operation_makes(node: Any, taken: Sequence[Value]) -> tuple[Value, ...]:
    """An operation without weights may reshape the batch too: it is asked about the entries of exactly one image."""
    made = _spec(node, taken, one_image=True)
    if any(len(tensor.shape) != len(built.shape) for tensor, built in zip(made, node.output_tensors, strict=True)):
        made = _spec(node, taken, one_image=False)  # such as `squeeze`, which drops a batch of 1 as well
        return tuple(value_of(tensor, entries=entries_of(taken)) for tensor in made)
    return tuple(value_of(tensor, entries=tensor.shape[0] if tensor.shape else 1) for tensor in made)


def _spec(node: Any, taken: Sequence[Value], *, one_image: bool) -> list[Any]:
    args, kwargs = _filled_in(node, taken, one_image=one_image)
    return keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs))


def _filled_in(node: Any, taken: Sequence[Value], *, one_image: bool) -> tuple[Any, Any]:
    tensors = {
        id(tensor): keras.KerasTensor((value.entries if one_image else None, *value.shape), value.dtype)
        for tensor, value in zip(node.input_tensors, taken, strict=True)
    }
    return node.arguments.fill_in(tensors)


def reason_of(error: Exception) -> str:
    """Keras' report in one line, without what it tells of its own workings."""
    text = re.split("Exception encountered: |Error encountered:", COLOURS.sub("", str(error)))[-1]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Exception encountered when")]
    return re.split(r"\.? Received", (lines or [type(error).__name__])[0].strip())[0][:200].rstrip(".")
