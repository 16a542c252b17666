"""Every metric against scikit-learn or a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn import metrics as sk

from hubel.calibration.temperature import choose_threshold, fit_temperature
from hubel.classifier.answering import softmax
from hubel.evaluation import metrics
from hubel.evaluation.report import EvaluationReport


def example(seed: int = 0, count: int = 300, classes: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)).astype(np.float32) * 2
    logits[np.arange(count), labels] += 1.5
    return logits, labels


@pytest.mark.parametrize("seed", range(5))
def test_metrics_equal_scikit_learns(seed: int):
    logits, labels = example(seed)
    probabilities = softmax(logits)
    predicted = probabilities.argmax(axis=1)
    report = EvaluationReport(tuple("abcdefg"), probabilities, probabilities, labels, 0.5)
    score = report.to_json()
    assert score["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted), abs=1e-12)
    assert score["macro_f1"] == pytest.approx(sk.f1_score(labels, predicted, average="macro"), abs=1e-12)
    assert score["log_loss"] == pytest.approx(sk.log_loss(labels, probabilities), abs=1e-9)
    assert score["top5_accuracy"] == pytest.approx(sk.top_k_accuracy_score(labels, probabilities, k=5), abs=1e-12)
    assert score["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(labels, predicted), abs=1e-12)
    auc = sk.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert score["macro_roc_auc"] == pytest.approx(auc, abs=1e-9)
    for k, share in score["top_k_accuracy"].items():
        assert share == pytest.approx(sk.top_k_accuracy_score(labels, probabilities, k=int(k)), abs=1e-12)
    np.testing.assert_array_equal(report.confusion, sk.confusion_matrix(labels, predicted))
    per_class = sk.precision_recall_fscore_support(labels, predicted)
    for index, name in enumerate("abcdefg"):
        row = score["per_class"][name]
        for key, values in zip(("precision", "recall", "f1", "support"), per_class, strict=True):
            assert row[key] == pytest.approx(values[index], abs=1e-12)


def test_what_is_undefined_is_none_not_zero():
    confusion = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 0]])  # class 1 is never there, class 2 never named
    scores = metrics.class_scores(confusion)
    assert scores[1].recall is None
    assert scores[2].precision is None
    assert scores[2].f1 == 0.0
    assert metrics.macro_f1(scores) == pytest.approx((scores[0].f1 + 0.0) / 2)


def test_the_wilson_interval_holds_the_shares_that_a_score_test_does_not_reject():
    # Its ends solve |hits / n - p| = z sqrt(p (1 - p) / n); here they are found by a root finder.
    hits, count = 83, 100

    def distance(p: float) -> float:
        return abs(hits / count - p) - metrics.Z_95 * (p * (1 - p) / count) ** 0.5

    expected = brentq(distance, 1e-9, hits / count), brentq(distance, hits / count, 1 - 1e-9)
    assert metrics.wilson_interval(hits, count) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("hits", "count"), [(0, 5), (5, 5), (0, 1)])
def test_the_interval_of_a_perfect_or_hopeless_score_stays_inside_0_and_1(hits: int, count: int):
    low, high = metrics.wilson_interval(hits, count)
    assert 0 <= low < high <= 1


def test_calibration_error_equals_a_loop_over_bins():
    logits, labels = example(3)
    probabilities = softmax(logits)
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    expected = 0.0
    for bin_number in range(15):
        low, high = bin_number / 15, (bin_number + 1) / 15
        inside = (confidence >= low) & ((confidence < high) | (bin_number == 14))
        if inside.any():
            expected += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    bins = metrics.reliability_bins(probabilities, labels)
    assert metrics.expected_calibration_error(bins) == pytest.approx(expected, abs=1e-12)


def test_where_probabilities_are_right_the_calibration_error_is_that_of_chance():
    rng = np.random.default_rng(1)
    found, told = [], []
    for _ in range(200):
        probabilities = softmax(rng.normal(size=(300, 5)) * 2)
        labels = (probabilities.cumsum(axis=1) > rng.random((300, 1))).argmax(axis=1)
        bins = metrics.reliability_bins(probabilities, labels)
        found.append(metrics.expected_calibration_error(bins))
        told.append(metrics.calibration_error_of_chance(bins))
    assert np.mean(told) == pytest.approx(np.mean(found), rel=0.08)


@pytest.mark.parametrize("accuracy", [0.55, 0.8, 0.93, 0.985])
@pytest.mark.parametrize("count", [100, 372, 2000])
def test_intervals_of_a_known_accuracy_cover_it_in_93_to_97_of_100(accuracy: float, count: int):
    # Shares of a whole number of images jump: at one single accuracy the cover may be off by a point, so it is varied.
    rng = np.random.default_rng(count)
    known = rng.uniform(accuracy - 0.012, accuracy + 0.012, 20_000)
    hits = rng.binomial(count, known)
    intervals = np.array([metrics.wilson_interval(each, count) for each in range(count + 1)])[hits]
    covered = ((intervals[:, 0] <= known) & (known <= intervals[:, 1])).mean()
    assert 0.93 <= covered <= 0.97


def test_areas_of_classes_without_examples_are_left_out_and_all_without_are_undefined():
    probabilities = softmax(example(2)[0])
    labels = np.zeros(300, int)
    assert metrics.macro_roc_auc(probabilities, labels) is None
    labels[:100] = 3
    expected = np.mean([sk.roc_auc_score(labels == index, probabilities[:, index]) for index in (0, 3)])
    assert metrics.macro_roc_auc(probabilities, labels) == pytest.approx(expected)


def test_risk_and_coverage_equal_a_loop_over_thresholds():
    logits, labels = example(4)
    probabilities = np.round(softmax(logits), 2)  # with ties
    coverage, risk = metrics.risk_coverage(probabilities, labels)
    confidence, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != labels
    expected = [((confidence >= each).mean(), wrong[confidence >= each].mean()) for each in np.unique(confidence)[::-1]]
    np.testing.assert_allclose(np.column_stack([coverage, risk]), expected)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_temperature_finds_the_one_the_labels_were_drawn_with(true_temperature: float):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)).astype(np.float32) * 3
    probabilities = softmax(logits, temperature=true_temperature)
    labels = (probabilities.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(true_temperature, rel=0.06)


def test_a_validation_split_without_a_mistake_does_not_ask_for_certainty():
    logits = np.eye(5, dtype=np.float32).repeat(10, axis=0) * 8
    labels = np.arange(5).repeat(10)
    confidence = softmax(logits, temperature=fit_temperature(logits, labels)).max(axis=1)
    assert (confidence < 0.999).all()
    assert (confidence > 0.95).all()


def test_nine_of_ten_validation_examples_reach_the_threshold():
    probabilities = softmax(example(1, count=1000)[0])
    coverage, _ = metrics.selective_accuracy(
        probabilities, np.zeros(1000, int), threshold=choose_threshold(probabilities)
    )
    assert 0.9 <= coverage <= 0.902


def test_confusions_are_the_largest_off_the_diagonal():
    labels = np.array([0, 0, 0, 1, 1, 2])
    predicted = np.array([1, 1, 0, 1, 0, 2])
    report = EvaluationReport(("a", "b", "c"), np.eye(3)[predicted], np.eye(3)[predicted], labels, 0.0)
    assert report.confusions(5) == [("a", "b", 2, 3), ("b", "a", 1, 2)]


@settings(max_examples=50)
@given(st.integers(2, 30), st.integers(1, 50), st.integers(0, 1000))
def test_probabilities_sum_to_one_and_keep_the_order_of_the_logits(classes: int, count: int, seed: int):
    logits = np.random.default_rng(seed).normal(size=(count, classes)).astype(np.float32) * 50
    probabilities = softmax(logits, temperature=1.7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), logits.argmax(axis=1))
