"""What ``metrics.json`` and ``run.json`` say of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hubel.advice.remarks import Advice
from hubel.architectures.layer_table import count_macs
from hubel.corpus.formats.catalogue import BUILT_IN
from hubel.errors.wording import facts_of
from hubel.evaluation.report import INTERVAL_METHOD
from hubel.files import is_there
from hubel.runs.machine import describe_machine
from hubel.runs.run_folder import FORMAT
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.learning_curve import Drawn


@dataclass(frozen=True)
class Documents:
    """The content of ``metrics.json`` and of ``run.json``."""

    metrics: dict[str, Any]
    run: dict[str, Any]


def make_documents(finished: Finished, *, advice: Sequence[Advice], request: Mapping[str, Any]) -> Documents:
    """Both documents of a run that is about to be written.

    Args:
        finished: the run.
        advice: the most harmful first.
        request: what was asked for, of `record_request`.
    """
    last = finished.fitted.histories[-1]
    seconds = {
        "total_s": round(finished.deadline.elapsed(), 3),
        "intake_s": round(finished.so_far.intake_s, 3),
        "training_s": round(finished.training_s, 3),
        "epochs": round(last.epochs, 3),
        "examples_per_s": round(float(np.mean([row.images_per_s for row in last.rows])), 1) if last.rows else 0.0,
    }
    metrics = _metrics(finished)
    metrics |= {"time": seconds, "advice": [each.to_json() for each in advice]}
    return Documents(metrics, {**_run(finished, seconds), "request": dict(request)})


def with_learning_curve(documents: Documents, drawn: Drawn, *, total_s: float) -> Documents:
    """The same with a learning curve, and the time that it took; unchanged where none was drawn.

    Args:
        documents: of the run without it.
        drawn: what became of the curve.
        total_s: seconds of the whole run, the curve included.
    """
    if drawn.curve is None:
        return documents
    curve_s = round(total_s - documents.metrics["time"]["total_s"], 3)
    seconds = {**documents.metrics["time"], "total_s": round(total_s, 3), "learning_curve_s": curve_s}
    return Documents(
        {**documents.metrics, "learning_curve": drawn.curve.to_json(), "time": seconds},
        {**documents.run, "learning_curve": list(drawn.trained), "time": seconds},
    )


def _metrics(finished: Finished) -> dict[str, Any]:
    prepared, fitted, scored = finished.prepared, finished.fitted, finished.scored
    corpus, (height, width) = prepared.corpus, prepared.chosen.preprocessing.size
    metrics: dict[str, Any] = {
        "format": FORMAT,
        "classes": list(corpus.class_names),
        "test": scored.reports["test"].to_json(),
        "validation": scored.reports["validation"].to_json(),
        "train": {"examples": len(scored.train_hits), "accuracy": float(scored.train_hits.mean())},
        "accuracy_interval_method": INTERVAL_METHOD,
        "calibration": {
            "method": "temperature",
            "temperature": scored.classifier.calibration.temperature,
            "fitted_on": len(prepared.splits.validation),
        },
        "intake": corpus.intake_counts,
        "model": {
            "architecture": prepared.chosen.architecture,
            "parameters": fitted.model.count_params(),
            "macs": count_macs(fitted.model),
            "image_size": [height, width, 3],
        },
    }
    if finished.looks is not None:
        metrics["where_it_looks"] = finished.looks.to_json()
    if scored.without_leaks is not None:
        metrics["leakage"] = {
            "test_examples": len(prepared.splits.leaking_test),
            "test_without": scored.without_leaks.to_json(),
        }
    return metrics


def _run(finished: Finished, seconds: Mapping[str, float]) -> dict[str, Any]:
    request, prepared, fitted = finished.request, finished.prepared, finished.fitted
    corpus, choice = prepared.corpus, prepared.chosen
    location = Path(corpus.location)
    on_disk = corpus.location not in BUILT_IN and is_there(location)
    return {
        "format": FORMAT,
        "status": "interrupted" if fitted.interrupted else "done",
        "command": list(request.command),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "corpus": {
            "location": str(location.resolve()) if on_disk else corpus.location,
            "format": corpus.format,
            "fingerprint": prepared.decoded.fingerprint,
            "intake": corpus.intake_counts,
            "notes": [*map(facts_of, corpus.notes), *prepared.splits.notes],
        },
        "corrections": None if request.corrections is None else str(request.corrections.resolve()),
        "seed": request.seed,
        "architecture": fitted.blueprint.to_json(),
        "weights": choice.weights,
        "tried": [row.to_json() for row in choice.tried],
        "decided": None if choice.decided is None else choice.decided.to_json(),
        "preprocessing": choice.preprocessing.to_json(),
        "tta": finished.scored.classifier.tta,
        "answers": None if finished.answers is None else finished.answers.to_json(),
        "recipe": {phase: recipe.to_json() for phase, recipe in fitted.recipes.items()},
        "time_limit_s": fitted.plan.limit_s,
        # What would be different on a faster or slower machine, and how each phase ended.
        "clock_decided": [history.to_json() for history in fitted.histories],
        "same_to_the_bit": _same_to_the_bit(finished),
        "resumed": list(finished.so_far.resumed),
        "time": seconds,
        **describe_machine(),
    }


def _same_to_the_bit(finished: Finished) -> str:
    """Where the same run, in one go or interrupted and resumed, gives the same weights, and where it does not."""
    plan = finished.fitted.plan
    if not all(row["same_hardware"] for row in finished.so_far.resumed):
        return "nowhere: the run was resumed on other hardware"
    if plan.clock_s is not None or plan.limit_s is not None:
        return "nowhere: the clock decided how many steps were taken"
    return "on this machine with these versions; not with another processor, number of cores, or a GPU"
