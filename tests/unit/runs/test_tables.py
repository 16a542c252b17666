"""Each table of a run folder is read back as it was written, and named where it is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubel.corpus.corpus import Corpus, Found, IntakeRow, make_corpus
from hubel.corpus.formats.arrays_in_memory import ArraySource
from hubel.corpus.split import Leak, Splits
from hubel.errors import UnusableInput
from hubel.evaluation.report import EvaluationReport
from hubel.files import read_csv
from hubel.runs.documents import read_document, write_documents
from hubel.runs.is_run import METRICS
from hubel.runs.tables.dense_baseline import read_baseline, write_baseline
from hubel.runs.tables.fingerprints import read_digests, write_digests
from hubel.runs.tables.history import read_history, write_history
from hubel.runs.tables.intake import read_intake, write_intake
from hubel.runs.tables.leaks import read_leaks, write_leaks
from hubel.runs.tables.learning_curve import read_learning_curve, write_learning_curve
from hubel.runs.tables.off_corpus import read_scores, write_scores
from hubel.runs.tables.seen_before import read_seen_before, write_seen_before
from hubel.runs.tables.split import Placed, read_split, write_split
from hubel.training.history import EpochRow, History

PATHS = ("4.png", "=1.png", "b,\n3.png", "caf\udce9.png")
"""Sorted: a plain one, as a formula begins, with what a CSV is made of, and with a byte that is not UTF-8."""
SPLITS = Splits(train=(0, 2), validation=(), test=(1, 3), leaks=(Leak((0, 3), ("train", "test")),))
REPORTS = {
    "test": EvaluationReport(
        ("a", "b"), np.eye(2), np.eye(2), np.array([0, 1]), 0.0, baseline=np.array([1, 1]),
        off_corpus=np.array([0.1, 1 / 3]),
    )
}  # fmt: skip
"""Of the test split: PATHS[1] and PATHS[3]."""


@pytest.fixture
def corpus() -> Corpus:
    found = [Found(path, "ab"[place // 2], group="g" if place == 1 else None) for place, path in enumerate(PATHS)]
    return make_corpus("photos", "npz", found=found, source=ArraySource((np.zeros((4, 8, 8, 3), np.uint8),)))


def test_the_split_of_each_example(corpus: Corpus, tmp_path: Path):
    write_split(tmp_path, corpus, splits=SPLITS)
    assert read_split(tmp_path) == {
        "4.png": Placed("a", "train", ""), "=1.png": Placed("a", "test", "g"),
        "b,\n3.png": Placed("b", "train", ""), "caf\udce9.png": Placed("b", "test", ""),
    }  # fmt: skip


def test_a_split_of_a_version_without_groups_is_read(tmp_path: Path):
    (tmp_path / "split.csv").write_text("path,label,split\n1.png,a,test\n")
    assert read_split(tmp_path) == {"1.png": Placed("a", "test", "")}


def test_every_file_of_the_intake(corpus: Corpus, tmp_path: Path):
    write_intake(tmp_path, corpus)
    assert read_intake(tmp_path) == tuple(
        IntakeRow(row.path, row.status, row.code, row.reason) for row in corpus.intake
    )
    assert len(corpus.intake) == 4


def test_digests(corpus: Corpus, tmp_path: Path):
    assert read_digests(tmp_path) is None
    write_digests(tmp_path, corpus, digests=["1", "2", "3", "4"])
    assert read_digests(tmp_path) == dict(zip(PATHS, "1234", strict=True))


def test_images_seen_before_and_none(tmp_path: Path):
    write_seen_before(tmp_path, ["x", "y"])
    assert read_seen_before(tmp_path) == {"x", "y"}
    write_seen_before(tmp_path, [])
    assert list(tmp_path.iterdir()) == []
    assert read_seen_before(tmp_path) == set()


def test_leaks_and_none(corpus: Corpus, tmp_path: Path):
    write_leaks(tmp_path, corpus, splits=SPLITS)
    assert read_leaks(tmp_path) == {"4.png": "train", "caf\udce9.png": "test"}
    write_leaks(tmp_path, corpus, splits=Splits(train=(0, 2), validation=(), test=(1, 3)))
    assert read_leaks(tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_history_keeps_every_digit(tmp_path: Path):
    row = EpochRow("train", 1, 7, 1 / 3, None, 0.1, 0.2, 16, 99.5, 1.25, True)
    write_history(tmp_path, [History((row,), "schedule", 1.0)])
    (told,) = read_history(tmp_path)
    assert (told["phase"], int(told["steps"]), float(told["loss"])) == ("train", 7, 1 / 3)
    assert told["validation_accuracy"] == ""


def test_the_dense_baseline_and_the_off_corpus_score_of_each_test_image(corpus: Corpus, tmp_path: Path):
    write_baseline(tmp_path, corpus, splits=SPLITS, reports=REPORTS)
    write_scores(tmp_path, corpus, splits=SPLITS, reports=REPORTS)
    assert read_baseline(tmp_path, "test") == {"=1.png": "b", "caf\udce9.png": "b"}
    assert read_baseline(tmp_path, "validation") == {}
    assert [row["label"] for row in read_csv(tmp_path / "dense_baseline.csv")] == ["a", "b"]
    assert read_scores(tmp_path, "test").tolist() == [0.1, 1 / 3]
    write_baseline(tmp_path, corpus, splits=SPLITS, reports={})
    write_scores(tmp_path, corpus, splits=SPLITS, reports={})
    assert list(tmp_path.iterdir()) == []


def test_the_learning_curve(corpus: Corpus, tmp_path: Path):
    write_learning_curve(tmp_path, corpus, splits=SPLITS, predicted={0.25: np.array([0, 0]), 0.5: np.array([0, 1])})
    assert read_learning_curve(tmp_path) == {
        0.25: {"=1.png": "a", "caf\udce9.png": "a"}, 0.5: {"=1.png": "a", "caf\udce9.png": "b"},
    }  # fmt: skip


def test_the_documents(tmp_path: Path):
    write_documents(tmp_path, run={"seed": 1}, metrics={"loss": 1 / 3})
    assert (read_document(tmp_path), read_document(tmp_path, METRICS)) == ({"seed": 1}, {"loss": 1 / 3})


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("split.csv", read_split), ("intake.csv", read_intake), ("fingerprints.csv", read_digests),
        ("seen_before.csv", read_seen_before), ("leaks.csv", read_leaks), ("history.csv", read_history),
        ("dense_baseline.csv", lambda run: read_baseline(run, "test")),
        ("off_corpus.csv", lambda run: read_scores(run, "test")), ("learning_curve.csv", read_learning_curve),
        ("run.json", read_document),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path: Path, name: str, read: Callable[[Path], Any]):
    (tmp_path / name).write_text("[]\n1,2\n")
    with pytest.raises(UnusableInput, match=f"{name} cannot be read .*Copy the run folder again, or train it again"):
        read(tmp_path)


def test_a_folder_that_is_no_run_is_told_what_one_is(tmp_path: Path):
    with pytest.raises(
        UnusableInput, match=r"is not a run folder: it has no run.json. A run is a folder that hubel.train"
    ):
        read_document(tmp_path)
    with pytest.raises(UnusableInput, match="There is no folder"):
        read_document(tmp_path / "gone")
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UnusableInput, match=f"is the classifier of the run in {tmp_path}. Give that folder."):
        (tmp_path / "classifier").mkdir()
        read_document(tmp_path / "classifier")
