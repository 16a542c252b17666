"""Runs that never took place: the evidence of a healthy one, and what makes each bad."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from hubel.advice.evidence import Evidence, Phase, Suspect
from hubel.errors.wording import Command, Option
from hubel.evaluation.covered import WhereItLooks
from hubel.evaluation.proportions import Share
from hubel.evaluation.report import EvaluationReport

CLASSES = ("a", "b", "c")
FLAT = tuple(0.3 + 0.7**epoch for epoch in range(40))
"""Validation log losses that have settled long before the end."""


def trained(corpus: str, **options: Any) -> Command:
    """The command of a training."""
    return Command("train", (corpus,), tuple(Option(name, value) for name, value in options.items()))


COMMAND = trained("my photos", out="run", time_limit="60s", overwrite=True)


def score(confusion: Any, *, confidence: float | None = None, dense: float = 0.6) -> dict[str, Any]:
    """The object of ``metrics.json`` for a confusion matrix [true, predicted].

    Args:
        confusion: counts.
        confidence: of every image; as the accuracy by default, so that it is calibrated.
        dense: share that a dense network names rightly.
    """
    confusion = np.asarray(confusion)
    classes = len(confusion)
    labels = np.repeat(np.arange(classes), confusion.sum(axis=1))
    predicted = np.concatenate([np.repeat(np.arange(classes), row) for row in confusion])
    sure = confidence or float(np.clip(np.mean(labels == predicted), 0.4, 0.999))
    probabilities = np.full((len(labels), classes), (1 - sure) / (classes - 1))
    probabilities[np.arange(len(labels)), predicted] = sure
    right = np.arange(len(labels)) % 100 < 100 * dense
    baseline = np.where(right, labels, (labels + 1) % classes)
    return EvaluationReport(CLASSES[:classes], probabilities, probabilities, labels, 0.0, baseline=baseline).to_json()


def named(confusion: Any) -> dict[str, int]:
    """Images that got each class."""
    return {name: int(count) for name, count in zip(CLASSES, np.sum(confusion, axis=0), strict=False)}


def even(each: int, hits: int) -> list[list[int]]:
    """Three classes of so many images, so many of each named rightly, the others spread over the other two."""
    wrong = each - hits
    rows = [[hits, wrong // 2, wrong - wrong // 2] for _ in CLASSES]
    return [[*row[-place:], *row[:-place]] if place else row for place, row in enumerate(rows)]


def phase(**changes: Any) -> Phase:
    """A training from scratch that ran to its end."""
    rates = tuple(0.2 * (1 - epoch / 40) for epoch in range(1, 41))
    return replace(Phase("train", FLAT, rates, 0.2, "schedule", 40.0, 40, 0.5), **changes)


def on_test(confusion: Any, **more: Any) -> dict[str, Any]:
    """Changes that a confusion matrix of the test makes."""
    return {"test": score(confusion, **more), "named": named(confusion)}


def healthy(**changes: Any) -> Evidence:
    """A run with which nothing is the matter, changed."""
    return replace(_good(), **changes)


@cache
def _good() -> Evidence:
    return Evidence(
        **on_test(even(100, 93)),
        validation=score(even(50, 47)),
        train=Share(970, 1000),
        phases=(phase(),),
        time_limit_s=60.0,
        class_counts=dict.fromkeys(CLASSES, 500),
        train_counts=dict.fromkeys(CLASSES, 350),
        test_given=False,
        architecture="small-cnn",
        architecture_word="small-cnn",
        pretrained=False,
        parameters=100_000,
        image_side=32,
        leaking_test=0,
        without_leaks=None,
        suspects=(),
        location="my photos",
        corrections="",
        seed=0,
        run_path="run",
        command=COMMAND,
    )


def suspects(count: int) -> tuple[Suspect, ...]:
    """So many doubted labels."""
    return tuple(Suspect(f"a/{number}.jpg", "a", "b", 0.4) for number in range(count))


def looks(around: int, middle: int) -> dict[str, Any]:
    """Of a hundred images, so many named rightly with the middle covered, and so many others with the middle alone."""
    place = np.arange(100)
    return WhereItLooks(place < 93, place < around, place >= 100 - middle, (0.5, 0.6), 0.44).to_json()


NO_TEST = {"test": {"examples": 0}, "named": {}, "leaking_test": 0, "without_leaks": None}
FALLING = tuple(1.0 * 0.9**epoch for epoch in range(40))
POOR = {**on_test(even(100, 70)), "validation": score(even(50, 35))}
HEART = {**POOR, "train": Share(1000, 1000)}
SHORT = phase(validation_log_loss=(1.0, 0.7, 0.5), done=3.0, planned=3)
CLOCK = phase(validation_log_loss=FLAT[:10], done=10.0)
SMALL_C = {"class_counts": {"a": 500, "b": 500, "c": 60}, "train_counts": {"a": 350, "b": 350, "c": 42}}
HEAD_ALONE = {
    "pretrained": True,
    "image_side": 224,
    "architecture": "mobilenet",
    "architecture_word": "mobilenet",
    "phases": (phase(name="head", patience=1.0),),
}

BAD: dict[str, dict[str, Any]] = {
    "leak": {"leaking_test": 40, "without_leaks": score(even(86, 70)), "test_given": True},
    "collapse": on_test([[98, 1, 1], [97, 2, 1], [98, 1, 1]]),
    "no-better-than-majority": {**on_test(even(100, 34), dense=0.3), "validation": score(even(50, 17))},
    "interrupted": {"phases": (phase(ended_by="user", done=7.0, validation_log_loss=FLAT[:7]),)},
    "cut-short": {"phases": (CLOCK,)},
    "stopped-too-early": {"phases": (SHORT,), "time_limit_s": None},
    "no-better-than-dense": on_test(even(100, 93), dense=0.93),
    "network-too-large": {**HEART, "parameters": 1_000_000},
    "overfitting": {**HEART, "image_side": 96},
    "network-too-small": {**POOR, "train": Share(720, 1000), "architecture": "lenet5", "parameters": 2_000},
    "underfitting": {**POOR, "train": Share(720, 1000)},
    "suspicious-labels": {"suspects": suspects(20)},
    "surroundings": {"looks": looks(75, 25)},
    "few-images": {"class_counts": {"a": 500, "b": 7, "c": 12}, "train_counts": {"a": 350, "b": 5, "c": 9}},
    "unequal-classes": {**on_test([[95, 5, 0], [5, 95, 0], [6, 1, 5]]), **SMALL_C},
    "stopped-by-patience": {
        "phases": (phase(ended_by="patience", validation_log_loss=(0.9, 0.4, *[0.6] * 20), done=22.0),)
    },
    "time-to-spare": {
        "phases": (phase(ended_by="patience", validation_log_loss=(*FLAT[:25], *[0.6] * 10), done=35.0),)
    },
    "unlucky-split": on_test(even(100, 80)),
    "poor-calibration": on_test(even(100, 93), confidence=0.6),
    "test-too-small": {**on_test(even(10, 9)), "validation": score(even(10, 9))},
    "head-alone": {**HEAD_ALONE, "time_limit_s": None},
}
"""rule → what makes it speak."""

BORDERLINE: dict[str, dict[str, Any]] = {
    "leak": {"test_given": True},
    "collapse": on_test([[98, 1, 1], [75, 24, 1], [80, 1, 19]]),
    "no-better-than-majority": {**on_test(even(100, 42), dense=0.3), "validation": score(even(50, 21))},
    "interrupted": {"phases": (phase(done=39.9),)},
    "cut-short": {"phases": (replace(CLOCK, done=33.0),)},
    "stopped-too-early": {"phases": (replace(SHORT, validation_log_loss=(1.0, 0.52, 0.5)),), "time_limit_s": None},
    "no-better-than-dense": on_test(even(100, 93), dense=0.85),
    "network-too-large": {"parameters": 100_000_000},  # by size alone nothing is wrong
    "overfitting": {"train": Share(1000, 1000)},
    "network-too-small": {"architecture": "lenet5", "parameters": 100},
    "underfitting": {**POOR, "train": Share(840, 1000)},
    "suspicious-labels": {"suspects": suspects(5)},
    "surroundings": {"looks": looks(55, 45)},
    "few-images": {"class_counts": {"a": 500, "b": 30, "c": 500}},
    "unequal-classes": {**on_test([[95, 5, 0], [5, 95, 0], [1, 1, 10]]), **SMALL_C},
    "stopped-by-patience": {
        "phases": (phase(ended_by="patience", validation_log_loss=(*[0.6] * 21, 0.4, *[0.6] * 15), done=37.0),)
    },
    "time-to-spare": {  # nobody set the time
        "phases": (phase(ended_by="patience", validation_log_loss=(*FLAT[:25], *[0.6] * 10), done=35.0),),
        "command": trained("my photos", out="run"),
    },
    "unlucky-split": on_test(even(100, 88)),
    "poor-calibration": on_test(even(100, 93), confidence=0.89),
    "test-too-small": {**on_test(even(40, 37)), "validation": score(even(40, 37))},
    "head-alone": HEAD_ALONE,  # the time was given
}
"""rule → what does not yet make it speak."""
