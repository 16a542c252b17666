"""Whether classes can be told apart: equal to a plain loop, and silent where there is nothing to tell."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.evaluation.separability import SHRINKAGE, Design, Told, separate, whitened


def design(labels: np.ndarray, seed: int = 0, classes: int = 2) -> Design:
    folds = np.random.default_rng(seed).integers(0, 4, len(labels))
    return Design(labels, folds, np.arange(classes))


def test_shares_equal_those_of_a_plain_loop_over_folds_classes_and_images():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    features = rng.normal(size=(90, 4)) + labels[:, None] * [0.8, 0, -0.4, 0]
    how = design(labels, classes=3)
    found = separate({"probe": features}, how, permutations=1, rng=rng)["probe"]
    white = whitened(features)
    for told in found.told:
        hits = [0, 0]
        for place in range(90):
            learned = how.folds != how.folds[place]
            own = white[learned & (labels == told.label)].mean(axis=0)
            others = white[learned & (labels != told.label)].mean(axis=0)
            nearer = np.sum((white[place] - own) ** 2) < np.sum((white[place] - others) ** 2)
            mine = labels[place] == told.label
            hits[0 if mine else 1] += int(nearer == mine)
        assert told.hits == tuple(hits)
        assert told.counts == ((labels == told.label).sum(), (labels != told.label).sum())
        assert told.balanced_accuracy == pytest.approx(np.mean([h / c for h, c in zip(hits, told.counts, strict=True)]))


def test_whitened_features_are_uncorrelated_and_never_larger_than_one():
    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 3)) * [1, 100, 0.01] + 7
    covariance = np.cov(whitened(mixed).T, bias=True)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=1e-4)
    correlations = np.linalg.eigvalsh(np.corrcoef(mixed.T))
    np.testing.assert_allclose(np.sort(np.diag(covariance)), correlations / (correlations + SHRINKAGE), rtol=1e-3)


def test_the_interval_is_newcombes_of_the_mean_of_two_shares():
    # Wilson's 95 % interval of 45 of 50 is 0.7864 to 0.9565; of 60 of 100 it is 0.5020 to 0.6906.
    low, high = Told(0, (45, 50 + 10), (50, 100), 0.1, 0.1).interval
    assert low == pytest.approx(0.75 - np.hypot(0.9 - 0.7864, 0.6 - 0.5020) / 2, abs=1e-4)
    assert high == pytest.approx(0.75 + np.hypot(0.9565 - 0.9, 0.6906 - 0.6) / 2, abs=1e-4)


def test_a_class_that_differs_is_told_with_the_smallest_p_and_the_others_are_not():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 4, 200)
    telling = rng.normal(size=(200, 3)) + 3.0 * (labels == 2)[:, None]
    found = separate(
        {"noise": rng.normal(size=(200, 5)), "telling": telling}, design(labels, classes=4), permutations=99, rng=rng
    )
    assert found["telling"].best.label == 2
    assert found["telling"].best.p_corrected == pytest.approx(1 / 100)
    assert found["telling"].best.balanced_accuracy > 0.9
    assert found["noise"].best.p_corrected > 0.05
    scores = found["telling"].scores[:, 2]  # in the order of the images, not of the folds
    assert (scores[labels == 2] > 0).mean() > 0.9
    assert (scores[labels != 2] < 0).mean() > 0.9


def test_of_clean_corpora_no_more_raise_an_alarm_than_is_promised():
    rng = np.random.default_rng(3)
    images = rng.normal(size=(90, 6))
    probes = {"one": images[:, :1], "two": images[:, :3], "three": (images > 0.5).astype(float), "four": images**3}
    smallest = []
    for seed in range(60):
        labels = np.random.default_rng(seed).permutation(np.repeat([0, 1, 2], [50, 30, 10]))
        found = separate(probes, design(labels, seed, 3), permutations=59, rng=rng)
        smallest.append(min(each.best.p_corrected for each in found.values()))
    # At most 3 of 60 are expected at 5 %; 7 and more in 3 % of such tests. Half lie below a half.
    assert sum(each <= 0.05 for each in smallest) <= 6
    assert 20 <= sum(each <= 0.5 for each in smallest) <= 40


def test_p_counts_the_permutations_that_do_as_well():
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], 30)
    found = separate({"noise": rng.normal(size=(60, 2))}, design(labels), permutations=19, rng=rng)["noise"]
    for told in found.told:
        assert round(told.p * 20) == pytest.approx(told.p * 20)
        assert told.p == told.p_corrected  # of one probe alone, both are the same
        assert 1 / 20 <= told.p <= 1
