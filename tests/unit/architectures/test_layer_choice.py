"""What may stand after ``--layer``, on a model within a model."""

from __future__ import annotations

import pytest

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Graph, walk
from hubel.backends.framework import keras
from hubel.errors import UnknownName, WrongRequest

ORDER = ["zebra", "inner/stem", "inner/relu", "inner/deep", "pool", "apple", "relu", "logits"]


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Names that are not in the order of the alphabet; two layers called relu."""
    small = keras.Input((8, 8, 3))
    x = keras.layers.ReLU(name="relu")(keras.layers.Conv2D(4, 3, name="stem")(small))
    inner = keras.Model(small, keras.layers.DepthwiseConv2D(3, name="deep")(x), name="inner")
    image = keras.Input((8, 8, 3))
    x = inner(keras.layers.Rescaling(1.0, name="zebra")(image))
    x = keras.layers.Dense(5, name="apple")(keras.layers.GlobalAveragePooling2D(name="pool")(x))
    x = keras.layers.ReLU(name="relu")(x)
    return walk(keras.Model(image, keras.layers.Dense(2, name="logits")(x)))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("first", "inner/stem"),
        ("last", "inner/deep"),
        ("1", "zebra"),
        ("6", "apple"),
        ("stem", "inner/stem"),
        ("inner/relu", "inner/relu"),
        ("relu", "relu"),
    ],
)
def test_a_layer_is_found_by_name_number_or_as_the_first_or_last_convolution(graph: Graph, said: str, name: str):
    assert [call.name for call in graph.calls] == ORDER
    assert find_layer(graph, said).name == name


def test_first_and_last_are_among_those_that_can_be_shown(graph: Graph):
    assert find_layer(graph, "last", usable=graph.calls[:3]).name == "inner/stem"
    assert find_layer(graph, "last", usable=graph.calls[4:]).name == "logits", "no convolution: the last of them"
    with pytest.raises(WrongRequest, match="no layer that can be shown here"):
        find_layer(graph, "first", usable=[])


def test_a_layer_called_last_is_that_layer():
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="last")(image)
    model = keras.Model(image, keras.layers.Conv2D(2, 3, name="7")(x))
    assert find_layer(walk(model), "last").name == "last"
    assert find_layer(walk(model), "7").name == "7"


def test_an_unknown_name_gets_those_alike_then_all_in_network_order(graph: Graph):
    with pytest.raises(UnknownName) as caught:
        find_layer(graph, "stam", others=("probabilities",))
    assert str(caught.value).startswith("There is no layer named 'stam'. Did you mean 'inner/stem'?")
    assert f"In network order: {', '.join(ORDER)}, or probabilities." in str(caught.value)


def test_of_a_deep_network_the_first_and_last_names_are_shown():
    image = x = keras.Input((8, 8, 3))
    for depth in range(40):
        x = keras.layers.ReLU(name=f"relu_{depth}")(x)
    with pytest.raises(UnknownName) as caught:
        find_layer(walk(keras.Model(image, x)), "conv9")
    assert "relu_0, relu_1, relu_2, relu_3, relu_4, ... 32 more ..., relu_37, relu_38, relu_39." in str(caught.value)


def test_a_name_that_several_layers_have_is_asked_for_whole():
    inner = keras.Input((8, 8, 3))
    models = [
        keras.Model(inner, keras.layers.Conv2D(3, 1, name="same")(inner), name=name) for name in ("one", "two")
    ]  # fmt: skip
    image = keras.Input((8, 8, 3))
    graph = walk(keras.Model(image, models[1](models[0](image))))
    with pytest.raises(UnknownName, match="Several layers are called 'same'. Write the whole name: one/same, two/same"):
        find_layer(graph, "same")


def test_a_number_that_is_not_there_says_which_are(graph: Graph):
    with pytest.raises(
        WrongRequest, match="There is no layer 9: they are numbered from 1 to 8, as hubel.anatomy\\(RUN\\) shows"
    ):
        find_layer(graph, "9")
