"""Whether answers with the mirror image are better, held against the paired test of SciPy and worked-out log losses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import ttest_rel

from hubel.evaluation.mirrored_answers import FEWEST, STANDARD_ERRORS, compare_answers

CLASSES = 5


def answers(count: int, *, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, logits of images, and logits of mirror images: the same evidence, each with a noise of its own."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    evidence = 2.0 * np.eye(CLASSES)[labels]
    plain, mirrored = (evidence + rng.normal(0, noise, evidence.shape) for _ in range(2))
    return labels, plain.astype(np.float32), mirrored.astype(np.float32)


def losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Log loss of each image at the best temperature of all, by SciPy."""

    def each(log_temperature: float) -> np.ndarray:
        rows = log_softmax(logits.astype(np.float64) / np.exp(log_temperature), axis=1)
        return -rows[np.arange(len(labels)), labels]

    return each(minimize_scalar(lambda x: each(x).mean(), bounds=(-3, 3), method="bounded").x)


def test_two_looks_at_the_same_evidence_are_better_than_one_as_scipy_says():
    labels, plain, mirrored = answers(2000, noise=1.5)
    mean = (plain + mirrored) / 2
    compared = compare_answers(plain, mean, labels=labels)
    one, other = losses(plain, labels), losses(mean, labels)
    assert (compared.plain, compared.mirrored) == pytest.approx((one.mean(), other.mean()), abs=1e-3)
    gain = compared.plain - compared.mirrored
    assert gain / compared.standard_error == pytest.approx(ttest_rel(one, other).statistic, rel=0.02)
    assert compared.mirrored_is_better
    assert compared.to_json() == {
        "images": 2000, "plain": round(compared.plain, 6), "mirrored": round(compared.mirrored, 6),
        "standard_error": round(compared.standard_error, 6),
    }  # fmt: skip


def test_a_mirror_image_that_says_something_else_is_worse():
    labels, plain, _ = answers(2000, noise=1.0)
    other = plain[:, ::-1]
    assert not compare_answers(plain, (plain + other) / 2, labels=labels).mirrored_is_better


def test_without_a_difference_nothing_is_shown():
    labels, plain, _ = answers(500, noise=1.0)
    compared = compare_answers(plain, plain, labels=labels)
    assert (compared.plain - compared.mirrored, compared.standard_error) == (0.0, 0.0)
    assert not compared.mirrored_is_better


def test_a_gain_on_few_images_shows_nothing():
    labels, plain, mirrored = answers(FEWEST - 1, noise=4.0)
    few = compare_answers(plain, (plain + mirrored) / 2, labels=labels)
    assert few.plain - few.mirrored > STANDARD_ERRORS * few.standard_error
    assert not few.mirrored_is_better
    one = compare_answers(plain[:1], mirrored[:1], labels=labels[:1])
    assert one.standard_error == float("inf")


def test_where_there_is_nothing_to_gain_it_is_rarely_believed():
    """Of two answers that are equally good, the second is believed to be better on at most 1 in 20 of 200 corpora."""
    believed = 0
    for seed in range(200):
        labels, plain, other = answers(150, noise=1.0, seed=seed)
        believed += compare_answers(plain, other, labels=labels).mirrored_is_better
    assert 0 < believed <= 10
