"""How many of the doubtful labels are wrong: what is said is what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.evaluation.label_quality import rank_labels


def made(rate: float, *, seed: int, classes: int = 5, many: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, probabilities of a classifier that is too sure of itself, and which labels were changed."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(many, classes)) * 2.5
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) > rng.uniform(size=(many, 1))).argmax(axis=1)
    wrong = rng.uniform(size=many) < rate
    given = np.where(wrong, (labels + rng.integers(1, classes, many)) % classes, labels)
    sure = np.exp(1.7 * logits)
    return given, sure / sure.sum(axis=1, keepdims=True), wrong


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_share_that_is_said_is_the_share_that_was_planted(rate: float, seed: int):
    labels, probabilities, wrong = made(rate, seed=seed)
    ranking = rank_labels(labels, probabilities)
    assert ranking.suspect.sum() >= 20
    assert ranking.expected_share == pytest.approx(wrong[ranking.suspect].mean(), abs=0.1)
    assert (np.diff(ranking.quality[ranking.order]) >= -1e-12).all()


def test_a_label_that_nothing_explains_comes_first_and_one_that_is_close_does_not():
    labels, probabilities, _ = made(0.0, seed=4)
    labels[7] = probabilities[7].argmin()
    probabilities[7] = np.where(np.arange(5) == labels[7], 1e-9, (1 - 1e-9) / 4)
    assert rank_labels(labels, probabilities).order[0] == 7


def test_no_labels_are_no_error():
    ranking = rank_labels(np.zeros(0, np.int64), np.zeros((0, 3)))
    assert ranking.expected_share == 0
    assert len(ranking.order) == 0
