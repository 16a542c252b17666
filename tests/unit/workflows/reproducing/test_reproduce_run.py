"""A run is repeated into a folder, and compared: the training is scripted, all else is as it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.runs.recorded_runs import METRICS, ROWS, write_corpus, write_results, write_run

from hubel.errors import OutputNotWritable, StoppedByUser
from hubel.files import read_csv, write_csv
from hubel.runs.request import TrainRequest
from hubel.workflows.reproducing.reproduce import reproduce_run
from hubel.workflows.reproducing.reproduce_check import check_repeatable
from hubel.workflows.reproducing.same_result import Reproduction

Change = Callable[[Path], Any]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", write_corpus(tmp_path / "photos"))


class Training:
    """In the place of a training: the result is that of the run, changed."""

    def __init__(self, run: Path, change: Change, *, interrupted: bool = False) -> None:
        self.run, self.change, self.interrupted = run, change, interrupted
        self.asked: list[TrainRequest] = []

    def __call__(self, request: TrainRequest, **_: object) -> SimpleNamespace:
        self.asked.append(request)
        shutil.copytree(self.run, request.out, dirs_exist_ok=True)
        self.change(request.out)
        return SimpleNamespace(fitted=SimpleNamespace(interrupted=self.interrupted), curve_interrupted=False)


@pytest.fixture
def repeat(run: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Reproduction, TrainRequest]]:
    def repeated(change: Change = lambda _: None, *, out: Path | None = None, interrupted: bool = False):
        training = Training(run, change, interrupted=interrupted)
        monkeypatch.setattr("hubel.workflows.reproducing.reproduce.train_classifier", training)
        found = reproduce_run(check_repeatable(run), out=out)
        return found, training.asked[0]

    return repeated


def edit(name: str, **changes: Any) -> Change:
    """A change of a JSON document."""

    def change(folder: Path) -> None:
        document = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**document, **changes}))

    return change


def test_the_same_request_gives_the_same_result_and_leaves_nothing_behind(run: Path, repeat):
    found, request = repeat()
    assert found.result.same
    assert found.differences == ()
    assert found.out is None
    assert not request.out.exists()
    # what is recorded in the run is asked for again, with the words that were typed
    assert (request.epochs, request.image_size, request.seed) == (2, 16, 0)
    assert request.command == ("hubel", "train", "photos", "-o", "runs/old", "--epochs", "2")
    assert request.weights == "none"
    assert request.planned == {"train": {"epochs": 2}}  # what the time decided then is not decided anew
    document = found.to_json()
    assert (document["same"], document["run"], document["out"], document["differences"]) == (True, str(run), None, [])


def test_a_folder_that_was_named_keeps_the_repetition(tmp_path: Path, repeat):
    found, request = repeat(out=tmp_path / "again")
    assert request.out == found.out == tmp_path / "again"
    assert (tmp_path / "again/run.json").is_file()
    assert repr(found).splitlines()[0].endswith(": the same")


@pytest.mark.parametrize("name", ["metrics.json", "classifier"])
def test_a_folder_with_a_run_in_it_is_not_written_to(name: str, run: Path, tmp_path: Path, repeat):
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / name).mkdir()
    with pytest.raises(
        OutputNotWritable, match=f"again already holds a run .{name}.. Choose another folder: out=FOLDER"
    ):
        repeat(out=tmp_path / "again")
    assert [path.name for path in (tmp_path / "again").iterdir()] == [name]


def test_a_training_that_was_stopped_says_nothing_of_the_result(run: Path, repeat):
    with pytest.raises(StoppedByUser) as stopped:
        repeat(interrupted=True)
    assert str(stopped.value) == (
        f"Stopped before it was known whether the result is the same. Start again: hubel.reproduce('{run}')"
    )


def test_other_weights_and_predictions_are_not_the_same(repeat):
    rows = [("a/0.png", "test", "b", 0.4, 0.6), *ROWS[1:]]
    found, _ = repeat(lambda folder: write_results(folder, weights=b"other", rows=rows))
    assert (found.result.same_weights, found.result.another_class, found.result.same) == (False, 1, False)
    assert found.result.largest_difference == pytest.approx(0.4)
    assert repr(found).splitlines()[0].endswith(": not the same")


def test_another_plan_of_the_same_request_is_found(repeat):
    found, _ = repeat(edit("run.json", preprocessing={"height": 32}, recipe={"train": {"epochs": 3}}))
    assert [(each.about, each.text) for each in found.differences] == [
        ("choice", "preprocessing.height: 16 then, 32 now"), ("choice", "recipe.train.epochs: 2 then, 3 now"),
    ]  # fmt: skip


def test_a_clock_that_decided_otherwise_is_found(repeat):
    found, _ = repeat(edit("run.json", clock_decided=[{"steps": 5}]))
    assert [(each.about, each.text) for each in found.differences] == [("clock", "train: 4 steps then, 5 now")]


def test_another_split_is_found(repeat):
    def change(folder: Path) -> None:
        rows = [
            (row["path"], row["label"], "test" if row["path"] == "a/0.png" else row["split"], "")
            for row in read_csv(folder / "split.csv")
        ]
        write_csv(folder / "split.csv", ("path", "label", "split", "group"), rows=rows)

    found, _ = repeat(change)
    assert [each.text for each in found.differences] == [
        "1 image is in another part of the split: a/0.png (train then, test now)"
    ]


def test_files_that_can_or_cannot_be_read_by_now_are_found(run: Path, repeat):
    refused = [("a/broken.png", "refused", "truncated", "")]
    write_csv(run / "intake.csv", ("path", "status", "code", "reason"), rows=refused)

    def change(folder: Path) -> None:
        digests = {row["path"]: row["sha256"] for row in read_csv(folder / "fingerprints.csv")}
        del digests["b/2.png"]
        write_csv(folder / "fingerprints.csv", ("path", "sha256"), rows=[*digests.items(), ("a/broken.png", "0")])

    found, _ = repeat(change)
    assert [(each.about, each.text, each.paths) for each in found.differences] == [
        ("corpus", "refused then, read now: a/broken.png", ("a/broken.png",)),
        ("corpus", "read then, refused now: b/2.png", ("b/2.png",)),
    ]


def test_an_image_that_was_missing_before_is_named_once(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "photos/b/2.png").unlink()

    def change(folder: Path) -> None:
        digests = [(row["path"], row["sha256"]) for row in read_csv(folder / "fingerprints.csv")]
        write_csv(folder / "fingerprints.csv", ("path", "sha256"), rows=digests[:-1])

    monkeypatch.setattr("hubel.workflows.reproducing.reproduce.train_classifier", Training(run, change))
    found = reproduce_run(check_repeatable(run, anyway=True))
    assert [each.text for each in found.differences] == ["1 image is missing: b/2.png"]


def test_scores_without_test_images_are_compared_all_the_same(run: Path, repeat):
    found, _ = repeat(edit("metrics.json", test={"examples": 0}))
    assert found.result.accuracy_then == METRICS["test"]["accuracy"]
    assert found.result.accuracy_now is None
    assert found.result.scores == ("test.accuracy", "test.log_loss", "test.examples")
