"""Fine-tuning begins where the head stands: the same logits, and weights that can be folded back."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.backbones import feature_model
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.spec import LOGITS
from hubel.backends.framework import keras
from hubel.training.transfer import Standard, take_head, tuning_model

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)
IMAGES = (RNG.uniform(0, 255, (6, 32, 32, 3)) * np.linspace(0.05, 1, 6)[:, None, None, None]).astype(np.float32)
"""From dark to bright, so that what random weights make of them differs."""


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Random weights, and the statistics of a few images: without them nothing would differ at the end."""
    keras.utils.set_random_seed(0)
    spec = PretrainedSpec((32, 32), 3, fixed_statistics=False)
    model = build_model(Blueprint("mobilenet", spec))
    for _ in range(40):
        model(IMAGES, training=True)
    layer = model.get_layer(LOGITS)
    layer.set_weights([RNG.normal(size=layer.kernel.shape), RNG.normal(size=3)])
    return model


def computed(model: keras.Model) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(model(IMAGES)))


@pytest.fixture(scope="module")
def standard(model: keras.Model) -> Standard:
    return Standard.of(computed(feature_model(model)))


def test_standardised_features_have_mean_0_and_deviation_1():
    features = RNG.normal(3, 2, (200, 5)).astype(np.float32)
    standardised = Standard.of(features).apply(features)
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(axis=0), 1, rtol=1e-5)


def test_a_channel_that_hardly_varies_is_not_blown_up():
    features = np.stack([RNG.normal(size=500), np.full(500, 7.0)], axis=1).astype(np.float32)
    standard = Standard.of(features)
    assert standard.deviation[1] == pytest.approx(0.01 * features.std(axis=0).mean(), rel=1e-4)


def test_a_kernel_gives_the_same_on_plain_and_on_standardised_features():
    features = RNG.normal(3, 2, (20, 5)).astype(np.float32)
    kernel, bias = RNG.normal(size=(5, 3)).astype(np.float32), RNG.normal(size=3).astype(np.float32)
    standard = Standard.of(features)
    inner_kernel, inner_bias = standard.unfolded(kernel, bias)
    expected = np.array(
        [[sum(f * w for f, w in zip(row, column, strict=True)) for column in kernel.T] for row in features]
    )
    np.testing.assert_allclose(
        standard.apply(features) @ inner_kernel + inner_bias, expected + bias, rtol=1e-4, atol=1e-4
    )
    for back, given in zip(standard.folded(inner_kernel, inner_bias), (kernel, bias), strict=True):
        np.testing.assert_allclose(back, given, rtol=1e-4, atol=1e-4)


def test_it_begins_with_the_logits_of_the_head(model: keras.Model, standard: Standard):
    np.testing.assert_allclose(computed(tuning_model(model, standard)), computed(model), rtol=1e-3, atol=1e-3)


def test_a_head_that_tuning_did_not_change_stays_the_same_to_the_bit(model: keras.Model, standard: Standard):
    before = model.get_layer(LOGITS).get_weights()
    take_head(model, tuning_model(model, standard), standard)
    for now, was in zip(model.get_layer(LOGITS).get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_tuned_head_and_backbone_are_those_of_the_classifier(model: keras.Model, standard: Standard):
    tuned = tuning_model(model, standard)
    layer = tuned.get_layer(LOGITS)
    layer.set_weights([weight + 0.1 * RNG.normal(size=weight.shape) for weight in layer.get_weights()])
    backbone = model.get_layer("backbone").trainable_variables[0]
    backbone.assign(keras.ops.convert_to_numpy(backbone) * 1.1)
    take_head(model, tuned, standard)
    np.testing.assert_allclose(computed(model), computed(tuned), rtol=1e-3, atol=1e-3)
