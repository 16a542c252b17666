"""The compiled forward pass: what Keras itself answers, compiled once, with the weights of the moment."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from hubel.backends.framework import BACKEND, forward_of, keras

pytestmark = pytest.mark.backend
IMAGES = np.random.default_rng(0).normal(size=(7, 6, 5, 3)).astype(np.float32)


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 5, 3))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(image))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Dropout(0.5)(maps))
    return keras.Model(image, keras.layers.Dense(2)(pooled))


@pytest.mark.parametrize("count", [1, 7])
def test_it_answers_as_keras_does_when_nothing_is_trained(count: int):
    model = network()
    answered = np.asarray(forward_of(model)(IMAGES[:count]))
    np.testing.assert_allclose(answered, keras.ops.convert_to_numpy(model(IMAGES[:count], training=False)), atol=1e-6)


def test_it_sees_weights_that_change():
    model = network()
    before = np.asarray(forward_of(model)(IMAGES))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel, bias + 1])
    np.testing.assert_allclose(np.asarray(forward_of(model)(IMAGES)), before + 1, atol=1e-6)


def test_several_outputs_come_in_their_order():
    model = network()
    both = keras.Model(model.input, [model.layers[-1].input, model.output])
    features, logits = (np.asarray(each) for each in forward_of(both)(IMAGES))
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-5)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="its functions count how often they were traced")
def test_tensorflow_traces_it_once_for_all_sizes_and_keeps_no_model_alive():
    model = network()
    for count in (1, 7, 3):
        forward_of(model)(IMAGES[:count])
    assert forward_of(model).experimental_get_tracing_count() == 1
    alive = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert alive() is None
