"""The off-corpus score: the Mahalanobis distance by SciPy, and strangers that it must tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.metrics import roc_auc_score

from hubel.classifier.off_corpus import OffCorpus
from hubel.errors import WrongRequest
from hubel.evaluation.off_corpus import FLAGGED, MIN_EXAMPLES, auroc, fit_off_corpus


def features(count: int, *, seed: int, classes: int = 3, channels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Clouds of one shape around one centre for each class."""
    mix = np.random.default_rng(99).normal(size=(channels, channels))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    centres = np.random.default_rng(98).normal(size=(classes, channels)) * 6
    return (rng.normal(size=(count, channels)) @ mix + centres[labels]).astype(np.float32), labels


def test_distances_equal_those_of_scipy():
    train, labels = features(900, seed=0)
    held_out, _ = features(200, seed=1)
    score = fit_off_corpus(train, labels, held_out)
    assert score is not None
    centres = [train[labels == label].mean(axis=0) for label in range(3)]
    within = train - np.array(centres)[labels]
    inverse = np.linalg.inv(np.cov(within.T))
    expected = [min(mahalanobis(row, centre, inverse) for centre in centres) for row in held_out]
    np.testing.assert_allclose(score.distances(held_out), expected, rtol=1e-3)


def test_one_image_of_a_hundred_of_the_corpus_is_flagged():
    train, labels = features(3000, seed=0)
    score = fit_off_corpus(train, labels, features(2000, seed=1)[0])
    assert score is not None
    flagged = (score.score(features(20_000, seed=2)[0]) > 1).mean()
    assert flagged == pytest.approx(FLAGGED, abs=0.005)


def test_strangers_are_told_from_the_corpus():
    train, labels = features(900, seed=0)
    inside, _ = features(300, seed=2)
    score = fit_off_corpus(train, labels, features(300, seed=1)[0])
    assert score is not None
    strangers = np.random.default_rng(5).normal(size=(100, 5)).astype(np.float32) * 30
    assert auroc(score.score(inside), score.score(strangers)) > 0.95
    assert (score.score(strangers) > 1).mean() > 0.8


def test_auroc_equals_scikit_learns_with_ties():
    rng = np.random.default_rng(0)
    inside, strangers = rng.integers(0, 10, 80), rng.integers(3, 14, 50)
    truth = np.concatenate([np.zeros(80), np.ones(50)])
    assert auroc(inside, strangers) == pytest.approx(roc_auc_score(truth, np.concatenate([inside, strangers])))
    assert auroc(inside, np.array([])) is None


def test_a_channel_that_never_varies_does_not_decide():
    train, labels = features(500, seed=0)
    train[:, 2] = 7.0
    held_out, _ = features(100, seed=1)
    held_out[:, 2] = 7.0
    score = fit_off_corpus(train, labels, held_out)
    assert score is not None
    nudged = held_out.copy()
    nudged[:, 2] += 1e-6
    np.testing.assert_allclose(score.score(nudged), score.score(held_out), rtol=1e-2)


def test_too_few_images_or_all_the_same_give_no_score():
    train, labels = features(MIN_EXAMPLES - 1, seed=0)
    assert fit_off_corpus(train, labels, features(100, seed=1)[0]) is None
    same = np.ones((100, 4), np.float32)
    assert fit_off_corpus(same, np.zeros(100, int), same) is None


def test_parts_that_do_not_fit_one_another_are_refused():
    with pytest.raises(WrongRequest, match="needs a mean"):
        OffCorpus(np.zeros(3, np.float32), np.zeros((4, 2), np.float32), np.zeros((1, 2), np.float32), 1.0)
    with pytest.raises(WrongRequest, match="above 0"):
        OffCorpus(np.zeros(3, np.float32), np.zeros((3, 2), np.float32), np.zeros((1, 2), np.float32), float("nan"))
