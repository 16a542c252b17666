"""What a trace works out is what the model computes: random places of every kind of layer of every architecture."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import ARCHITECTURES, Blueprint, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.walk import Call, walk
from hubel.backends.framework import keras
from hubel.explanation.layer_rules import RULES
from hubel.explanation.trace import TOLERANCE, Trace, Tracer

QUICK = [name for name in ARCHITECTURES if name == "mobilenet" or not ARCHITECTURES[name].pretrained]
"""Those that are traced on every backend; JAX compiles each operation of the large ones for minutes."""
PLACES = 90
"""Of each architecture at least: more than 1,000 in all."""
EACH_KIND = 6


def randomise(model: keras.Model) -> None:
    """Weights as after a training: no bias is 0, no scale 1, no statistic as it began."""
    random = np.random.default_rng(0)
    for variable in model.variables:
        old = np.asarray(keras.ops.convert_to_numpy(variable))
        if variable.name in ("moving_variance", "gamma"):
            variable.assign(random.uniform(0.5, 1.5, old.shape).astype(np.float32))
        elif variable.name in ("bias", "beta", "moving_mean"):
            variable.assign(random.normal(0, 0.3, old.shape).astype(np.float32))


def places(calls: list[Call], random: np.random.Generator) -> list[tuple[Call, tuple[int, ...]]]:
    """Every kind several times, then whatever comes."""
    of_kind = defaultdict(list)
    for call in calls:
        of_kind[call.kind].append(call)
    chosen = [found[random.integers(len(found))] for found in of_kind.values() for _ in range(EACH_KIND)]
    chosen += [calls[random.integers(len(calls))] for _ in range(PLACES - len(chosen))]
    return [(call, tuple(int(random.integers(side)) for side in call.output_shapes[0])) for call in chosen]


def values_of(model: keras.Model, images: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    """The outputs of layers by models cut off at them, which the tracer does not use; nested functional models too."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer | keras.Sequential)]
    wanted = {layer.name: layer.output for layer in layers if not isinstance(layer, keras.Model)}
    nested = [layer for layer in layers if isinstance(layer, keras.Model)]
    wanted |= {layer.name: layer._inbound_nodes[-1].input_tensors[0] for layer in nested}
    made = keras.Model(model.input, wanted)(images, training=False)
    values = {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in made.items()}
    inside = [values_of(layer, values.pop(layer.name), f"{prefix}{layer.name}/") for layer in nested]
    found = {f"{prefix}{name}": value[0] for name, value in values.items()}
    return {name: value for part in (found, *inside) for name, value in part.items()}


def check_traces(model: keras.Model, image: np.ndarray) -> list[Trace]:
    """Trace many values and hold them against what Keras makes of the image."""
    randomise(model)
    graph = walk(model)
    kinds = {call.kind for call in graph.calls}
    assert kinds <= set(RULES), f"no rule for {kinds - set(RULES)}"
    random, tracer, traces = np.random.default_rng(1), Tracer(graph, image), []
    for call, index in places(list(graph.calls), random):
        trace = tracer.trace(call, at=index[:2] if len(index) == 3 else None, filter_index=index[-1])
        assert trace.difference <= trace.tolerance
        traces.append(trace)
    whole = values_of(model, image[None].astype(np.float32))
    assert len(whole) >= 0.7 * len(graph.calls)  # the others are bare operations and layers inside a Sequential
    for trace in traces:
        if trace.layer in whole:
            index = trace.filter_index if trace.at is None else (*trace.at, trace.filter_index)
            assert trace.value == pytest.approx(float(whole[trace.layer][index]), rel=1e-5, abs=2 * trace.tolerance)
    return traces


def image_of(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.backend] if name in QUICK else []) for name in ARCHITECTURES]
)
def test_random_places_of_every_kind_of_layer_are_worked_out_as_the_model_computes_them(name: str):
    side = max(ARCHITECTURES[name].smallest, 16)
    model = build_model(make_blueprint(name, (side, side + 3), classes=4))
    traces = check_traces(model, image_of((side, side + 3, 3)))
    assert len(traces) >= PLACES
    # The tolerance is a share of the summands; of nearly all values it is also one of the value itself.
    large = [trace for trace in traces if abs(trace.value) > 1e-3]
    close = sum(trace.difference <= TOLERANCE * abs(trace.value) for trace in large)
    assert close >= 0.9 * len(large)


@pytest.mark.backend
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("pooling", ["max", "average", "sum", "none"])
def test_so_they_are_of_networks_of_ones_own(pooling: str, shared: bool):
    groups = (Group(5, kernel_size=3, pooling=pooling), Group(4, convolutions=2, pooling=pooling))
    model = build_model(Blueprint("own", CnnSpec((17, 14), 3, groups=groups, shared=shared)))
    check_traces(model, image_of((17, 14, 3)))


@pytest.mark.backend
def test_so_they_are_of_layers_that_no_architecture_of_ours_has():
    layers = keras.layers
    image = keras.Input((15, 12, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="gelu")(image)
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="elu")(x)
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, padding="same", activation="tanh")(x)
    x = layers.DepthwiseConv2D((3, 2), depth_multiplier=2, activation="relu6")(x)
    branch = layers.Conv2D(12, 1, activation="sigmoid")(x)
    x = layers.Subtract()([layers.Maximum()([x, branch]), layers.Minimum()([x, branch])])
    x = layers.Average()([x, branch]) * 2.5 + 0.25
    x = layers.Concatenate()([layers.LeakyReLU()(x), layers.ELU()(x), layers.Activation("softplus")(x)])
    x = layers.Cropping2D(((0, 0), (0, 1)))(layers.ZeroPadding2D(((0, 0), (1, 1)))(x))
    x = layers.Reshape((12, 6, 18))(x)
    x = 1.0 / (x * x + 2.0)
    x = layers.GlobalMaxPooling2D()(x)
    check_traces(
        keras.Model(image, layers.Dense(3, activation="softmax")(layers.Dense(7, activation="silu")(x))),
        image_of((15, 12, 3)),
    )


@pytest.mark.backend
def test_so_they_are_of_grouped_convolutions():
    image = keras.Input((9, 9, 4))
    grouped = keras.layers.Conv2D(6, 3, groups=2, padding="same")(image)
    check_traces(keras.Model(image, grouped), image_of((9, 9, 4)))
