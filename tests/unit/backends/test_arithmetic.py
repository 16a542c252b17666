"""A step that computes quicker computes the same, and leaves the model as it was."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from hubel.backends import arithmetic
from hubel.backends.arithmetic import (
    BFLOAT16,
    FUSED,
    INSTRUCTIONS,
    KERAS,
    computing,
    has_bfloat16,
    possible_arithmetic,
    quickest_arithmetic,
)
from hubel.backends.framework import BACKEND, keras, seed_everything
from hubel.training.fit import compile_model
from hubel.training.recipe import ARITHMETICS, Recipe, as_planned

on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow's steps come in several kinds")
MAPS = np.random.default_rng(0).normal(3, 2, (6, 8, 8, 3)).astype(np.float32)
LABELS = np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 0, 1]]


def network() -> keras.Model:
    """Batch normalisation in a model and in one within it, as backbones are."""
    seed_everything(0)
    inner_inputs = keras.Input((None, None, 4))
    inner = keras.Model(inner_inputs, keras.layers.BatchNormalization(name="within")(inner_inputs))
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = keras.layers.ReLU()(inner(x))
    x = keras.layers.Conv2D(5, 3, use_bias=False)(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.8, epsilon=1e-4, name="outside")(x))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))
    compile_model(model, Recipe(epochs=1, learning_rate=0.02, kernel_step=0.01))
    return model


def trained(kind: str, *, steps: int = 5) -> tuple[list[np.ndarray], list[float]]:
    """Weights and losses after a few steps."""
    model = network()
    losses = []
    for _ in range(steps):
        with computing(model, kind):
            losses.append(float(model.train_on_batch(MAPS, LABELS)))
    return model.get_weights(), losses


@on_tensorflow
def test_a_fused_step_learns_what_keras_own_step_learns():
    (usual, usual_losses), (fused, fused_losses) = trained(KERAS), trained(FUSED)
    np.testing.assert_allclose(fused_losses, usual_losses, rtol=1e-4)
    for mine, theirs in zip(fused, usual, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, rtol=2e-3, atol=2e-4)


@on_tensorflow
def test_a_step_of_16_bits_learns_the_same_within_their_rounding():
    (usual, usual_losses), (rounded, rounded_losses) = trained(KERAS), trained(BFLOAT16)
    np.testing.assert_allclose(rounded_losses, usual_losses, rtol=0.05)
    assert rounded_losses != usual_losses
    for mine, theirs in zip(rounded, usual, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, atol=0.1)


@on_tensorflow
@pytest.mark.parametrize("kind", [FUSED, BFLOAT16])
def test_a_quicker_step_repeats_to_the_bit(kind: str):
    (one, one_losses), (other, other_losses) = trained(kind), trained(kind)
    assert one_losses == other_losses
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@on_tensorflow
def test_fused_normalisation_is_that_of_numpy_and_moves_the_same_averages():
    layer = keras.layers.BatchNormalization(momentum=0.75, epsilon=1e-3)
    model = keras.Sequential([keras.Input((8, 8, 3)), layer])
    layer.gamma.assign([1.0, 2.0, 0.5])
    layer.beta.assign([0.0, 1.0, -1.0])
    with computing(model, FUSED):
        found = keras.ops.convert_to_numpy(model(MAPS, training=True))
    mean, variance = MAPS.astype(np.float64).mean((0, 1, 2)), MAPS.astype(np.float64).var((0, 1, 2))
    expected = (MAPS - mean) / np.sqrt(variance + 1e-3) * [1.0, 2.0, 0.5] + [0.0, 1.0, -1.0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.moving_mean), 0.25 * mean, rtol=1e-5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.moving_variance), 0.75 + 0.25 * variance, rtol=1e-5)


def operations(model: keras.Model, kind: str) -> dict[str, str]:
    """What the graph of a training pass computes: operation → kind of its numbers."""
    tensorflow: Any = importlib.import_module("tensorflow")
    with computing(model, kind):
        traced = tensorflow.function(lambda maps: model(maps, training=True))
        graph = traced.get_concrete_function(tensorflow.TensorSpec((6, 8, 8, 3))).graph
    inner = [each for function in graph._functions.values() for each in function.graph.get_operations()]
    return {each.type: each.outputs[0].dtype.name for each in (*graph.get_operations(), *inner) if each.outputs}


@on_tensorflow
def test_each_kind_computes_what_it_says():
    kinds = {kind: operations(network(), kind) for kind in ARITHMETICS}
    assert kinds[KERAS]["Conv2D"] == "float32"
    assert "FusedBatchNormV3" not in kinds[KERAS]
    assert (kinds[FUSED]["Conv2D"], kinds[FUSED]["FusedBatchNormV3"]) == ("float32", "float32")
    assert (kinds[BFLOAT16]["Conv2D"], kinds[BFLOAT16]["FusedBatchNormV3"]) == ("bfloat16", "bfloat16")
    assert kinds[BFLOAT16]["MatMul"] == "float32", "the logits"
    assert "Rsqrt" not in kinds[FUSED], "nothing is left to Keras' own normalisation"


@on_tensorflow
@pytest.mark.parametrize("kind", [FUSED, BFLOAT16])
def test_the_model_is_as_before_and_answers_as_before(kind: str):
    model = network()
    before = model.to_json(), keras.ops.convert_to_numpy(model(MAPS))
    with pytest.raises(ZeroDivisionError), computing(model, kind):
        raise ZeroDivisionError
    assert model.to_json() == before[0]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(MAPS)), before[1])
    norm = model.get_layer("outside")
    assert (type(norm), norm.dtype_policy.name, norm.autocast) == (keras.layers.BatchNormalization, "float32", True)


@on_tensorflow
@pytest.mark.parametrize("kind", [FUSED, BFLOAT16])
def test_statistics_that_are_frozen_do_not_move(kind: str):
    model = network()
    norm = model.get_layer("outside")
    norm.trainable = False
    before = [np.array(each) for each in norm.get_weights()]
    with computing(model, kind):
        model(MAPS, training=True)
    for mine, theirs in zip(norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        (f"flags\t\t: fpu avx2 avx512f {INSTRUCTIONS} gfni\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        (f"flags\t\t: fpu {INSTRUCTIONS}x\nbugs\t\t: {INSTRUCTIONS}\n", False),
        ("Features\t: fp asimd bf16\n", False),
        (None, False),
    ],
    ids=str,
)
def test_the_processor_says_whether_it_has_16_bits(flags: str | None, has: bool, monkeypatch: pytest.MonkeyPatch):
    def read_text(path: object, **_: object) -> str:
        assert str(path).replace("\\", "/") == "/proc/cpuinfo"
        if flags is None:
            raise FileNotFoundError(path)
        return f"processor\t: 0\n{flags}processor\t: 1\n"

    monkeypatch.setattr(arithmetic.Path, "read_text", read_text)
    has_bfloat16.cache_clear()
    try:
        assert has_bfloat16() is has
    finally:
        has_bfloat16.cache_clear()


@on_tensorflow
@pytest.mark.parametrize(
    ("has", "variables", "kind"),
    [
        (True, {}, BFLOAT16),
        (False, {}, FUSED),
        (True, {"HUBEL_STEPS": "single"}, KERAS),
        (True, {"HUBEL_STEPS": ""}, BFLOAT16),
        (True, {"ONEDNN_MAX_CPU_ISA": "AVX2"}, KERAS),
        (True, {"TF_ENABLE_ONEDNN_OPTS": "0"}, KERAS),
        (True, {"TF_ENABLE_ONEDNN_OPTS": "1"}, BFLOAT16),
    ],
    ids=str,
)
def test_the_quickest_is_chosen_by_the_processor_and_the_user(
    has: bool, variables: dict[str, str], kind: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(arithmetic, "has_bfloat16", lambda: has)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert quickest_arithmetic() == kind


@pytest.mark.backend
@pytest.mark.skipif(BACKEND == "tensorflow", reason="TensorFlow's steps come in several kinds")
def test_other_frameworks_compute_as_keras_does():
    assert quickest_arithmetic() == KERAS


@pytest.mark.parametrize(
    ("wanted", "quickest", "found"),
    [
        (BFLOAT16, BFLOAT16, BFLOAT16),
        (BFLOAT16, FUSED, FUSED),
        (BFLOAT16, KERAS, KERAS),
        (FUSED, BFLOAT16, FUSED),
        (KERAS, BFLOAT16, KERAS),
    ],
)
def test_a_repeated_training_computes_as_it_did_where_this_machine_can(
    wanted: str, quickest: str, found: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(arithmetic, "quickest_arithmetic", lambda: quickest)
    assert possible_arithmetic(wanted) == found
    recipes = as_planned((Recipe(epochs=1),), (Recipe(epochs=7, arithmetic=wanted),))
    assert recipes == (Recipe(epochs=7, arithmetic=found),)
