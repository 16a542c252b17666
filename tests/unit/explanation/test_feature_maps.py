"""Feature maps and filters are the model's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.errors import UnknownName, WrongRequest
from hubel.explanation.feature_maps import compute_feature_maps, kernel_of, layers_with_filters, layers_with_maps

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def model():
    return build_model(make_blueprint("small-cnn", (16, 16), classes=3))


def test_maps_are_what_keras_computes_for_that_layer(model):
    graph = walk(model)
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    for call in layers_with_maps(graph):
        inner = keras.Model(model.input, model.get_layer(call.name).output)
        expected = keras.ops.convert_to_numpy(inner(image[None].astype(np.float32), training=False))[0]
        np.testing.assert_allclose(compute_feature_maps(graph, call, image=image).maps, expected, rtol=1e-5, atol=1e-6)


def test_the_kernel_is_the_layers_kernel_and_a_depthwise_filter_sees_one_channel():
    inputs = keras.Input((8, 8, 2))
    inner = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, name="each")(inputs)
    graph = walk(keras.Model(inputs, keras.layers.Conv2D(5, 3, name="all")(inner)))
    each, all_ = layers_with_filters(graph)
    assert kernel_of(graph, all_).shape == (3, 3, 4, 5)
    assert kernel_of(graph, each).shape == (3, 3, 1, 4)
    own = keras.ops.convert_to_numpy(each.layer.kernel)
    np.testing.assert_array_equal(kernel_of(graph, each)[:, :, 0, 3], own[:, :, 1, 1])


def test_a_layer_without_maps_or_filters_says_what_it_is(model):
    graph = walk(model)
    with pytest.raises(WrongRequest, match=r"logits \(Dense\) makes no feature maps: its output is \[3\]"):
        compute_feature_maps(graph, find_layer(graph, "logits"), image=np.zeros((16, 16, 3), np.uint8))
    with pytest.raises(WrongRequest, match=r"flatten \(Flatten\) has no filters"):
        kernel_of(graph, find_layer(graph, "flatten"))
    with pytest.raises(UnknownName, match="Did you mean 'flatten'"):
        find_layer(graph, "flaten")


def test_a_nested_layer_is_found_by_its_own_name_and_by_its_full_one():
    inputs = keras.Input((8, 8, 3))
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="deep")], name="inside")
    graph = walk(keras.Model(inputs, inner(inputs)))
    assert find_layer(graph, "deep") is find_layer(graph, "inside/deep")
