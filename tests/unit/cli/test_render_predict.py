"""Answers as a table, JSON and CSV: made by hand, read by hand."""

from __future__ import annotations

import csv
import json

import pytest

from hubel.classifier.prediction import Prediction
from hubel.cli.show.predict import WRITERS
from hubel.errors import UnreadableImage
from hubel.workflows.predicting.answers import InputAnswer
from hubel.workflows.predicting.rows import Shown

NAMES = ("shirt", "t-shirt", "hat", "dress", "shoes", "pants")


def answer(inside: tuple[str, ...] | None, *, score: float | None = None, abstained: bool = False) -> InputAnswer:
    values = dict(zip(NAMES, (0.3, 0.4, 0.1, 0.1, 0.06, 0.04), strict=True))
    return InputAnswer("x.jpg", Prediction("t-shirt", 0.4, values, abstained, inside, score))


def written(
    form: str, *answers: InputAnswer, capsys: pytest.CaptureFixture[str], top: int = 1, with_sets: bool = True
) -> str:
    WRITERS[form](iter(answers), Shown(top, with_sets))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("inside", "note"),
    [
        (("t-shirt",), ""),
        (("shirt", "t-shirt"), "  (not sure: t-shirt or shirt)"),  # the most probable first
        (("shirt", "t-shirt", "hat"), "  (not sure: t-shirt, shirt or hat)"),
        (("shirt", "t-shirt", "hat", "dress"), "  (not sure: t-shirt, shirt, hat or dress)"),
        (NAMES, "  (not sure: t-shirt, shirt, hat or 3 others)"),
        ((), "  (not sure: nothing fits well enough)"),
    ],
)
def test_the_table_names_what_it_may_be(inside: tuple[str, ...], note: str, capsys: pytest.CaptureFixture[str]):
    told = written("table", answer(inside, abstained=len(inside) != 1), capsys=capsys)
    assert told == f"x.jpg  t-shirt 0.400{note}\n"


def test_the_table_marks_strangers(capsys: pytest.CaptureFixture[str]):
    told = written("table", answer(None, score=1.2), answer(None, score=1.0), capsys=capsys, with_sets=False)
    assert told.splitlines() == [
        "x.jpg  t-shirt 0.400  (looks unlike the training images: the class may mean little)",
        "x.jpg  t-shirt 0.400",
    ]


def test_a_plain_abstention_sends_to_a_person(capsys: pytest.CaptureFixture[str]):
    told = written("table", answer(None, abstained=True), capsys=capsys, with_sets=False)
    assert told == "x.jpg  t-shirt 0.400  (not sure: ask an expert)\n"


def test_json_has_more_keys_only_where_there_is_more_to_say(capsys: pytest.CaptureFixture[str]):
    plain, full = json.loads(written("json", answer(None), answer(("hat",), score=2.5), capsys=capsys))
    contract = ["path", "class_name", "probability", "abstained", "probabilities"]
    assert list(plain) == contract
    assert list(full) == [*contract, "prediction_set", "off_corpus_score", "off_corpus"]
    assert (full["prediction_set"], full["off_corpus_score"], full["off_corpus"]) == (["hat"], 2.5, True)


def test_csv_has_a_column_for_the_set_when_asked_and_for_the_score_always(capsys: pytest.CaptureFixture[str]):
    refused = InputAnswer("y.jpg", None, UnreadableImage("truncated", "cut off"))
    answers = (answer(("shirt", "t-shirt"), score=0.5, abstained=True), refused, answer((), abstained=True))
    one, two, three = csv.DictReader(written("csv", *answers, capsys=capsys, top=2).splitlines())
    assert list(one) == [
        "path", "predicted", "probability", "abstained", "class_1", "probability_1", "class_2", "probability_2",
        "prediction_set", "off_corpus_score", "off_corpus", "error", "message",
    ]  # fmt: skip
    assert (one["prediction_set"], one["off_corpus_score"], one["class_2"]) == ("shirt | t-shirt", "0.5", "shirt")
    assert (two["error"], two["off_corpus_score"], two["prediction_set"]) == ("truncated", "", "")
    assert (one["off_corpus"], two["off_corpus"], three["off_corpus"]) == ("false", "", "")
    assert (one["message"], two["message"]) == ("", "cut off")
    assert (three["prediction_set"], three["abstained"], three["error"]) == ("", "true", "")
    header = written("csv", answer(None), capsys=capsys, with_sets=False).splitlines()[0]
    assert header == "path,predicted,probability,abstained,off_corpus_score,off_corpus,error,message"


def test_csv_flags_strangers_as_json_does(capsys: pytest.CaptureFixture[str]):
    answers = (answer(None, score=2.5), answer(None, score=0.9))
    rows = csv.DictReader(written("csv", *answers, capsys=capsys, with_sets=False).splitlines())
    documents = json.loads(written("json", *answers, capsys=capsys, with_sets=False))
    assert [row["off_corpus"] == "true" for row in rows] == [each["off_corpus"] for each in documents] == [True, False]
