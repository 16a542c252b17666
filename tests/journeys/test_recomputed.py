"""Every score of metrics.json again, from the CSV files of the run alone, by scikit-learn, SciPy or a plain loop."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as sk

import hubel
from hubel.files import read_csv

SPLITS = ("validation", "test")
EXACT = 1e-9


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recomputed") / "run"
    hubel.train("digits", out=out, epochs=1, seed=3)  # one epoch: it makes mistakes, so that no number is 0 or 1
    return out


class Rows:
    """One split of predictions.csv."""

    def __init__(self, run: Path, split: str) -> None:
        self.document = json.loads((run / "metrics.json").read_text())
        self.told: dict[str, Any] = self.document[split]
        self.names: list[str] = self.document["classes"]
        self.rows = [row for row in read_csv(run / "predictions.csv") if row["split"] == split]
        self.labels = np.array([self.names.index(row["label"]) for row in self.rows])
        self.predicted = np.array([self.names.index(row["predicted"]) for row in self.rows])
        self.table = np.array([[float(row[name]) for name in self.names] for row in self.rows])
        self.confidence = self.table.max(axis=1)
        self.count = len(self.rows)


@pytest.fixture(params=SPLITS)
def split(run: Path, request: pytest.FixtureRequest) -> Rows:
    return Rows(run, request.param)


def wilson(hits: int, count: int) -> list[float]:
    interval = binomtest(int(hits), int(count)).proportion_ci(method="wilson")
    return [interval.low, interval.high]


def calibration_error(table: np.ndarray, labels: np.ndarray) -> float:
    confidence, hit = table.max(axis=1), table.argmax(axis=1) == labels
    total = 0.0
    for place in range(15):
        inside = (confidence * 15 >= place) & ((confidence * 15 < place + 1) | (place == 14))
        if inside.any():
            total += inside.sum() * abs(hit[inside].mean() - confidence[inside].mean())
    return total / len(labels)


def test_the_run_makes_mistakes(split: Rows):
    assert 0.2 < split.told["accuracy"] < 0.99
    assert split.told["examples"] == split.count > 100


def test_accuracies(split: Rows):
    told, hits = split.told, int((split.labels == split.predicted).sum())
    np.testing.assert_array_equal(split.table.argmax(axis=1), split.predicted)
    np.testing.assert_array_equal([float(row["probability"]) for row in split.rows], split.confidence)
    assert told["accuracy"] == pytest.approx(sk.accuracy_score(split.labels, split.predicted), abs=EXACT)
    assert told["accuracy_interval"] == pytest.approx(wilson(hits, split.count), abs=EXACT)
    assert told["balanced_accuracy"] == pytest.approx(
        sk.balanced_accuracy_score(split.labels, split.predicted), abs=EXACT
    )
    assert told["majority_baseline"] == pytest.approx(np.bincount(split.labels).max() / split.count, abs=EXACT)
    for k, share in {**told["top_k_accuracy"], "5": told["top5_accuracy"]}.items():
        assert share == pytest.approx(sk.top_k_accuracy_score(split.labels, split.table, k=int(k)), abs=EXACT)


def test_scores_of_classes(split: Rows):
    told = split.told
    assert told["macro_f1"] == pytest.approx(sk.f1_score(split.labels, split.predicted, average="macro"), abs=EXACT)
    auc = sk.roc_auc_score(split.labels, split.table, multi_class="ovr", average="macro")
    assert told["macro_roc_auc"] == pytest.approx(auc, abs=EXACT)
    expected = sk.precision_recall_fscore_support(
        split.labels, split.predicted, labels=range(len(split.names)), zero_division=np.nan
    )
    assert list(told["per_class"]) == split.names
    for index, name in enumerate(split.names):
        for key, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
            value = told["per_class"][name][key]
            assert (math.nan if value is None else value) == pytest.approx(values[index], abs=EXACT, nan_ok=True)


def test_probabilities(split: Rows):
    told = split.told
    assert told["log_loss"] == pytest.approx(sk.log_loss(split.labels, split.table), abs=EXACT)
    assert told["ece"] == pytest.approx(calibration_error(split.table, split.labels), abs=EXACT)
    # Dividing the logits by a temperature is raising the probabilities to a power, so it can be undone.
    powers = split.table ** split.document["calibration"]["temperature"]
    before = powers / powers.sum(axis=1, keepdims=True)
    assert told["ece_uncalibrated"] == pytest.approx(calibration_error(before, split.labels), abs=EXACT)
    spread = 0.0
    for place in range(15):
        inside = split.confidence[np.minimum((split.confidence * 15).astype(int), 14) == place]
        spread += math.sqrt((inside * (1 - inside)).sum())
    assert told["ece_of_chance"] == pytest.approx(spread * math.sqrt(2 / math.pi) / split.count, abs=EXACT)


def test_abstention(run: Path, split: Rows):
    told = split.told["abstention"]
    answered = split.confidence >= told["threshold"]
    assert [row["abstained"] == "true" for row in split.rows] == (~answered).tolist()
    assert told["coverage"] == pytest.approx(answered.mean(), abs=EXACT)
    right = sk.accuracy_score(split.labels[answered], split.predicted[answered])
    assert told["selective_accuracy"] == pytest.approx(right, abs=EXACT)
    validation = Rows(run, "validation").confidence  # the threshold is the confidence that nine of ten reach
    assert told["threshold"] == pytest.approx(np.quantile(validation, 0.1, method="lower"), abs=EXACT)


def test_prediction_sets(run: Path, split: Rows):
    fitted = Rows(run, "validation")
    of_true = fitted.table[np.arange(fitted.count), fitted.labels]
    for promised, told in split.told["prediction_sets"].items():
        # The rule of split conformal prediction, as a quantile of 1 - probability with the correction for the sample.
        level = min(1.0, math.ceil((fitted.count + 1) * float(promised)) / fitted.count)
        limit = np.quantile(1 - of_true, level, method="inverted_cdf")
        inside = 1 - split.table <= limit + 1e-12
        holds, sizes = inside[np.arange(split.count), split.labels], inside.sum(axis=1)
        assert told["coverage"] == pytest.approx(holds.mean(), abs=EXACT)
        assert told["coverage_interval"] == pytest.approx(wilson(holds.sum(), split.count), abs=EXACT)
        assert told["mean_size"] == pytest.approx(sizes.mean(), abs=EXACT)
        assert told["single"] == pytest.approx((sizes == 1).mean(), abs=EXACT)
        assert told["empty"] == pytest.approx((sizes == 0).mean(), abs=EXACT)
        if told["single_accuracy"] is not None:
            assert told["single_accuracy"] == pytest.approx(holds[sizes == 1].mean(), abs=EXACT)


def test_the_dense_baseline(run: Path):
    test = Rows(run, "test")
    rows = {row["path"]: row for row in read_csv(run / "dense_baseline.csv")}
    theirs = np.array([rows[row["path"]]["predicted"] == row["label"] for row in test.rows])
    ours = test.labels == test.predicted
    told = test.told["against_dense_baseline"]
    assert test.told["dense_baseline"] == pytest.approx(theirs.mean(), abs=EXACT)
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    assert (told["first_only"], told["second_only"]) == (only_ours, only_theirs)
    assert told["difference"] == pytest.approx(ours.mean() - theirs.mean(), abs=EXACT)
    assert told["p_value"] == pytest.approx(binomtest(only_ours, only_ours + only_theirs).pvalue, rel=1e-6)
    assert told["interval"] == pytest.approx(newcombe(ours, theirs), abs=EXACT)


def newcombe(ours: np.ndarray, theirs: np.ndarray) -> list[float]:
    """Interval of the difference of two shares of the same images: Newcombe 1998, method 10."""
    count, first, second = len(ours), ours.mean(), theirs.mean()
    (low_1, high_1), (low_2, high_2) = wilson(ours.sum(), count), wilson(theirs.sum(), count)
    both, neither = (ours & theirs).sum(), (~ours & ~theirs).sum()
    top = both * neither - (ours & ~theirs).sum() * (theirs & ~ours).sum()
    bottom = math.sqrt(float(ours.sum()) * (~ours).sum() * theirs.sum() * (~theirs).sum())
    phi = (max(top - count / 2, 0) if top > 0 else top) / bottom

    def joined(one: float, other: float) -> float:
        return math.sqrt(one**2 - 2 * phi * one * other + other**2)

    difference = first - second
    return [difference - joined(first - low_1, high_2 - second), difference + joined(high_1 - first, second - low_2)]


def test_the_off_corpus_score(run: Path, split: Rows):
    scores = {row["path"]: float(row["score"]) for row in read_csv(run / "off_corpus.csv")}
    flagged = np.mean([scores[row["path"]] > 1 for row in split.rows])
    assert split.told["off_corpus"]["flagged"] == pytest.approx(flagged, abs=EXACT)
