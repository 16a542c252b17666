"""Every pretrained backbone, on each framework: what is frozen computes and stays the same in training."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.pretrained import BACKBONE, PRETRAINED, PretrainedSpec
from hubel.backends.framework import BACKEND, keras
from hubel.training.fit import compile_model
from hubel.training.recipe import Recipe

pytestmark = pytest.mark.backend
SIZE, CLASSES = 32, 3
FAST = ("mobilenet", "efficientnet-v2-b0")
"""With batch normalisation, and with dropout inside."""


def network(name: str, *, fixed_statistics: bool) -> keras.Model:
    """Random weights, no dropout before the logits."""
    keras.utils.set_random_seed(0)
    alpha = min(PRETRAINED[name].alphas)
    spec = PretrainedSpec((SIZE, SIZE), CLASSES, name, alpha, dropout=0.0, fixed_statistics=fixed_statistics)
    return build_model(Blueprint(name, spec))


@functools.cache
def frozen_network(name: str) -> keras.Model:
    """Built once: what is tested on it depends on no weight."""
    return network(name, fixed_statistics=True)


def images(count: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 255, (count, SIZE, SIZE, 3)).astype(np.float32)


def values(variables: list) -> dict[str, np.ndarray]:
    return {variable.path: np.array(keras.ops.convert_to_numpy(variable)) for variable in variables}


def moved(model: keras.Model, *, kind: str) -> set[bool]:
    """Whether each weight of a kind (the end of its name) of the backbone moves in a step of training."""
    compile_model(model, Recipe(epochs=1, optimizer="adamw", learning_rate=1e-3, weight_decay=0.01, warm_up=0.0))
    model.run_eagerly = BACKEND != "torch"  # for one step, compiling takes longer
    backbone = model.get_layer(BACKBONE)
    before = values(backbone.weights)
    model.train_on_batch(images(3), np.eye(CLASSES, dtype=np.float32), sample_weight=np.ones(3))
    after = values(backbone.weights)
    chosen = [name for name in before if name.rsplit("/", 1)[1] == kind]
    assert chosen
    return {not np.array_equal(before[name], after[name]) for name in chosen}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_frozen_backbone_computes_in_training_what_it_computes_in_prediction(name: str):
    model = frozen_network(name)
    in_training, in_prediction = (
        np.array(keras.ops.convert_to_numpy(model(images(2), training=training))) for training in (True, False)
    )
    np.testing.assert_array_equal(in_training, in_prediction)
    assert np.isfinite(in_training).all()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in PRETRAINED]
)
def test_fine_tuning_moves_the_kernels_and_no_statistic(name: str):
    model = frozen_network(name)
    frozen = [layer for layer in model.get_layer(BACKBONE).layers if layer.__class__.__name__ == "BatchNormalization"]
    before = values([weight for layer in frozen for weight in layer.weights])
    assert True in moved(model, kind="kernel")
    for path, value in values([weight for layer in frozen for weight in layer.weights]).items():
        np.testing.assert_array_equal(value, before[path], err_msg=path)
    assert bool(frozen) == (name != "convnext-tiny")  # which has layer normalisation, without statistics


def test_from_scratch_the_statistics_move():
    model = network("mobilenet", fixed_statistics=False)
    assert moved(model, kind="moving_mean") == {True}
    in_training, in_prediction = (
        np.array(keras.ops.convert_to_numpy(model(images(2), training=training))) for training in (True, False)
    )
    assert not np.array_equal(in_training, in_prediction)


def test_freezing_changes_neither_the_order_nor_the_shapes_of_the_weights():
    """Artefacts and weights files of earlier versions go by them."""
    one, other = (network("mobilenet", fixed_statistics=fixed) for fixed in (True, False))
    assert [weight.path for weight in one.weights] == [weight.path for weight in other.weights]
    assert [weight.shape for weight in one.weights] == [weight.shape for weight in other.weights]
    assert one.count_params() == other.count_params()
