"""A score in words: every number is one that metrics.json has, and what is undefined is said to be."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from hubel.classifier.prediction_sets import COVERAGES, PredictionSets
from hubel.cli.show.results import console, show_report
from hubel.evaluation.report import EvaluationReport

SETS = PredictionSets(tuple(1 - coverage for coverage in COVERAGES), 100)


def report(count: int = 60) -> EvaluationReport:
    rng = np.random.default_rng(2)
    labels = np.arange(count) % 3
    probabilities = rng.dirichlet((1, 1, 1), count)
    probabilities[np.arange(count), labels] += 1
    probabilities /= 2
    return EvaluationReport(("a", "b", "c"), probabilities, probabilities, labels, 0.5)


def shown(given: EvaluationReport, capsys: pytest.CaptureFixture[str]) -> str:
    show_report(console(), given, split="test")
    return capsys.readouterr().out


def test_balanced_accuracy_and_roc_auc_are_shown(capsys: pytest.CaptureFixture[str]):
    given = report()
    told = shown(given, capsys)
    balanced = sk.balanced_accuracy_score(given.labels, given.probabilities.argmax(axis=1))
    area = sk.roc_auc_score(given.labels, given.probabilities, multi_class="ovr")
    assert f"balanced accuracy {balanced:.3f}   ROC-AUC {area:.3f}" in told


def test_what_is_undefined_is_shown_as_undefined(capsys: pytest.CaptureFixture[str]):
    given = report().take(np.array([0]))  # one image: no class has others to be told from
    assert "ROC-AUC undefined" in shown(given, capsys)


def test_the_calibration_error_stands_beside_what_chance_gives(capsys: pytest.CaptureFixture[str]):
    given = report()
    score = given.to_json()
    assert f"calibration error {score['ece']:.3f} (chance alone gives {score['ece_of_chance']:.3f}" in shown(
        given, capsys
    )


@pytest.mark.parametrize(
    ("right", "said"),
    [(0, "a small dense network: 0.000, beaten"), (60, "a small dense network: 1.000, right on the same images")],
)
def test_the_dense_baseline_stands_beside_the_majority_with_its_verdict(
    right: int, said: str, capsys: pytest.CaptureFixture[str]
):
    given = report()
    given = replace(given, baseline=np.where(np.arange(60) < right, given.labels, (given.labels + 1) % 3))
    told = shown(given, capsys)
    assert f"always predicting the largest class: 0.333   {said}" in told


def test_a_dense_network_that_is_better_is_said_to_be(capsys: pytest.CaptureFixture[str]):
    given = report()
    wrong = replace(given, probabilities=np.roll(given.probabilities, 1, axis=1), baseline=given.labels)
    assert "a small dense network does better: 1.000" in shown(wrong, capsys)


def test_without_a_dense_network_only_the_majority_is_there(capsys: pytest.CaptureFixture[str]):
    assert "dense" not in shown(report(), capsys)


def test_promise_and_finding_stand_beside_each_other(capsys: pytest.CaptureFixture[str]):
    given = replace(report(), sets=SETS)
    of_true = given.probabilities[np.arange(60), given.labels]
    told = shown(given, capsys)
    assert f"promised 90%, found {(of_true >= 0.1).mean():.1%} (" in told
    assert f"promised 95%, found {(of_true >= 0.05).mean():.1%} (" in told
    assert "promised" not in shown(report(), capsys)


def test_the_share_of_strangers_is_shown(capsys: pytest.CaptureFixture[str]):
    given = replace(report(), off_corpus=np.where(np.arange(60) < 3, 1.5, 0.5))
    assert "Flagged as unlike the training images: 5.0% (1% expected" in shown(given, capsys)


def test_no_line_is_longer_than_a_wide_terminal(capsys: pytest.CaptureFixture[str]):
    given = report()
    given = replace(given, sets=SETS, off_corpus=np.ones(60), baseline=given.labels)
    assert max(map(len, shown(given, capsys).splitlines())) <= 120


def test_the_verdict_in_words_is_said(capsys: pytest.CaptureFixture[str]):
    assert "Verdict     Good for all 3 classes." in shown(report(600), capsys)


def test_of_a_useless_classifier_no_threshold_is_shown(capsys: pytest.CaptureFixture[str]):
    given = report()
    assert "it abstains" in shown(given, capsys)
    useless = replace(given, labels=np.roll(given.labels, 1))  # each right answer is now a wrong one
    told = shown(useless, capsys)
    assert (
        "Verdict     Not usable as it is: it has not been shown to be better than always predicting the largest class."
        in told
    )
    assert "it abstains" not in told


def test_one_image_is_not_called_images(capsys: pytest.CaptureFixture[str]):
    told = shown(report().take(np.array([0])), capsys)
    assert ", 1 test image\n" in told
    assert not re.search(r"(?<![\d.,])1 \w+s\b", told)
