"""What ``metrics.json`` and ``run.json`` say of a run."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hubel.architectures.catalogue import find_architecture, make_blueprint
from hubel.corpus.split import Splits
from hubel.evaluation.learning_curve import make_learning_curve
from hubel.evaluation.report import EvaluationReport
from hubel.images.preprocessing import Preprocessing
from hubel.runs.request import TrainRequest
from hubel.training.history import EpochRow, History
from hubel.training.plan import Afterwards, Costs, FitPlan
from hubel.training.recipe import Recipe
from hubel.workflows.training import run_documents
from hubel.workflows.training.checkpointing import SoFar
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.fitting import Fitted
from hubel.workflows.training.learning_curve import Drawn
from hubel.workflows.training.run_documents import Documents, make_documents, with_learning_curve

ROWS = tuple(
    EpochRow("train", epoch, 8 * epoch, 0.5, 0.75, 0.5, 1e-3, 16, 100.0 * epoch, 2.0 * epoch, best=True)
    for epoch in (1, 2)
)
PLAN = FitPlan((Recipe(epochs=2),), Costs(100.0, 1.0, 0.1, 1.0), Afterwards(1.0, 10, 1))
SO_FAR = SoFar(0.0, 2.5, {})


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> Finished:
    """A run of two classes and four test images; the network itself is never asked."""
    monkeypatch.setattr(run_documents, "count_macs", lambda model: 5000)
    monkeypatch.setattr(time, "monotonic", lambda: 40.0)
    report = EvaluationReport(("a", "b"), np.eye(2)[[0, 1, 0, 1]], np.eye(2)[[0, 1, 0, 1]], np.array([0, 1, 1, 1]), 0.0)
    corpus = SimpleNamespace(
        class_names=("a", "b"), location="photos-that-are-gone", format="folders", notes=(), intake_counts={"read": 12}
    )
    choice = Choice(find_architecture("small-cnn"), "none", Preprocessing(16, 16), chosen_for_user=True)
    splits = Splits(tuple(range(6)), (6, 7), (8, 9, 10, 11), notes=("a note",))
    prepared = SimpleNamespace(
        corpus=corpus, chosen=choice, splits=splits, decoded=SimpleNamespace(fingerprint="f" * 64)
    )
    model = SimpleNamespace(count_params=lambda: 123)
    fitted = Fitted(
        cast("Any", model), make_blueprint(choice.entry, (16, 16), classes=2), PLAN, (History(ROWS, "schedule", 2.0),)
    )
    scored = SimpleNamespace(
        reports={"test": report, "validation": report},
        classifier=SimpleNamespace(calibration=SimpleNamespace(temperature=1.5), tta="mirror"),
        without_leaks=None,
        train_hits=np.array([True, True, False, True]),
    )
    request = TrainRequest("photos", Path("run"), seed=3, command=("hubel", "train", "photos"))
    return Finished(request, cast("Any", prepared), fitted, cast("Any", scored), SO_FAR, 30.0)


def documents(finished: Finished) -> Documents:
    return make_documents(finished, advice=(), request={"epochs": 2})


def test_the_scores_and_the_network_are_in_the_metrics(finished: Finished):
    metrics = json.loads(json.dumps(documents(finished).metrics))
    assert metrics["test"]["accuracy"] == 0.75
    assert metrics["train"] == {"examples": 4, "accuracy": 0.75}
    assert metrics["calibration"] == {"method": "temperature", "temperature": 1.5, "fitted_on": 2}
    assert metrics["model"] == {
        "architecture": "small-cnn", "parameters": 123, "macs": 5000, "image_size": [16, 16, 3],
    }  # fmt: skip
    assert metrics["time"] == {
        "total_s": 40.0, "intake_s": 2.5, "training_s": 30.0, "epochs": 2.0, "examples_per_s": 150.0,
    }  # fmt: skip
    assert "leakage" not in metrics


def test_a_score_without_leaks_is_there_where_copies_lie_in_two_parts(finished: Finished):
    without = finished.scored.reports["test"].take(np.array([True, False, True, True]))
    scored = SimpleNamespace(**{**vars(finished.scored), "without_leaks": without})
    leakage = documents(replace(finished, scored=cast("Any", scored))).metrics["leakage"]
    assert leakage["test_without"]["examples"] == 3


def test_how_it_came_about_is_in_the_run(finished: Finished):
    run = json.loads(json.dumps(documents(finished).run))
    assert run["status"] == "done"
    assert run["command"] == ["hubel", "train", "photos"]
    assert run["request"] == {"epochs": 2}
    assert run["corpus"]["location"] == "photos-that-are-gone"
    assert run["corpus"]["notes"] == ["a note"]
    assert run["recipe"] == {"train": json.loads(json.dumps(PLAN.recipes[0].to_json()))}
    assert run["clock_decided"][0]["steps"] == 16
    assert (run["resumed"], run["time_limit_s"], run["seed"]) == ([], None, 3)
    assert run["tta"] == "mirror"


def test_it_says_where_the_same_run_gives_the_same_weights(finished: Finished):
    def said(plan: FitPlan = PLAN, so_far: SoFar = SO_FAR) -> str:
        changed = replace(finished, fitted=replace(finished.fitted, plan=plan), so_far=so_far)
        return documents(changed).run["same_to_the_bit"]

    assert said().startswith("on this machine")
    assert said(replace(PLAN, limit_s=60.0)) == "nowhere: the clock decided how many steps were taken"
    assert said(replace(PLAN, clock_s=20.0)) == "nowhere: the clock decided how many steps were taken"
    assert said(so_far=replace(SO_FAR, resumed=({"same_hardware": True},))).startswith("on this machine")
    elsewhere = replace(SO_FAR, resumed=({"same_hardware": True}, {"same_hardware": False}))
    assert said(so_far=elsewhere) == "nowhere: the run was resumed on other hardware"


def test_a_run_that_was_stopped_is_interrupted(finished: Finished):
    stopped = replace(finished.fitted, histories=(History(ROWS, "user", 1.5),))
    assert documents(replace(finished, fitted=stopped)).run["status"] == "interrupted"


def test_a_learning_curve_joins_both_with_the_time_it_took(finished: Finished):
    before = documents(finished)
    assert with_learning_curve(before, Drawn(), total_s=99.0) is before
    wrong = np.arange(3)[:, None] + np.arange(20) < 3
    curve = make_learning_curve([0.25, 0.5, 1.0], [10, 20, 40], wrong=wrong, seed=0)
    after = with_learning_curve(before, Drawn(curve, {}, ({"share": 0.25},)), total_s=55.0)
    assert after.metrics["learning_curve"] == curve.to_json()
    assert after.run["learning_curve"] == [{"share": 0.25}]
    assert after.metrics["time"] == after.run["time"] == {**before.run["time"], "total_s": 55.0, "learning_curve_s": 15}
