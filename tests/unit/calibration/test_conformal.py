"""Prediction sets against MAPIE, and against the promise itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin

from hubel.calibration.sets import MIN_EXAMPLES, fit_prediction_sets
from hubel.classifier.answering import softmax
from hubel.classifier.prediction_sets import COVERAGES, PredictionSets
from hubel.errors import WrongRequest
from hubel.evaluation.set_score import score_sets


class Stored(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are given: the "images" are places in a table."""

    def __init__(self, table: np.ndarray) -> None:
        self.table = table
        self.classes_ = np.arange(table.shape[1])
        self.is_fitted_ = True

    def fit(self, images: np.ndarray, labels: np.ndarray) -> Stored:
        return self

    def predict_proba(self, images: np.ndarray) -> np.ndarray:
        return self.table[images[:, 0]]

    def predict(self, images: np.ndarray) -> np.ndarray:
        return self.predict_proba(images).argmax(axis=1)


def drawn(count: int, *, classes: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels that follow them."""
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(size=(count, classes)) * 1.5)
    labels = (probabilities.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return probabilities, labels


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_equal_those_of_mapie(coverage: float):
    probabilities, labels = drawn(700)
    places = np.arange(700)[:, None]
    theirs = SplitConformalClassifier(
        Stored(probabilities), confidence_level=coverage, conformity_score="lac", prefit=True
    )
    theirs.conformalize(places[:400], labels[:400])
    _, expected = theirs.predict_set(places[400:])
    sets = fit_prediction_sets(probabilities[:400], labels[:400])
    assert sets is not None
    np.testing.assert_array_equal(sets.find(probabilities[400:], coverage), expected[:, :, 0])


@pytest.mark.parametrize("coverage", [0.9, 0.95])
def test_the_promise_is_kept_over_many_draws(coverage: float):
    found = []
    for seed in range(300):
        probabilities, labels = drawn(300, seed=seed)
        sets = fit_prediction_sets(probabilities[:100], labels[:100])
        assert sets is not None
        found.append(score_sets(sets, coverage, probabilities=probabilities[100:], labels=labels[100:]).coverage)
    assert coverage - 0.003 < np.mean(found) < coverage + 0.015  # at least the promise, and at most 1/101 above


def test_a_score_of_sets_equals_a_loop():
    probabilities, labels = drawn(400, seed=3)
    sets = fit_prediction_sets(probabilities[:200], labels[:200])
    assert sets is not None
    score = score_sets(sets, 0.9, probabilities=probabilities[200:], labels=labels[200:])
    chosen = [
        {index for index, value in enumerate(row) if value >= sets.thresholds[COVERAGES.index(0.9)]}
        for row in probabilities[200:]
    ]
    pairs = list(zip(chosen, labels[200:], strict=True))
    assert score.covered == sum(label in each for each, label in pairs)
    assert score.single == sum(len(each) == 1 for each in chosen)
    assert score.single_right == sum(each == {label} for each, label in pairs)
    assert score.empty == sum(not each for each in chosen)
    assert score.classes == sum(map(len, chosen))
    assert score.to_json()["coverage"] == pytest.approx(score.covered / 200)


@settings(max_examples=50, deadline=None)
@given(st.integers(MIN_EXAMPLES, 300), st.integers(2, 8), st.integers(0, 10_000))
def test_a_higher_promise_never_gives_a_smaller_set(count: int, classes: int, seed: int):
    probabilities, labels = drawn(count, classes=classes, seed=seed)
    sets = fit_prediction_sets(probabilities, labels)
    assert sets is not None
    sizes = [sets.find(probabilities, coverage).sum() for coverage in COVERAGES]
    assert sizes == sorted(sizes)
    for coverage in COVERAGES:  # on the images it was fitted on it can only be kept
        assert sets.find(probabilities, coverage)[np.arange(count), labels].mean() >= coverage - 1e-12


def test_too_few_images_promise_nothing_or_every_class():
    probabilities, labels = drawn(50)
    assert fit_prediction_sets(probabilities[: MIN_EXAMPLES - 1], labels[: MIN_EXAMPLES - 1]) is None
    sets = fit_prediction_sets(probabilities, labels)
    assert sets is not None
    assert sets.find(probabilities, 0.99).all()  # 50 images cannot tell 99 of 100


@pytest.mark.parametrize("coverage", [0.49, 1.0, 0.905, -1.0, float("nan")])
def test_another_coverage_says_what_is_allowed(coverage: float):
    sets = PredictionSets(tuple([0.5] * len(COVERAGES)), 100)
    with pytest.raises(WrongRequest, match=r"0\.50, 0\.51 and so on up to 0\.99"):
        sets.find(np.eye(2), coverage)


def test_thresholds_that_rise_are_refused():
    with pytest.raises(WrongRequest, match="never rise"):
        PredictionSets((0.1, *[0.5] * (len(COVERAGES) - 1)), 100)
