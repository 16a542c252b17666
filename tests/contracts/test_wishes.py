"""One row for each wish: the command line, Python, the request and the record of a run agree with the table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

import hubel
from hubel.cli.main import find_command
from hubel.cli.wording import options_of
from hubel.corpus.reading import Reading, make_reading
from hubel.errors import WrongRequest
from hubel.runs.request import TrainRequest, make_request, train_command
from hubel.runs.request_record import record_request
from hubel.shell import command_words, flag_of
from hubel.wishes import AUDITING, COMPARING, EXPLAINING, EXPORTING, READING, ROBUSTNESS, SCORING, TRAINING, Time, Wish
from hubel.workflows.comparing.comparison import CompareRequest
from hubel.workflows.training.resume_identity import IDENTITY

TABLES: dict[str, tuple[Mapping[str, Wish], Callable[..., Any]]] = {
    "train": (TRAINING, hubel.train),
    "audit": (AUDITING, hubel.audit_corpus),
    "compare": (COMPARING, hubel.compare),
    "evaluate": (SCORING, hubel.evaluate),
    "export": (EXPORTING, hubel.export),
    "robustness": (ROBUSTNESS, hubel.robustness),
    "explain": (EXPLAINING, hubel.explain),
}
GIVEN: dict[str, Any] = {
    "out": "my run", "architecture": "mobilenet", "weights": "none", "alpha": 0.5, "image_size": 48, "resize": "pad",
    "epochs": 3, "time_limit": "90s", "batch_size": 8, "learning_rate": 7.123456789e-05, "mirror": False, "augment": "shift,zoom", "tta": "none",
    "seed": 7,
    "splits": "train=a,test=b", "path_column": "id", "label_column": "x,y", "split_column": "fold",
    "group_column": "patient", "images": "photos", "bands": "3,2,1", "copies": "exact", "corrections": "fixed.csv",
    "from_run": "runs/a",
}  # fmt: skip
"""A value for each wish of a training that has one and can be given with the others."""


@pytest.mark.parametrize("command", TABLES)
def test_a_row_is_an_option_of_the_command_with_its_help_and_default(command: str):
    table, _ = TABLES[command]
    options = options_of(find_command(command))
    assert set(table) <= set(options)
    for name, wish in table.items():
        option = options[name]
        assert flag_of(name) in option.opts
        assert (option.metavar or "") == wish.metavar
        assert option.is_flag == (wish.kind is bool)
        assert option.default == wish.default or wish.default is None
        assert option.help


@pytest.mark.parametrize("command", TABLES)
def test_a_row_is_an_argument_of_the_function_with_its_meaning_and_default(command: str):
    table, function = TABLES[command]
    taken = inspect.signature(function).parameters
    told = " ".join(str(function.__doc__).split())
    for name, wish in table.items():
        assert taken[name].default in (inspect.Parameter.empty, (), "near", wish.default), name
        said = " ".join((wish.python or str(wish.help)).split())
        assert f"{name}: {said[:1].lower()}{said[1:]}" in told, name


def test_a_row_is_a_field_of_the_request_and_every_field_has_one():
    own = {wish.field or name for name, wish in TRAINING.items() if name not in READING}
    assert {each.name for each in fields(TrainRequest)} - own == {"corpus", "reading", "command", "planned"}
    assert own <= {each.name for each in fields(TrainRequest)}
    assert {each.name for each in fields(Reading)} - set(READING) == {"no_splits"}
    compared = {wish.field or name for name, wish in COMPARING.items() if wish.bounds is not None}
    assert compared <= {each.name for each in fields(CompareRequest)}


def test_every_wish_is_recorded_or_is_about_the_folder():
    recorded = set(record_request(TrainRequest("photos", Path("run"))))
    for name, wish in TRAINING.items():
        assert ((wish.field or name) in recorded) == bool(wish.recorded), name
    assert {name for name, wish in TRAINING.items() if not wish.recorded} - set(READING) == {
        "out", "resume", "overwrite",
    }  # fmt: skip


def test_what_a_resumed_run_must_repeat():
    # What is not here counts by what it leads to: pixels, labels, layers and weights, which are compared themselves.
    assert set(IDENTITY) == {
        "epochs", "time_limit", "batch_size", "learning_rate", "mirror", "augment", "tta", "seed", "learning_curve",
    }  # fmt: skip


def test_what_is_given_typed_and_read_back_is_the_same_request():
    assert set(GIVEN) == {name for name, wish in TRAINING.items() if wish.kind is not bool or wish.default is None}
    request = make_request("a b", {**_nothing(), **GIVEN}, reading=make_reading(GIVEN))
    assert request.time_limit_s == 90
    words = command_words(train_command(request))
    typed = find_command("train").make_context("train", list(words[2:])).params
    corpus, _ = typed.pop("corpus"), typed.pop("as_json")
    assert make_request(corpus, typed, reading=make_reading(typed)) == request


def test_answers_by_the_mirror_image_are_asked_for_in_a_word_and_read_back():
    request = make_request("photos", {**_nothing(), "out": "run", "tta": "mirror"}, reading=make_reading({}))
    words = command_words(train_command(request))
    assert words[-2:] == ("--tta", "mirror")
    typed = find_command("train").make_context("train", list(words[2:])).params
    assert typed["tta"] == request.tta == record_request(request)["tta"] == "mirror"


def _nothing() -> dict[str, Any]:
    return {name: wish.default for name, wish in TRAINING.items()}


@pytest.mark.parametrize("name", [name for name, wish in TRAINING.items() if wish.bounds is not None])
def test_a_number_outside_of_its_bounds_is_refused_by_name(name: str):
    wish = TRAINING[name]
    assert wish.bounds is not None
    above = wish.bounds.most + 1
    for wrong in (0 if wish.bounds.least > 0 else -1, above, True):
        given = {**_nothing(), "out": "run", name: wrong}
        with pytest.raises(WrongRequest, match=f"^{name} must be .*Received: "):
            make_request("photos", given, reading=make_reading({}))
    ends = {wish.bounds.most, wish.bounds.least}
    for right in ends:
        number = right if wish.kind in (float, Time) else int(right)
        request = make_request("photos", {**_nothing(), "out": "run", name: number}, reading=make_reading({}))
        assert getattr(request, wish.field or name) == number


def test_python_and_the_command_line_are_told_of_an_option_in_their_own_words():
    assert "same options as before, plus resume." in str(hubel.train.__doc__)
    resume = next(each for each in find_command("train").params if each.name == "resume")
    assert isinstance(resume, click.Option)
    assert "plus --resume." in str(resume.help)
