"""The page of a run: its numbers are those of the metrics, and no name can become more than text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.pages import Parsed

from hubel.classifier.answering import softmax
from hubel.corpus.corpus import IntakeRow
from hubel.evaluation.conformal import fit_prediction_sets
from hubel.evaluation.learning_curve import make_learning_curve
from hubel.evaluation.report import INTERVAL_METHOD, EvaluationReport
from hubel.reports.run_page import MATRIX_CLASSES, Mistake, RunPage, Stranger, render_run_page, shown_places
from hubel.reports.sheets import MOST, make_sheets
from hubel.text import one_line
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


def parsed(page: RunPage) -> Parsed:
    return Parsed(render_run_page(page))


def examples(page: Parsed) -> dict[str, Any]:
    return json.loads(page.scripts[0])


def test_the_headline_is_the_score_and_what_it_has_to_beat():
    page = page_of()
    test, text = page.metrics["test"], parsed(page).text("headline")
    low, high = test["accuracy_interval"]
    assert f"{100 * test['accuracy']:.1f} % of the test images are named rightly" in text
    assert f"between {100 * low:.1f} and {100 * high:.1f} %" in text
    assert f"a small dense network {test['dense_baseline']:.3f}" in text
    assert f"always the largest class {test['majority_baseline']:.3f}" in text
    assert "on the same images: better" in text


def test_every_score_of_the_metrics_is_on_the_page():
    page = page_of()
    shown = parsed(page)
    test = page.metrics["test"]
    for key in ("accuracy", "balanced_accuracy", "macro_f1", "macro_roc_auc", "log_loss", "ece"):
        assert f"{test[key]:.3f}" in shown.text("scores")
    for name, score in test["per_class"].items():
        row = f"{name} {score['precision']:.2f} {score['recall']:.2f}"
        assert row in shown.text("classes")
    assert f"is {test['ece']:.3f} on the test images, {test['ece_uncalibrated']:.3f} before" in shown.text(
        "calibration"
    )
    assert f"about {test['ece_of_chance']:.3f}" in shown.text("calibration")
    for promise, score in test["prediction_sets"].items():
        assert f"{100 * float(promise):.0f} % {100 * score['coverage']:.1f} %" in shown.text("abstention")
    assert f"{100 * test['off_corpus']['flagged']:.1f} % of the test images are flagged" in shown.text("abstention")


def test_the_matrix_holds_the_counts_and_the_script_the_images_of_each_cell():
    page = page_of()
    shown = parsed(page)
    buttons = {
        (int(each["data-true"] or 0), int(each["data-named"] or 0)): each
        for each in shown.all("button")
        if "data-true" in each
    }
    assert len(buttons) == 9
    confusion = page.report.confusion
    for (true, named), button in buttons.items():
        assert str(button["aria-label"]).endswith(f": {confusion[true, named]}")
        assert ("disabled" in button) == (confusion[true, named] == 0)
    rows = examples(shown)["rows"]
    assert len(rows) == 120
    for place, (path, label, named, confidence) in enumerate(rows):
        assert path == page.paths[place]
        assert label == page.report.labels[place]
        assert named == page.report.predicted[place]
        assert confidence == pytest.approx(page.report.probabilities[place].max(), abs=6e-4)


def test_many_classes_are_listed_by_their_confusions():
    names = tuple(f"class {number}" for number in range(MATRIX_CLASSES + 1))
    page = page_of(names, 400)
    shown = parsed(page)
    true, named, count, support = page.report.confusions(1)[0]
    assert f"{true} taken for {named}: {count} of {support}" in shown.text("confusion")
    assert "choose-true" in [each.get("id") for each in shown.all("select")]
    assert all(name in shown.text("classes") for name in names)


def test_every_mistake_is_shown_before_any_right_answer_where_there_is_no_room_for_all():
    report = report_of(("a", "b"), MOST + 5000)
    places = shown_places(report, seed=0)
    assert len(places) == MOST
    assert set(np.flatnonzero(~report.hits)) <= set(places)
    assert len(set(places)) == MOST
    np.testing.assert_array_equal(places, shown_places(report, seed=0))


def test_mistakes_strangers_and_class_pictures_are_shown_with_their_names():
    mistake = Mistake("cat/x.jpg", "cat", "dog", 0.97, 0.01, png(), png(3))
    stranger = Stranger("hen/y.jpg", "hen", 2.5, png(4))
    shown = parsed(
        page_of(
            mistakes=[mistake], strangers=[stranger], class_pictures={"dog": [png(5)]}, contact=png(6), contact_rows=4
        )
    )
    assert "labelled cat 0.01, taken for dog 0.97 cat/x.jpg" in shown.text("mistakes")
    assert "hen 2.50 hen/y.jpg" in shown.text("abstention")
    assert [image["alt"] for image in shown.all("img")] == [
        "Picture cat/x.jpg", "What spoke for dog", "Picture hen/y.jpg", "A picture of dog", "Training images as the network sees them",
    ]  # fmt: skip
    assert "in its first 3 epochs" in shown.text("corpus")


def test_advice_stands_above_the_scores_with_its_command():
    advice = [
        {
            "rule": "leak",
            "severity": "harmful",
            "text": "It leaks.",
            "evidence": "3 of 9",
            "command": "hubel audit 'my photos'",
        }
    ]
    page = page_of()
    text = parsed(replace(page, metrics={**page.metrics, "advice": advice})).text()
    assert text.index("It leaks. 3 of 9 hubel audit 'my photos'") < text.index("Scores")


def test_a_leak_is_said_in_the_headline_with_the_score_without_it():
    page = page_of()
    leakage = {"test_examples": 7, "test_without": {"examples": 113, "accuracy": 0.5, "accuracy_interval": [0.4, 0.6]}}
    text = parsed(replace(page, metrics={**page.metrics, "leakage": leakage})).text("headline")
    assert "7 test images have a copy" in text
    assert "Without them the accuracy is 0.500 (0.400 to 0.600, 113 images). Believe that one." in text


def test_what_is_undefined_is_said_to_be():
    page = page_of()
    test = {**page.metrics["test"], "macro_roc_auc": None}
    test["per_class"] = {**test["per_class"], "cat": {"precision": None, "recall": None, "f1": None, "support": 0}}
    shown = parsed(replace(page, metrics={**page.metrics, "test": test}))
    assert "cat undefined undefined undefined 0" in shown.text("classes")
    assert "undefined" in shown.text("scores")


def test_a_run_without_test_images_has_a_page_that_says_so():
    page = page_of()
    empty = report_of(("cat", "dog", "hen"), 1).take(np.zeros(1, bool))
    metrics = {**page.metrics, "test": {"examples": 0}, "validation": {"examples": 0}}
    shown = parsed(
        replace(
            page,
            report=empty,
            metrics=metrics,
            paths=(),
            shown=(),
            sheets=make_sheets(np.zeros((0, 8, 8, 3), np.uint8), []),
        )
    )
    assert "There is no score" in shown.text("headline")
    assert "confusion" not in shown.texts
    assert "3 × 8" not in shown.text("network")


def test_a_learning_curve_is_drawn_where_there_is_one():
    wrong = np.zeros((3, 120), bool)
    for row, mistakes in enumerate((48, 36, 24)):
        wrong[row, :mistakes] = True
    curve = make_learning_curve([0.25, 0.5, 1.0], [100, 200, 400], wrong, seed=0)
    shown = parsed(page_of(curve=curve))
    low, high = curve.forecast.interval
    sentence = f"Twice the pictures (800) would bring about {curve.forecast.accuracy:.3f} ({low:.3f} to {high:.3f})."
    assert sentence in shown.text("scores")
    assert "it does not cover" in shown.text("scores")
    assert "Would more pictures help?" not in parsed(page_of()).text()


def test_refused_files_are_named_with_the_reason():
    refused = [IntakeRow("cat/a.jpg", "refused", "empty", "the file has no bytes: copy it again")]
    assert "cat/a.jpg" in parsed(page_of(refused=refused)).text("corpus")


def test_the_command_is_shown_as_it_is_typed():
    assert "hubel train 'my photos' -o run" in parsed(page_of()).text("reproduce")


SCRIPT = "<script>document.title='x'</script>"
IMAGE = "<img src=x onerror=alert(1)>"


def test_no_name_becomes_markup():
    names = (SCRIPT, IMAGE, "{{ 7*7 }}", "__proto__", "\u202egpj")
    page = page_of(names, 60, notes=[SCRIPT], refused=[IntakeRow(IMAGE, "refused", IMAGE, SCRIPT)], location=SCRIPT)
    mistakes = [Mistake(IMAGE, SCRIPT, IMAGE, 0.9, 0.1, png(), png())]
    shown = parsed(replace(page, mistakes=mistakes, strangers=[Stranger(IMAGE, SCRIPT, 2.0, png())]))
    assert len(shown.all("script")) == 2  # the data and our own
    assert not [image for image in shown.all("img") if "onerror" in image]
    assert examples(shown)["classes"] == [one_line(name) for name in names]
    assert SCRIPT in shown.text("mistakes")
    assert "49" not in shown.text("classes")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5, unique=True))
def test_any_names_give_a_page_in_which_every_element_is_closed(names: list[str]):
    shown = parsed(page_of(tuple(names), 30))
    assert len(shown.all("script")) == 2
    shown.text().encode()


def test_the_page_may_run_its_own_script_only_and_load_nothing():
    text = render_run_page(page_of())
    shown = Parsed(text)
    (policy,) = [
        str(each["content"]) for each in shown.all("meta") if each.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = base64.b64encode(hashlib.sha256(shown.scripts[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", text)
    assert not re.findall(r"url\((?!\"data:)", text)
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in shown.elements:
        assert str(attributes.get("href", "#scores"))[1:] in ids
