"""Reading back what a finished run wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubel.classifier.prediction_sets import COVERAGES, PredictionSets
from hubel.errors import UnusableInput
from hubel.files import write_csv
from hubel.runs.finished_run import read_off_corpus, read_seen, score_promise
from hubel.runs.tables.predictions import read_predictions

HEADER = ("path", "split", "label", "predicted", "probability", "abstained")
SETS = PredictionSets(tuple(1 - coverage for coverage in COVERAGES), 100)
"""At 0.9 a class belongs to the set from a probability of 0.1 on; at 0.6 from 0.4 on."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Four test images of the classes ``label`` and ``path``, which are names of columns too."""
    rows = [
        ("1", "test", "label", "label", 0.95, "false", 0.95, 0.05),
        ("2", "test", "path", "label", 0.95, "false", 0.95, 0.05),
        ("3", "test", "path", "path", 0.7, "false", 0.3, 0.7),
        ("4", "test", "label", "path", 0.55, "true", 0.45, 0.55),
        ("5", "validation", "path", "label", 0.99, "false", 0.99, 0.01),
    ]
    write_csv(tmp_path / "predictions.csv", (*HEADER, "label", "path"), rows=rows)
    (tmp_path / "metrics.json").write_text("{}")
    return tmp_path


def test_classes_named_like_columns_are_read_right(run: Path):
    answers = read_predictions(run).of("test")
    assert answers.class_names == ("label", "path")
    assert answers.paths == ("1", "2", "3", "4")
    assert answers.labels == ("label", "path", "path", "label")
    np.testing.assert_array_equal(answers.probabilities[:, 1], [0.05, 0.05, 0.7, 0.55])


def test_the_promise_is_scored_on_the_test_rows_alone(run: Path):
    score = score_promise(run, SETS, class_names=("label", "path"), coverage=0.9)
    assert score is not None
    # Sets by hand: {label}, {label}, both, both. The true class of 1, 3 and 4 is inside.
    assert (score.examples, score.covered, score.single, score.single_right, score.empty) == (4, 3, 2, 1, 0)
    # At 0.6: {label}, {label}, {path}, both: the same are covered, of three single sets two are right.
    score = score_promise(run, SETS, class_names=("label", "path"), coverage=0.6)
    assert score is not None
    assert (score.covered, score.single, score.single_right) == (3, 3, 2)


def test_without_a_score_beside_the_classifier_there_is_none(run: Path, tmp_path: Path):
    assert score_promise(run, SETS, class_names=("a", "b"), coverage=0.9) is None  # of another classifier
    (run / "metrics.json").unlink()
    assert score_promise(run, SETS, class_names=("label", "path"), coverage=0.9) is None


def test_a_run_without_test_images_has_no_promise_to_show(run: Path):
    write_csv(run / "predictions.csv", (*HEADER, "label", "path"), rows=[])
    assert score_promise(run, SETS, class_names=("label", "path"), coverage=0.9) is None


def test_off_corpus_scores_are_those_of_the_test_rows(run: Path):
    write_csv(run / "off_corpus.csv", ("path", "split", "score"), rows=[("5", "validation", 9.0), ("1", "test", 0.25)])
    assert read_off_corpus(run).tolist() == [0.25]
    write_csv(run / "off_corpus.csv", ("path", "split", "score"), rows=[("5", "validation", 9.0)])
    with pytest.raises(UnusableInput, match="no test images"):
        read_off_corpus(run)
    (run / "off_corpus.csv").write_text("path,split,score\n1,test,x\n")
    with pytest.raises(UnusableInput, match=r"off_corpus\.csv cannot be read"):
        read_off_corpus(run)


def test_a_run_without_off_corpus_scores_says_what_they_need(run: Path, tmp_path: Path):
    for validation, cure in ((49, "Train again, with more images"), (50, "A version before 0.4 made it: train again")):
        parts = ["train"] * 60 + ["validation"] * validation
        write_csv(
            run / "split.csv",
            ("path", "label", "split"),
            rows=[(str(place), "a", part) for place, part in enumerate(parts)],
        )
        needs = f"needs 50 training and 50 validation images, and it has 60 and {validation}. .*{cure}"
        with pytest.raises(UnusableInput, match=needs):
            read_off_corpus(run)
    with pytest.raises(UnusableInput, match="is not a run folder"):
        read_off_corpus(tmp_path.parent)


def test_what_a_run_has_seen_is_unknown_without_fingerprints(run: Path):
    assert read_seen(run) is None
