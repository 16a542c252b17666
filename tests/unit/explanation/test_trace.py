"""One value worked out, against numbers reckoned by hand or by NumPy."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Graph, walk
from hubel.backends.framework import keras
from hubel.errors import ClaimFailed, UnknownName, UnusableInput, WrongRequest
from hubel.explanation.layer_rules import RULES
from hubel.explanation.trace import Trace, Tracer
from hubel.explanation.worked_value import Position, WorkedValue

pytestmark = pytest.mark.backend

layers = keras.layers
MATRIX = np.array([
    [0, 0, 0, 0, 0, 0], [0.2, 0.8, 0, 0.3, 0.6, 0], [0.2, 0.9, 0, 0.3, 0.8, 0],
    [0.3, 0.8, 0.7, 0.8, 0.9, 0], [0, 0, 0, 0.2, 0.8, 0], [0, 0, 0, 0.2, 0.2, 0],
], np.float32)[..., None]  # fmt: skip
CROSS = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)


def graph_of(*stack, shape: tuple[int, ...] = (6, 6, 1)):
    image = x = keras.Input(shape)
    for layer in stack:
        x = layer(x)
    return walk(keras.Model(image, x))


def trace_value(
    graph: Graph, image: np.ndarray, *, layer: str, at: tuple[int, int] | None = None, filter_index: int | None = None
) -> Trace:
    return Tracer(graph, image).trace(find_layer(graph, layer), at=at, filter_index=filter_index)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 1, shape).astype(np.float32)


def test_the_worked_example_with_patch_kernel_products_bias_and_activation():
    layer = layers.Conv2D(1, 3, activation="relu", name="cross")
    graph = graph_of(layer)
    layer.set_weights([CROSS[..., None, None], np.array([-0.5], np.float32)])
    trace = trace_value(graph, MATRIX, layer="cross", at=(1, 0), filter_index=0)
    assert trace.value == pytest.approx(1.6, rel=1e-6)
    assert (trace.before, trace.bias, trace.activation) == (pytest.approx(1.6, rel=1e-6), -0.5, "relu")
    assert trace.patch is not None
    np.testing.assert_array_equal(trace.patch.values[..., 0], MATRIX[1:4, 0:3, 0])
    np.testing.assert_array_equal(trace.patch.kernel, CROSS[..., None])
    np.testing.assert_allclose(trace.patch.products[..., 0], MATRIX[1:4, 0:3, 0] * CROSS)
    assert trace.patch.channel_sums == pytest.approx([2.1], rel=1e-6)
    assert trace.formula == "sum of 9 products 2.1 - 0.5 (bias) = 1.6; relu → 1.6"
    assert trace.receptive_field == (1, 0, 4, 3)


def test_a_number_of_a_flattened_map_sees_what_its_place_saw():
    stack = layers.Conv2D(2, 3), layers.Flatten(name="flat"), layers.Dropout(0.5, name="drop"), layers.Dense(1)
    graph = graph_of(*stack)
    index = (1 * 4 + 3) * 2 + 1  # row 1, column 3, filter 1 of a map of 4 x 4 x 2
    for layer in ("flat", "drop"):
        assert trace_value(graph, MATRIX, layer=layer, filter_index=index).receptive_field == (1, 3, 4, 6)
    assert trace_value(graph, MATRIX, layer=stack[-1].name).receptive_field == (0, 0, 6, 6)
    raw = trace_value(graph_of(layers.Flatten(name="flat")), MATRIX, layer="flat", filter_index=8)
    assert raw.receptive_field == (1, 2, 2, 3)


def test_below_zero_relu_gives_zero_and_the_value_before_it_is_kept():
    layer = layers.Conv2D(1, 3, activation="relu", name="cross")
    graph = graph_of(layer)
    layer.set_weights([-CROSS[..., None, None], np.zeros(1, np.float32)])
    trace = trace_value(graph, MATRIX, layer="cross", at=(1, 0))
    assert trace.value == trace.model_value == 0
    assert trace.before == pytest.approx(-2.1, rel=1e-6)


def test_the_places_of_a_padded_dilated_strided_window_are_those_it_takes():
    layer = layers.Conv2D(2, 3, padding="same", dilation_rate=2, name="wide")
    graph = graph_of(layer)
    patch = trace_value(graph, MATRIX, layer="wide", at=(0, 5), filter_index=1).patch
    assert patch is not None
    assert (patch.rows, patch.columns) == ((-2, 0, 2), (3, 5, 7))
    assert patch.inside.tolist() == [[False] * 3, [True, True, False], [True, True, False]]
    np.testing.assert_allclose(patch.values[1:, :2, 0], MATRIX[[0, 2]][:, [3, 5], 0])
    assert not patch.values[~patch.inside].any()
    strided = graph_of(layers.Conv2D(1, 2, strides=3, name="apart"))
    patch = trace_value(strided, MATRIX, layer="apart", at=(1, 1)).patch
    assert patch is not None
    assert (patch.rows, patch.columns) == ((3, 4), (3, 4))


def test_a_filter_of_a_group_sees_the_channels_of_its_group():
    graph = graph_of(layers.Conv2D(4, 3, groups=2, name="grouped"), shape=(6, 6, 6))
    patches = [
        trace_value(graph, numbers(6, 6, 6), layer="grouped", at=(0, 0), filter_index=index).patch for index in (1, 2)
    ]
    assert [patch and patch.channels for patch in patches] == [(0, 1, 2), (3, 4, 5)]


def test_a_depthwise_filter_sees_one_channel():
    layer = layers.DepthwiseConv2D(3, depth_multiplier=2, name="each")
    graph = graph_of(layer, shape=(6, 6, 3))
    image = numbers(6, 6, 3)
    trace = trace_value(graph, image, layer="each", at=(2, 1), filter_index=5)
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel))
    assert trace.patch is not None
    assert trace.patch.channels == (2,)
    assert trace.value == pytest.approx(float((image[2:5, 1:4, 2] * kernel[:, :, 2, 1]).sum()), rel=1e-5)


@pytest.mark.parametrize(("kind", "expected"), [("Max", 0.9), ("Average", 0.55), ("Sum", 2.2)])
def test_a_pooled_value_is_that_of_its_window(kind: str, expected: float):
    from hubel.architectures.layers import SumPooling2D

    layer = SumPooling2D(2) if kind == "Sum" else getattr(layers, f"{kind}Pooling2D")(2)
    trace = trace_value(graph_of(layer), MATRIX, layer=layer.name, at=(1, 0))
    assert trace.value == pytest.approx(expected)
    assert trace.patch is not None
    assert trace.patch.kernel is None
    assert trace.receptive_field == (2, 0, 4, 2)


def test_padding_does_not_count_in_an_average():
    layer = layers.AveragePooling2D(3, strides=1, padding="same", name="mean")
    trace = trace_value(graph_of(layer), MATRIX, layer="mean", at=(5, 5))
    assert trace.value == pytest.approx(float(MATRIX[4:, 4:].mean()), rel=1e-6)
    assert "sum of 4 values" in trace.formula


def test_a_dense_unit_is_a_sum_of_products_the_largest_first():
    layer = layers.Dense(3, name="units")
    graph = graph_of(layers.Flatten(), layer)
    kernel = numbers(36, 3)
    layer.set_weights([kernel, np.array([1, 2, 3], np.float32)])
    trace = trace_value(graph, MATRIX, layer="units", filter_index=2)
    assert trace.value == pytest.approx(float(MATRIX.ravel() @ kernel[:, 2]) + 3, rel=1e-5)
    sizes = [abs(term.product) for term in trace.terms]
    assert len(sizes) == 36
    assert sizes == sorted(sizes, reverse=True)
    assert trace.at is None


def test_softmax_built_into_a_dense_layer_uses_all_units():
    layer = layers.Dense(3, activation="softmax", name="shares")
    graph = graph_of(layers.Flatten(), layer)
    values = [trace_value(graph, MATRIX, layer="shares", filter_index=index).value for index in range(3)]
    assert sum(values) == pytest.approx(1, abs=1e-12)


def test_batch_normalisation_uses_the_statistics_of_training():
    layer = layers.BatchNormalization(name="norm", epsilon=0.001)
    graph = graph_of(layer)
    layer.set_weights([np.array([each], np.float32) for each in (2.0, 0.5, 0.25, 4.0)])  # gamma, beta, mean, variance
    trace = trace_value(graph, MATRIX, layer="norm", at=(3, 4))
    assert trace.value == pytest.approx((0.9 - 0.25) / math.sqrt(4.001) * 2 + 0.5, rel=1e-6)
    assert trace.formula == "(0.9 - 0.25) / √(4 + 0.001) × 2 + 0.5 = 1.14992"


def test_operations_with_a_constant_are_read_off():
    image = keras.Input((6, 6, 1))
    graph = walk(keras.Model(image, 6.0 / (2.0 - image * 0.5 + 3.0)))
    assert float(MATRIX[2, 1, 0]) == pytest.approx(0.9)
    for call, expected in zip(graph.calls, (0.45, 1.55, 4.55, 6 / 4.55), strict=True):
        assert Tracer(graph, MATRIX).trace(call, at=(2, 1)).value == pytest.approx(expected, rel=1e-6)


def test_by_default_the_strongest_place_is_traced():
    graph = graph_of(layers.ReLU(name="relu"))
    trace = trace_value(graph, MATRIX, layer="relu")
    assert trace.at in ((2, 1), (3, 4))
    assert trace.value == pytest.approx(0.9)


def test_every_number_is_in_the_json():
    graph = graph_of(
        layers.Conv2D(2, 3, padding="same", activation="relu", name="c"), layers.Flatten(), layers.Dense(2, name="d")
    )
    for layer in ("c", "d"):
        trace = trace_value(graph, MATRIX, layer=layer)
        document = json.loads(json.dumps(trace.to_json()))
        assert document["value"] == trace.value
        assert document["difference"] == abs(trace.value - trace.model_value)
    assert [term["product"] for term in document["terms"]] == [term.product for term in trace.terms]


def test_an_answer_that_is_not_the_models_is_never_shown(monkeypatch: pytest.MonkeyPatch):
    def wrong(place: Position) -> WorkedValue:
        return WorkedValue(place.x * 1.0001, abs(place.x), "x")

    monkeypatch.setitem(RULES, "ReLU", wrong)
    graph = graph_of(layers.ReLU(name="relu"))
    with pytest.raises(
        ClaimFailed, match=r"relu \(ReLU\), index \[2, 1, 0\]: Hubel works out 0.90009, the model computed 0.9"
    ) as caught:
        trace_value(graph, MATRIX, layer="relu", at=(2, 1))
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            {"layer": "relu", "at": (6, 0)},
            r"at: relu makes maps of 6 x 6: rows 0 to 5, columns 0 to 5. Received: 6,0",
        ),
        ({"layer": "relu", "filter_index": 1}, "filter: relu has the filters 0 to 0. Received: 1"),
        ({"layer": "flat", "at": (0, 0)}, "flat makes a vector of 36: it has no rows and columns. Leave at out"),
    ],
)
def test_a_place_that_is_not_there_is_refused_with_those_that_are(words: dict, message: str):
    graph = graph_of(layers.ReLU(name="relu"), layers.Flatten(name="flat"))
    with pytest.raises(WrongRequest, match=message):
        trace_value(graph, MATRIX, **words)


def test_an_unknown_layer_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no layer named 'rleu'. Did you mean 'relu'"):
        trace_value(graph_of(layers.ReLU(name="relu")), MATRIX, layer="rleu")


def test_what_cannot_be_worked_out_is_refused_with_the_reason():
    graph = graph_of(layers.UpSampling2D(name="larger"))
    with pytest.raises(
        UnusableInput, match="larger is a UpSampling2D, and Hubel does not know how that computes. Known: Conv2D"
    ):
        trace_value(graph, MATRIX, layer="larger")
    graph = graph_of(layers.Activation("mish", name="odd"))
    with pytest.raises(UnusableInput, match="Hubel does not know the activation 'mish' of odd. Known: elu"):
        trace_value(graph, MATRIX, layer="odd")
    graph = graph_of(layers.BatchNormalization(axis=1, name="rows"))
    with pytest.raises(UnusableInput, match=r"rows works along the axes \[1\]"):
        trace_value(graph, MATRIX, layer="rows")
    graph = graph_of(layers.ReLU(dtype="float16", name="half"))
    with pytest.raises(UnusableInput, match="half computes with float16; Hubel traces float32"):
        trace_value(graph, MATRIX, layer="half")


def test_channels_first_is_refused():
    graph = graph_of(layers.GlobalAveragePooling2D(data_format="channels_first", name="first"))
    with pytest.raises(UnusableInput, match="'first' puts channels before height and width"):
        trace_value(graph, MATRIX, layer="first")


def test_a_nested_layer_is_found_by_its_own_name():
    inside = keras.Input((6, 6, 1))
    nested = keras.Model(inside, layers.ReLU(name="deep")(inside), name="inner")
    graph = graph_of(nested)
    assert find_layer(graph, "deep").name == "inner/deep"
    assert trace_value(graph, MATRIX, layer="deep", at=(2, 1)).layer == "inner/deep"
