"""A Keras model → `NetworkGraph`, by walking the model's own graph; a nested backbone is part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hubel.architectures.build import weight_name
from hubel.architectures.walk import Call, walk
from hubel.arithmetic.convolution import padding_amounts
from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.graphs.network_graph import FEATURES, IMAGE, LOGITS, MAPS, GraphStep, NetworkGraph


@dataclass(frozen=True)
class _Piece:
    """What a layer becomes: one operation, or several in a row.

    Args:
        kind: a name in `KINDS`.
        attributes: of the step.
        weights: part → variable of Keras.
    """

    kind: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Any] = field(default_factory=dict)


def read_graph(model: keras.Model, *, features: Any, maps: Sequence[Any], most_channels: int) -> NetworkGraph:
    """The graph of a model with its weights, and what is summarised of its feature maps.

    Args:
        model: float32 [batch, height, width, 3], 0 to 255, → logits [batch, classes].
        features: the value in the model's graph that enters its last dense layer.
        maps: values [batch, height, width, channels] that are summarised, in this order.
        most_channels: of wider maps, the first ones are.

    Raises:
        UnusableInput: naming a layer that is of another kind, or does something that these steps cannot say; or the
            model is not made of connected layers.
    """
    walked = walk(keras.Model(model.input, [*maps, features, model.output]))
    writer = _Steps(walked.image)
    for call in walked.calls:
        writer.add(call)
    summaries = [
        writer.append(
            f"{MAPS}/{number}",
            _Piece("summarise_map", {"channels": min(most_channels, int(each.shape[-1]))}),
            inputs=(writer.values[place],),
            shape=(2 * min(most_channels, int(each.shape[-1])),),
        )
        for number, (each, place) in enumerate(zip(maps, walked.outputs[: len(maps)], strict=True), 1)
    ]
    outputs = {LOGITS: writer.values[walked.outputs[-1]], FEATURES: writer.values[walked.outputs[-2]]}
    if summaries:
        shape = (sum(writer.steps[name].shape[0] for name in summaries),)
        outputs[MAPS] = writer.append(MAPS, _Piece("concatenate"), inputs=tuple(summaries), shape=shape)
    height, width, _ = walked.image_shape
    size = int(height or 0), int(width or 0)
    return NetworkGraph(size, tuple(writer.steps.values()), outputs, writer.weights, writer.layers)


class _Steps:
    """Collects the steps; each value is known by the step that makes it."""

    def __init__(self, image: int) -> None:
        self.values = {image: IMAGE}
        self.steps: dict[str, GraphStep] = {}
        self.weights: dict[str, np.ndarray] = {}
        self.layers: dict[str, tuple[tuple[str, ...], str]] = {}

    def add(self, call: Call) -> None:
        inputs = tuple(self.values[place] for place in call.inputs)
        shape = tuple(int(side or 0) for side in call.output_shapes[0])
        name, made = call.name, []
        for piece in _pieces(call):
            name = self.append(name, piece, inputs=inputs, shape=shape)
            inputs = (name,)
            made.append(name)
        self.values[call.outputs[0]] = inputs[0]  # of a layer that does nothing, what it was given
        self.layers[call.name] = tuple(made), inputs[0]

    def append(self, name: str, piece: _Piece, *, inputs: tuple[str, ...], shape: tuple[int, ...]) -> str:
        if name in self.steps or name == IMAGE:
            base = f"{name}/{piece.kind}"
            name = next(each for n in range(len(self.steps) + 2) if (each := _numbered(base, n)) not in self.steps)
        named = {part: weight_name(variable) for part, variable in piece.weights.items()}
        for part, variable in piece.weights.items():
            self.weights[named[part]] = np.asarray(keras.ops.convert_to_numpy(variable), np.float32)
        self.steps[name] = GraphStep(name, piece.kind, inputs, shape, dict(piece.attributes), named)
        return name


def _numbered(name: str, number: int) -> str:
    return name if number == 0 else f"{name}_{number + 1}"


def _refuse(call: Call, why: str) -> UnusableInput:
    return UnusableInput(f"The layer {call.name} ({call.kind}) cannot be compiled: {why}.")


def _pieces(call: Call) -> list[_Piece]:
    if call.entries != 1 or len(call.outputs) != 1:
        raise _refuse(call, "it cuts an image into several")
    make = _LAYERS.get(call.kind)
    if make is None:
        raise _refuse(call, "no operation is known for this kind")
    if getattr(call.layer, "data_format", "channels_last") != "channels_last":
        raise _refuse(call, "its maps do not have the channels last")
    return make(call)


def _given(layer: Any, **parts: str) -> dict[str, Any]:
    """Part → variable, of those attributes that a layer has."""
    found = {part: getattr(layer, name, None) for part, name in parts.items()}
    return {part: variable for part, variable in found.items() if variable is not None}


def _activated(call: Call, piece: _Piece) -> list[_Piece]:
    return [piece, *_activation(call)]


def _activation(call: Call) -> list[_Piece]:
    name = getattr(call.layer.activation, "__name__", "")
    if name == "linear":
        return []
    if name not in _ACTIVATIONS:
        raise _refuse(call, f"the activation {name!r} is not known")
    return [_ACTIVATIONS[name]]


def _paddings(call: Call, window: Sequence[int], *, strides: Sequence[int], dilation: Sequence[int]) -> list[list[int]]:
    padding = call.layer.padding
    if padding not in ("same", "valid"):
        raise _refuse(call, f"the padding {padding!r} is not known")
    sides = zip(call.input_shapes[0][:2], window, strides, dilation, strict=True)
    return [
        list(padding_amounts(int(side or 0), taps, stride=stride, padding=padding, dilation=apart))
        for side, taps, stride, apart in sides
    ]


def _convolution(call: Call) -> list[_Piece]:
    layer = call.layer
    attributes = {"strides": list(layer.strides), "dilation": list(layer.dilation_rate)}
    attributes["padding"] = _paddings(call, layer.kernel_size, strides=layer.strides, dilation=layer.dilation_rate)
    depthwise = call.kind == "DepthwiseConv2D"
    if not depthwise:
        attributes["groups"] = int(layer.groups)
    kind = "depthwise_convolution" if depthwise else "convolution"
    return _activated(call, _Piece(kind, attributes, _given(layer, kernel="kernel", bias="bias")))


def _local(call: Call) -> list[_Piece]:
    padding = _paddings(call, call.layer.kernel_size, strides=(1, 1), dilation=(1, 1))
    piece = _Piece("local_convolution", {"padding": padding}, _given(call.layer, kernel="kernel", bias="bias"))
    return _activated(call, piece)


def _dense(call: Call) -> list[_Piece]:
    return _activated(call, _Piece("dense", {}, _given(call.layer, kernel="kernel", bias="bias")))


def _check_axis(call: Call) -> None:
    axis = call.layer.axis
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    last = len(call.input_shapes[0])  # the batch is axis 0
    if axes not in ([-1], [last]):
        raise _refuse(call, "it works along another axis than the channels")


def _batch_normalisation(call: Call) -> list[_Piece]:
    _check_axis(call)
    weights = _given(
        call.layer, scale="gamma", offset="beta", mean="moving_mean", variance="moving_variance"
    )  # fmt: skip
    return [_Piece("batch_normalisation", {"epsilon": float(call.layer.epsilon)}, weights)]


def _layer_normalisation(call: Call) -> list[_Piece]:
    _check_axis(call)
    if getattr(call.layer, "rms_scaling", False):
        raise _refuse(call, "it does not take off the mean")
    return [
        _Piece(
            "layer_normalisation",
            {"epsilon": float(call.layer.epsilon)},
            _given(call.layer, scale="gamma", offset="beta"),
        )
    ]


def _pooling(call: Call) -> list[_Piece]:
    layer = call.layer
    padding = _paddings(call, layer.pool_size, strides=layer.strides, dilation=(1, 1))
    attributes = {"window": list(layer.pool_size), "strides": list(layer.strides), "padding": padding}
    return [_Piece(_POOLING[call.kind], attributes)]


def _merge(call: Call) -> list[_Piece]:
    """A sum or a product: of layers, or of a bare operation that may have a number for one of its operands."""
    kind = "add" if call.kind == "Add" else "multiply"
    if len(call.inputs) > 1:
        return [_Piece(kind)]
    args, kwargs = call.arguments
    numbers = [each for each in (*args, *kwargs.values()) if isinstance(each, (int, float))]
    if len(numbers) != 1:
        raise _refuse(call, "it takes something else than two values, or a value and a number")
    return [_Piece(kind, {"number": float(numbers[0])})]


def _concatenate(call: Call) -> list[_Piece]:
    _check_axis(call)
    return [_Piece("concatenate")]


def _rescale(call: Call) -> list[_Piece]:
    numbers = {name: np.ravel(getattr(call.layer, name)).astype(float).tolist() for name in ("scale", "offset")}
    return [_Piece("rescale", numbers)]


def _relu(call: Call) -> list[_Piece]:
    layer = call.layer
    if layer.threshold or layer.negative_slope:
        raise _refuse(call, "only a ReLU that is 0 below 0 is known")
    return [_Piece("relu", {"max_value": None if layer.max_value is None else float(layer.max_value)})]


def _padding(call: Call) -> list[_Piece]:
    return [_Piece("pad", {"padding": [list(map(int, sides)) for sides in call.layer.padding]})]


_ACTIVATIONS = {
    "relu": _Piece("relu", {"max_value": None}),
    "relu6": _Piece("relu", {"max_value": 6.0}),
    "sigmoid": _Piece("sigmoid"),
    "hard_sigmoid": _Piece("hard_sigmoid"),
    "silu": _Piece("swish"),
    "hard_silu": _Piece("hard_swish"),
    "gelu": _Piece("gelu"),
    "tanh": _Piece("tanh"),
    "softmax": _Piece("softmax"),
}
"""What Keras calls an activation function → its operation. A function of one's own with such a name is no part of any
architecture of the catalogue."""
_POOLING = {
    "MaxPooling2D": "max_pooling",
    "AveragePooling2D": "average_pooling",
    "SumPooling2D": "sum_pooling",
}
_LAYERS: dict[str, Callable[[Call], list[_Piece]]] = {
    "Rescaling": _rescale,
    "ZeroPadding2D": _padding,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "LocallyConnected2D": _local,
    "BatchNormalization": _batch_normalisation,
    "LayerNormalization": _layer_normalisation,
    "LayerScale": lambda call: [_Piece("scale_channels", {}, {"scale": call.layer.gamma})],
    "Dense": _dense,
    **dict.fromkeys(_POOLING, _pooling),
    "GlobalAveragePooling2D": lambda _: [_Piece("global_average")],
    "GlobalMaxPooling2D": lambda _: [_Piece("global_max")],
    "Add": _merge,
    "Multiply": _merge,
    "Concatenate": _concatenate,
    "Flatten": lambda _: [_Piece("reshape")],
    "Reshape": lambda _: [_Piece("reshape")],
    "ReLU": _relu,
    "Activation": _activation,
    "Dropout": lambda _: [],
}
"""Kind of layer in Keras → its operations. Every catalogue architecture and every backbone is made of these."""
