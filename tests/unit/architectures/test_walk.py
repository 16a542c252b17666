"""Walking a model: every call once, in order, with the values the model itself computes."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.architectures.walk import compute_values, walk
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

pytestmark = pytest.mark.backend

layers = keras.layers


def nested() -> keras.Model:
    inner_image = keras.Input((8, 8, 4))
    convolved = layers.Conv2D(4, 3, padding="same", name="inside")(inner_image)
    inner = keras.Model(inner_image, [convolved, layers.ReLU(name="relu")(convolved)], name="inner")
    image = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(image)
    before, after = inner(first)
    again = layers.Add(name="add")([before, after, first]) + 1.0
    return keras.Model(image, layers.Flatten(name="flatten")(again))


def test_nested_models_stand_in_their_place_under_their_name():
    names = [call.name for call in walk(nested()).calls]
    assert names[:4] == ["first", "inner/inside", "inner/relu", "add"]
    assert names[-1] == "flatten"


def test_the_values_are_those_of_the_model():
    model = nested()
    graph = walk(model)
    image = np.random.default_rng(0).normal(size=(8, 8, 3)).astype(np.float32)
    values = compute_values(graph, image)
    expected = keras.ops.convert_to_numpy(model(image[None]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(values[graph.outputs[0]]), expected, rtol=1e-5, atol=1e-5)
    assert all(tuple(values[call.outputs[0]].shape[1:]) == call.output_shapes[0] for call in graph.calls)


def test_each_call_finds_its_inputs_made():
    graph = walk(nested())
    made = {graph.image}
    for call in graph.calls:
        assert set(call.inputs) <= made
        made |= set(call.outputs)
    assert set(graph.outputs) <= made


def test_computing_stops_behind_the_call_that_is_needed():
    graph = walk(nested())
    values = compute_values(graph, np.zeros((8, 8, 3), np.float32), until=graph.calls[1])
    assert set(values) == {graph.image, *graph.calls[0].outputs, *graph.calls[1].outputs}


def test_a_layer_that_is_called_twice_is_there_twice():
    image = keras.Input((4, 4, 2))
    shared = layers.Conv2D(2, 1, name="shared")
    calls = walk(keras.Model(image, shared(shared(image)))).calls
    assert [call.name for call in calls] == ["shared", "shared"]
    assert calls[0].outputs == calls[1].inputs


def test_a_sequential_model_is_walked_too():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    assert [call.kind for call in walk(model).calls] == ["Flatten", "Dense"]


def test_several_inputs_and_models_of_python_code_are_refused():
    images = [keras.Input((4, 4, 1)), keras.Input((4, 4, 1))]
    with pytest.raises(UnusableInput, match="this one has 2 inputs"):
        walk(keras.Model(images, layers.Add()(images)))

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(UnusableInput, match="computes in Python code of its own"):
        walk(Own())
