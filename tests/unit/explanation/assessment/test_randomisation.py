"""Weights are replaced from the top down, always by the same; maps are compared by ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from hubel.explanation.assessment.randomisation import layers_from_top, rank_correlation, redraw, replaced, stages

NAMES = ("first/kernel", "first/bias", "nested/second/gamma", "nested/second/beta", "logits/kernel", "logits/bias")


@pytest.fixture
def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = ((3, 3, 3, 40), (40,), (40,), (40,), (40, 50), (50,))
    return {name: rng.normal(5, 2, shape).astype(np.float32) for name, shape in zip(NAMES, shapes, strict=True)}


def test_layers_come_from_the_top():
    assert layers_from_top(NAMES) == ("logits", "nested/second", "first")


def test_stages_begin_with_the_top_layer_and_end_with_all():
    layers = [f"layer_{number}" for number in range(30)]
    assert [len(each) for each in stages(layers)] == [1, 3, 10, 30]
    assert stages(layers[:2]) == [("layer_0",), ("layer_0", "layer_1")]
    assert stages([]) == []


def test_only_the_named_layers_are_replaced_and_nothing_that_was_given_changes(tensors: dict[str, np.ndarray]):
    before = {name: values.copy() for name, values in tensors.items()}
    drawn = redraw(tensors, rng=np.random.default_rng(0))
    made = replaced(tensors, drawn, layers=["logits"])
    for name, values in before.items():
        np.testing.assert_array_equal(tensors[name], values)
        assert made[name] is (drawn[name] if name.startswith("logits/") else tensors[name])
        assert (drawn[name].shape, drawn[name].dtype) == (values.shape, values.dtype)


def test_a_kernel_gets_mean_0_and_keeps_its_deviation_and_a_bias_is_shuffled(tensors: dict[str, np.ndarray]):
    made = redraw(tensors, rng=np.random.default_rng(0))
    assert abs(made["logits/kernel"].mean()) < 0.2
    assert made["logits/kernel"].std() == pytest.approx(tensors["logits/kernel"].std(), rel=0.05)
    np.testing.assert_array_equal(np.sort(made["logits/bias"]), np.sort(tensors["logits/bias"]))
    assert not np.array_equal(made["logits/bias"], tensors["logits/bias"])


@pytest.mark.parametrize("levels", [3, 1000])
def test_the_correlation_of_ranks_is_that_of_scipy_ties_included(levels: int):
    rng = np.random.default_rng(0)
    first = rng.integers(0, levels, (20, 30)).astype(np.float32)
    second = first + rng.integers(0, levels, (20, 30))
    expected = spearmanr(first.ravel(), second.ravel()).statistic
    assert rank_correlation(first, second) == pytest.approx(expected, abs=1e-12)
    assert rank_correlation(first, -first) == pytest.approx(-1)


def test_a_flat_map_is_correlated_with_nothing():
    assert rank_correlation(np.zeros((4, 5)), np.random.default_rng(0).random((4, 5))) == 0
