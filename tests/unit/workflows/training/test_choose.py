"""The choices made before a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image

from hubel.architectures.families.residual import ResidualSpec
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import WrongRequest
from hubel.pipeline.survey import Survey, survey_corpus
from hubel.runs.request import TrainRequest
from hubel.text import parse_duration
from hubel.workflows.training import choose as choose_module
from hubel.workflows.training.choose import choose, scratch_recipe

RESIDUAL = ResidualSpec.hints


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
def test_architecture_and_size_follow_the_images(
    tmp_path: Path, side: int, wish: dict[str, object], architecture: str, size: int
):
    for name in ("a", "b"):
        for number in range(3):
            write_image(tmp_path / "corpus" / name / f"{number}.png", np.full((side, side, 3), (9, 90, 200), np.uint8))
    survey = survey_corpus(read_corpus(tmp_path / "corpus"))
    assert survey.median_side == side
    assert not survey.grey
    choice = choose(TrainRequest("x", Path("y"), **wish), survey)  # type: ignore[arg-type]
    assert (choice.architecture, choice.preprocessing.size) == (architecture, (size, size))


@pytest.mark.parametrize(
    ("height", "width", "wish", "size"),
    [
        (24, 40, {}, (24, 40)),
        (40, 24, {}, (40, 24)),
        (24, 26, {}, (24, 24)),  # nearly square
        (24, 96, {}, (24, 48)),
        (24, 40, {"image_size": 20}, (20, 20)),
        (24, 40, {"resize": "crop"}, (24, 24)),
        (24, 40, {"architecture": "small-cnn"}, (24, 40)),
        (300, 500, {"weights": "none"}, (96, 96)),  # made smaller anyway
        (300, 500, {}, (224, 224)),
    ],
)
def test_small_images_of_one_shape_keep_it(
    tmp_path: Path, height: int, width: int, wish: dict[str, object], size: tuple[int, int]
):
    for name in ("a", "b"):
        for number in range(3):
            write_image(tmp_path / "corpus" / name / f"{number}.png", np.full((height, width, 3), 90, np.uint8))
    survey = survey_corpus(read_corpus(tmp_path / "corpus"))
    assert choose(TrainRequest("x", Path("y"), **wish), survey).preprocessing.size == size  # type: ignore[arg-type]


def test_images_of_several_shapes_have_no_aspect(tmp_path: Path):
    for number, shape in enumerate([(24, 40), (24, 40), (40, 24), (24, 32)]):
        write_image(tmp_path / "corpus/a" / f"{number}.png", np.full((*shape, 3), 90, np.uint8))
    write_image(tmp_path / "corpus/b/0.png", np.full((24, 40, 3), 90, np.uint8))
    assert survey_corpus(read_corpus(tmp_path / "corpus")).aspect == 1.0


def test_a_grey_corpus_is_not_mirrored_unless_asked_for():
    survey = survey_corpus(read_corpus("digits"))
    assert survey.grey
    request = TrainRequest("digits", Path("y"))
    choice = choose(request, survey)
    recipe, limit = scratch_recipe(request, choice, hints=RESIDUAL, grey=survey.grey, train_examples=1259, macs=10**6)
    assert not recipe.augmentation.mirror
    assert limit is None
    asked, _ = scratch_recipe(
        TrainRequest("digits", Path("y"), mirror=True), choice, hints=RESIDUAL, grey=True, train_examples=9, macs=1
    )
    assert asked.augmentation.mirror


@pytest.mark.parametrize(("images", "processor", "card"), [(45_000, 256, 512), (12_000, 256, 256), (700, 16, 16)])
def test_a_card_takes_larger_batches_where_there_are_enough_images(
    images: int, processor: int, card: int, monkeypatch: pytest.MonkeyPatch
):
    request, survey = TrainRequest("digits", Path("y")), survey_corpus(read_corpus("digits"))
    for accelerated, expected in ((False, processor), (True, card)):
        monkeypatch.setattr(choose_module, "on_accelerator", lambda answer=accelerated: answer)
        choice = choose(request, survey)
        recipe, _ = scratch_recipe(request, choice, hints=RESIDUAL, grey=True, train_examples=images, macs=1)
        assert recipe.batch_size == expected


@pytest.mark.parametrize(
    ("limit_s", "card", "size"), [(45.0, False, 64), (46.0, False, 256), (None, False, 256), (45.0, True, 512)]
)
def test_batches_are_small_where_a_processor_has_little_time(
    limit_s: float | None, card: bool, size: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(choose_module, "on_accelerator", lambda: card)
    request = TrainRequest("digits", Path("y"), time_limit_s=limit_s)
    choice = choose(request, survey_corpus(read_corpus("digits")))
    recipe, _ = scratch_recipe(request, choice, hints=RESIDUAL, grey=True, train_examples=45_000, macs=1)
    assert recipe.batch_size == size


@pytest.mark.parametrize(
    ("architecture", "side", "until", "scale"),
    [
        ("residual", 24, 0.0, 0.75),  # 18 pixels would be too few
        ("residual", 32, 0.5, 0.75),
        ("residual", 96, 0.5, 0.5),
        ("small-cnn", 32, 0.0, 0.75),  # its dense layer fixes the size
    ],
)
def test_a_network_that_takes_any_size_begins_with_smaller_images(
    architecture: str, side: int, until: float, scale: float
):
    request = TrainRequest("x", Path("y"), architecture=architecture)
    choice = choose(request, Survey(((side, side),), grey=False))
    hints = choice.entry.make_spec((side, side), 2).hints
    recipe, _ = scratch_recipe(request, choice, hints=hints, grey=False, train_examples=99, macs=1)
    assert (recipe.small_until, recipe.small_scale) == (until, scale)


def test_a_time_may_be_used_for_more_epochs_than_are_planned_without_one():
    survey = Survey(((32, 32),), grey=False)
    epochs = []
    for words in ({}, {"time_limit_s": 60.0}, {"epochs": 7}):
        request = TrainRequest("x", Path("y"), **words)
        choice = choose(request, survey)
        epochs.append(scratch_recipe(request, choice, hints=RESIDUAL, grey=False, train_examples=99, macs=1)[0].epochs)
    assert epochs == [40, 200, 7]


def test_a_corpus_too_large_for_40_epochs_in_minutes_is_ended_by_the_clock():
    request = TrainRequest("digits", Path("y"))
    choice = choose(request, survey_corpus(read_corpus("digits")))
    _, limit = scratch_recipe(request, choice, hints=RESIDUAL, grey=True, train_examples=45_000, macs=10**7)
    assert limit == 300
    _, limit = scratch_recipe(
        TrainRequest("digits", Path("y"), epochs=3),
        choice,
        hints=RESIDUAL,
        grey=True,
        train_examples=45_000,
        macs=10**7,
    )
    assert limit is None
