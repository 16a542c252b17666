"""Pages of runs that never were: made numbers and images, for tests of what is shown."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from hubel.calibration.sets import fit_prediction_sets
from hubel.classifier.answering import softmax
from hubel.evaluation.report import INTERVAL_METHOD, EvaluationReport
from hubel.reports.run_page import RunPage, shown_places
from hubel.reports.sheets import make_sheets
from hubel.training.history import EpochRow


def png(side: int = 2) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, "PNG")
    return buffer.getvalue()


def report_of(names: tuple[str, ...], count: int, *, seed: int = 0) -> EvaluationReport:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(names), count)
    logits = rng.normal(size=(count, len(names))).astype(np.float32)
    logits[np.arange(count), labels] += 2
    probabilities = softmax(logits, temperature=0.7)
    sets = fit_prediction_sets(probabilities, labels)
    baseline = rng.integers(0, len(names), count)
    return EvaluationReport(
        names, probabilities, softmax(logits), labels, 0.6, sets, rng.uniform(0, 1.3, count), baseline
    )


def epoch(number: int) -> EpochRow:
    return EpochRow(
        "train", number, number * 10, 1 / number, 0.8, 1.2 / number, 0.1, 8, 900.0, float(number), best=True
    )


def page_of(names: tuple[str, ...] = ("cat", "dog", "hen"), count: int = 120, **changes: Any) -> RunPage:
    report = report_of(names, count)
    score = report.to_json()
    metrics = {
        "format": 1,
        "classes": list(names),
        "test": score,
        "validation": score,
        "accuracy_interval_method": INTERVAL_METHOD,
        "calibration": {"method": "temperature", "temperature": 0.7, "fitted_on": count},
        "intake": {"found": 500, "read": 498, "refused": 2, "ignored": 0},
        "model": {"architecture": "small-cnn", "parameters": 1234, "macs": 5678, "image_size": [8, 8, 3]},
        "time": {"total_s": 9.0, "intake_s": 1.0, "training_s": 7.0, "epochs": 3, "examples_per_s": 900.0},
    }
    run = {
        "status": "done",
        "command": ["hubel", "train", "my photos", "-o", "run"],
        "finished_at": "2026-11-24T06:00:00+00:00",
        "corpus": {"fingerprint": "abc"},
        "seed": 3,
        "weights": "none",
        "preprocessing": {"height": 8, "width": 8, "resize": "crop"},
        "recipe": {"train": {"epochs": 3, "learning_rate": 0.1}},
        "versions": {"python": "3.11", "keras": "3.15.1"},
        "hardware": {"cores": 2, "machine": "x86_64", "system": "Linux"},
        "backend": "tensorflow",
    }
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)
    shown = shown_places(report, seed=0)
    page = RunPage(
        location="corpora/my photos/",
        made_by="hubel 0.4.0",
        metrics=metrics,
        run=run,
        report=report,
        paths=[f"{names[int(label)]}/{place:04}.jpg" for place, label in enumerate(report.labels)],
        split_counts={split: dict.fromkeys(names, count) for split in ("train", "validation", "test")},
        history=[epoch(1), epoch(2), epoch(3)],
        layers=(),
        shown=shown.tolist(),
        sheets=make_sheets(images, shown.tolist()),
    )
    return replace(page, **changes)
