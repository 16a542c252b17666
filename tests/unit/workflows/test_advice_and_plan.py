"""Advice after a run, and the choices made before it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.conftest import write_picture

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import WrongRequest
from hubel.workflows.advice import next_steps
from hubel.workflows.plan import TrainRequest, choose, parse_duration, scratch_recipe, survey_corpus

COMMAND = ("hubel", "train", "my photos", "-o", "run", "--time-limit", "60s", "--overwrite")


def run(**changes: object) -> SimpleNamespace:
    fitted = SimpleNamespace(
        interrupted=False,
        time_limit_s=60.0,
        recipes={"train": SimpleNamespace(epochs=40)},
        histories=(SimpleNamespace(epochs=40.0),),
    )
    test = {"examples": 100, "accuracy_interval": [0.8, 0.9], "majority_baseline": 0.3}
    corpus = SimpleNamespace(class_counts={"a": 100, "b": 100}, location="my photos")
    for name, value in changes.items():
        (setattr(fitted, name, value) if hasattr(fitted, name) else test.update({name: value}))
    path = Path("run")
    return SimpleNamespace(fitted=fitted, metrics={"test": test}, corpus=corpus, path=path, without_leaks=None)


def test_a_good_run_only_needs_new_pictures():
    assert next_steps(run(), command=COMMAND) == ["Name new pictures: hubel predict run PICTURE_OR_FOLDER"]


def test_a_run_cut_short_gets_its_own_command_with_twice_the_time():
    steps = next_steps(run(histories=(SimpleNamespace(epochs=10.0),)), command=COMMAND)
    again = "hubel train 'my photos' -o run --overwrite --time-limit 120s"
    assert steps[0] == f"10 epochs fitted into the time limit; it may gain from more: {again}"


def test_an_interrupted_run_gets_its_own_command():
    steps = next_steps(run(interrupted=True), command=COMMAND)
    assert steps[0].endswith("To the end: hubel train 'my photos' -o run --time-limit 60s --overwrite")


def test_a_run_no_better_than_the_largest_class_says_so_first():
    assert next_steps(run(majority_baseline=0.8), command=COMMAND)[0].startswith("It does not beat always naming")


def test_a_leaking_test_split_leads_to_the_audit():
    leaking = run()
    leaking.without_leaks = object()
    assert next_steps(leaking, command=COMMAND)[0].endswith("see them: hubel audit 'my photos'")


def test_few_pictures_are_named():
    few = run()
    few.corpus.class_counts["b"] = 7
    assert "Fewer than 30 pictures of 'b'" in next_steps(few, command=COMMAND)[0]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400), ("42", 42), (" 2 M ", 120)])
def test_durations(text: str, seconds: float):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5d", "-3s", "1e9", "5m30s"])
def test_what_is_no_duration(text: str):
    with pytest.raises(WrongRequest, match="90s, 5m, 2h"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("side", "wish", "architecture", "size"),
    [
        (8, {}, "small-cnn", 8),
        (32, {}, "residual", 32),
        (300, {}, "mobilenet", 224),
        (100, {}, "mobilenet", 128),
        (300, {"weights": "none"}, "residual", 96),
        (32, {"weights": "imagenet"}, "mobilenet", 96),
        (300, {"architecture": "small-cnn"}, "small-cnn", 64),
        (300, {"image_size": 50, "weights": "none"}, "residual", 50),
    ],
)
def test_architecture_and_size_follow_the_pictures(
    tmp_path: Path, side: int, wish: dict[str, object], architecture: str, size: int
):
    for name in ("a", "b"):
        for number in range(3):
            write_picture(
                tmp_path / "corpus" / name / f"{number}.png", np.full((side, side, 3), (9, 90, 200), np.uint8)
            )
    survey = survey_corpus(read_corpus(tmp_path / "corpus"))
    assert survey.median_side == side
    assert not survey.grey
    choice = choose(TrainRequest("x", Path("y"), **wish), survey)  # type: ignore[arg-type]
    assert (choice.architecture, choice.preprocessing.size) == (architecture, (size, size))


def test_a_grey_corpus_is_not_mirrored_unless_asked_for():
    survey = survey_corpus(read_corpus("digits"))
    assert survey.grey
    request = TrainRequest("digits", Path("y"))
    choice = choose(request, survey)
    recipe, limit = scratch_recipe(request, choice, grey=survey.grey, train_examples=1259, macs=10**6)
    assert not recipe.augmentation.mirror
    assert limit is None
    asked, _ = scratch_recipe(
        TrainRequest("digits", Path("y"), mirror=True), choice, grey=True, train_examples=9, macs=1
    )
    assert asked.augmentation.mirror


def test_a_corpus_too_large_for_40_epochs_in_minutes_is_ended_by_the_clock():
    request = TrainRequest("digits", Path("y"))
    choice = choose(request, survey_corpus(read_corpus("digits")))
    _, limit = scratch_recipe(request, choice, grey=True, train_examples=45_000, macs=10**7)
    assert limit == 300
    _, limit = scratch_recipe(
        TrainRequest("digits", Path("y"), epochs=3), choice, grey=True, train_examples=45_000, macs=10**7
    )
    assert limit is None
