"""The page of a run: its numbers are those of the metrics, and no name can become more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pages import Parsed
from tests.unit.reports.run_pages import epoch, page_of, png, report_of

from hubel.corpus.corpus import IntakeRow
from hubel.evaluation.covered import WhereItLooks
from hubel.evaluation.learning_curve import make_learning_curve
from hubel.evaluation.report import EvaluationReport
from hubel.reports.html import asset
from hubel.reports.run_page import (
    MATRIX_CLASSES,
    Mistake,
    RunPage,
    Stranger,
    render_run_page,
    shown_places,
)
from hubel.reports.sheets import MOST, make_sheets
from hubel.text import one_line


def parsed(page: RunPage) -> Parsed:
    return Parsed(render_run_page(page))


def examples(page: Parsed) -> dict[str, Any]:
    return json.loads(page.scripts[0])


def test_the_headline_is_the_score_and_what_it_has_to_beat():
    page = page_of()
    test, text = page.metrics["test"], parsed(page).text("headline")
    low, high = test["accuracy_interval"]
    assert f"{100 * test['accuracy']:.1f} % of the test images are classified correctly" in text
    assert f"between {100 * low:.1f} and {100 * high:.1f} %" in text
    assert f"a small dense network {test['dense_baseline']:.3f}" in text
    assert f"always the largest class {test['majority_baseline']:.3f}" in text
    assert f"It does better than a plain dense network ({test['dense_baseline']:.3f}) on the same images" in text
    assert test["suitability"]["sentence"] in text


def scored(page: RunPage, report: EvaluationReport) -> RunPage:
    """The page of another score of the same images."""
    return replace(page, report=report, metrics={**page.metrics, "test": report.to_json()})


def test_a_dense_network_that_does_better_is_said_to():
    page = page_of()
    worse = replace(
        page.report, baseline=page.report.labels, probabilities=np.roll(page.report.probabilities, 1, axis=1)
    )
    assert "A plain dense network does better (1.000) on the same images" in parsed(scored(page, worse)).text(
        "headline"
    )
    alike = replace(page.report, baseline=page.report.predicted)
    shown = parsed(scored(page, alike)).text("headline")
    assert f"These images do not show whether it is better than a plain dense network ({alike.accuracy:.3f})" in shown


def test_of_a_useless_classifier_no_threshold_is_shown():
    page = page_of()
    assert "Below a confidence of 0.60 it abstains." in parsed(page).text("abstention")
    useless = parsed(scored(page, replace(page.report, labels=np.roll(page.report.labels, 1))))
    assert "Not usable as it is: it has not been shown to be better than" in useless.text("headline")
    assert "Below a confidence" not in useless.text("abstention")
    assert "abstaining does not make its other answers useful" in useless.text("abstention")


def test_one_of_a_kind_is_not_called_many():
    # One test image, one refused file, one copy, one leak, one epoch, one core.
    page = page_of(("cat", "dog"), 1)
    one = {
        **page.metrics,
        "intake": {"found": 1, "read": 1, "refused": 0, "ignored": 0},
        "leakage": {"test_examples": 1, "test_without": page.metrics["test"] | {"accuracy_interval": [0.2, 1.0]}},
        "train": {"examples": 1, "accuracy": 1.0},
        "time": {**page.metrics["time"], "epochs": 1},
    }
    run = {
        **page.run,
        "hardware": {"cores": 1, "machine": "x86_64", "system": "Linux"},
        "recipe": {"train": {"epochs": 1}},
    }
    refused = [IntakeRow("cat/a.jpg", "refused", "empty", "the file has no bytes: copy it again")]
    page = replace(
        page, metrics=one, run=run, refused=refused, copies=1, history=[epoch(1)], contact=png(), contact_rows=2
    )
    text = parsed(page).text()
    for words in (
        "1 file found",
        "1 test image has a copy",
        "1 image that is a copy",
        "in the first epoch.",
        "1 core,",
    ):
        assert words in text
    assert not re.findall(r"(?<![\w.,])1 (?!has\b|is\b|was\b|pass\b)\w+s\b", text)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_pair_of_colours_can_be_read(dark: bool):
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for what is drawn."""
    colours: dict[str, str] = {}
    for name, value in re.findall(r"--([\w-]+): (#\w{6});", asset("base.css", "report.css")):
        colours.setdefault(name, value) if not dark else colours.update({name: value})
    for paper in ("paper", "card", "well"):
        for ink in ("ink", "muted", "accent", "warn"):
            assert contrast(rgb(colours[ink]), rgb(colours[paper])) >= 4.5, (ink, paper)
        assert contrast(rgb(colours["second"]), rgb(colours[paper])) >= 3
    # cells of the matrix: the colour's part of a cell that holds a share of its row, as the style sheet has it
    parts = re.findall(
        r"\.cell\.(right|wrong)(\[data-strong\])? \{[^}]*var\(--(\w+)\) calc\((?:(\d+)% \+ )?([\d.]+) \*",
        asset("report.css"),
    )
    assert len(parts) == 4
    for kind, strong, colour, least, slope in parts:
        ink = colours[{"right": "on-accent", "wrong": "on-warn"}[kind] if strong else "ink"]
        for share in np.linspace(0.5, 1, 51) if strong else np.linspace(0, 0.5, 51):
            part = float(least or 0) / 100 + float(slope) * share
            mixed = part * rgb(colours[colour]) + (1 - part) * rgb(colours["card"])
            assert contrast(rgb(ink), mixed) >= 4.5, (kind, share)


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)], np.float64)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """WCAG's contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: np.ndarray) -> float:
    part = colour / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


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
    assert f"{true} mistaken for {named}: {count} of {support}" in shown.text("confusion")
    assert "choose-true" in [each.get("id") for each in shown.all("select")]
    assert all(name in shown.text("classes") for name in names)


def test_every_mistake_is_shown_before_any_right_answer_where_there_is_no_room_for_all():
    report = report_of(("a", "b"), MOST + 5000)
    places = shown_places(report, seed=0)
    assert len(places) == MOST
    assert set(np.flatnonzero(~report.hits)) <= set(places)
    assert len(set(places)) == MOST
    np.testing.assert_array_equal(places, shown_places(report, seed=0))


def test_mistakes_strangers_and_class_images_are_shown_with_their_names():
    mistake = Mistake("cat/x.jpg", "cat", "dog", 0.97, 0.01, png(), png(3))
    stranger = Stranger("hen/y.jpg", "hen", 2.5, png(4))
    shown = parsed(
        page_of(
            mistakes=[mistake], strangers=[stranger], class_images={"dog": [png(5)]}, contact=png(6), contact_rows=4
        )
    )
    assert "labelled cat (0.01), mistaken for dog (0.97) cat/x.jpg" in shown.text("mistakes")
    assert "hen score 2.50 hen/y.jpg" in shown.text("abstention")
    assert [image["alt"] for image in shown.all("img")] == [
        "Image cat/x.jpg", "What spoke for dog in cat/x.jpg", "Image hen/y.jpg", "An image of dog", "Training images as the network sees them",
    ]  # fmt: skip
    assert "in the first 3 epochs" in shown.text("corpus")


def test_a_mistake_that_was_not_covered_for_want_of_time_is_shown_as_it_is():
    shown = parsed(page_of(mistakes=[Mistake("cat/x.jpg", "cat", "dog", 0.97, 0.01, png(), b"")]))
    assert [image["alt"] for image in shown.all("img")] == ["Image cat/x.jpg"]


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
    assert "Without them the accuracy is 0.500 (0.400 to 0.600, 113 images). Trust that one." in text


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
    curve = make_learning_curve([0.25, 0.5, 1.0], [100, 200, 400], wrong=wrong, seed=0)
    shown = parsed(page_of(curve=curve))
    low, high = curve.forecast.interval
    sentence = f"Twice the images (800) would give about {curve.forecast.accuracy:.3f} ({low:.3f} to {high:.3f})."
    assert sentence in shown.text("scores")
    assert "it does not account for" in shown.text("scores")
    assert "Would more images help?" not in parsed(page_of()).text()


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


def test_a_width_that_the_time_decided_is_shown():
    page = page_of()
    decided = {"architecture": "residual", "weights": "none", "alpha": 1.5, "image_size": None}
    text = parsed(replace(page, run={**page.run, "decided": decided})).text("training")
    assert "The network has 1.5 times its usual width (--alpha 1.5): it is as wide as the time allowed." in text
    for other in (page.run, {**page.run, "decided": None}, {**page.run, "decided": {**decided, "alpha": None}}):
        assert "usual width" not in parsed(replace(page, run=other)).text("training")


def test_what_was_tried_is_shown_with_what_it_reached():
    rows = [
        {"architecture": "mobilenet", "weights": "imagenet", "image_size": [128, 128], "training": "head",
         "seconds": 7.4, "accuracy": 0.767, "log_loss": 0.649, "goes_on": False},
        {"architecture": "residual", "weights": "none", "image_size": [4, 4], "training": "train",
         "seconds": 22.6, "accuracy": 0.981, "log_loss": 0.064, "goes_on": True},
    ]  # fmt: skip
    page = page_of()
    text = parsed(replace(page, run={**page.run, "tried": rows})).text("training")
    assert "2 networks were tried" in text
    for words in ("mobilenet, 128 × 128 pixels", "a head on frozen features", "0.767", "0.649", "23", "0.064"):
        assert words in text
    assert text.count("trained on, at 8 × 8 pixels") == 1
    for other in (page.run, {**page.run, "tried": []}):  # a run of an earlier version, and one without a race
        assert "tried" not in parsed(replace(page, run=other)).text("training")


def test_where_it_looks_is_shown_where_it_was_measured():
    place = np.arange(100)
    looks = WhereItLooks(place < 93, place < 60, place >= 70, (0.5, 0.6), 0.44).to_json()
    page = page_of()
    assert "Where it looks" not in render_run_page(page)
    shown = " ".join(render_run_page(replace(page, metrics={**page.metrics, "where_it_looks": looks})).split())
    assert "What is around the middle tells it more than the middle does" in shown
    assert "55&nbsp;% lies in the border (0 to 100&nbsp;%), which is 44&nbsp;% of the image." in shown
    assert "100 test images, evenly spread" in shown


def test_answers_with_the_mirror_image_are_said_and_what_spoke_for_them():
    page = page_of()
    seen = {"images": 5000, "plain": 0.512, "mirrored": 0.485, "standard_error": 0.003}
    chosen, asked = (replace(page, run={**page.run, "tta": "mirror", "answers": each}) for each in (seen, None))
    said = "all scores here are of these answers"
    why = "; log loss 0.485 on 5,000 validation images, instead of 0.512 by the image alone"
    assert f"{said}{why}" in parsed(chosen).text("card")
    assert said in parsed(asked).text("card")
    assert "instead of" not in parsed(asked).text("card")
    plain = replace(page, run={**page.run, "tta": "none", "answers": seen})
    assert said not in parsed(plain).text("card")
