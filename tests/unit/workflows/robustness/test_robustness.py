"""A run's test images are changed and named: by classifiers made by hand, and against files that others changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from tests.conftest import write_image
from tests.unit.workflows.evaluating.colour_runs import NAMES, ColourEngine, colour_classifier, write_colour_run

from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Outputs, Wanted
from hubel.errors import UnusableCorpus, UnusableInput, WrongRequest
from hubel.events import Event, Message
from hubel.images.changes.catalogue import CHANGES, Change
from hubel.runs.request import TrainRequest, train_command
from hubel.runs.request_record import record_request
from hubel.workflows.robustness.named_changes import views_of
from hubel.workflows.robustness.robustness import Robustness, measure_robustness
from hubel.workflows.robustness.robustness_folder import FILES, robustness_into
from hubel.workflows.robustness.robustness_request import RobustnessRequest
from hubel.workflows.robustness.trained_how import how_it_was_trained


class PlaceEngine(ColourEngine):
    """It looks at the strongest channel of the two middle columns, whatever their light."""

    def compute(self, pixels: np.ndarray, *, wanted: Wanted = "logits") -> Outputs:
        return super().compute(pixels[:, :, 3:5], wanted=wanted)


def place_classifier() -> Classifier:
    plain = colour_classifier()
    return Classifier(PlaceEngine(), plain.blueprint, NAMES, plain.preprocessing)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Fifty pixels wide: two columns in the middle of an image of eight have its colour, all others that of the next."""
    for number in range(20):
        for place, name in enumerate(NAMES):
            pixels = np.zeros((50, 50, 3), np.uint8)
            pixels[..., (place + 1) % 3] = 100 + number
            pixels[:, 18:32] = 0
            pixels[:, 18:32, place] = 100 + number
            write_image(tmp_path / "photos" / name / f"{number:02}.png", pixels)
    return tmp_path / "photos"


@pytest.fixture
def run(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("hubel.workflows.robustness.robustness.load_classifier", lambda *_, **__: place_classifier())
    tested = [f"{name}/{number:02}.png" for name in NAMES for number in range(10)]
    return write_colour_run(tmp_path / "run", corpus, tested=tested)


def measured(run: Path, **more: Any) -> tuple[Robustness, list[str]]:
    told: list[Event] = []
    found = measure_robustness(RobustnessRequest(run, **more), on_event=told.append)
    return found, [str(event.text) for event in told if isinstance(event, Message)]


def test_a_classifier_that_looks_at_one_place_is_sensitive_to_moves_and_not_to_light(run: Path):
    found, said = measured(run)
    changes = {each.name: each for each in found.changes}
    assert said == []
    assert (found.clean.right.hits, found.clean.right.count) == (30, 30)
    assert changes["shift"].levels[-1].costs
    for name in ("brightness", "mirror", "contrast"):
        assert {level.changed.hits for level in changes[name].levels[:2]} == {0}
    assert changes["shift"].levels[0].changed.hits == 0
    text = " ".join(each.text for each in found.advice)
    assert "Moves of 16 % of the side (1.3 of 8 pixels) change " in text
    assert "shift" in str(found.advice[0].command.value_of("augment")).split(",")


def test_a_change_of_strength_0_changes_no_answer(run: Path, monkeypatch: pytest.MonkeyPatch):
    still = {
        name: Change(each.summary, each.unit, (0,), each.alter, each.phrase)
        for name, each in CHANGES.items()
        if name != "jpeg"
    }
    monkeypatch.setattr(RobustnessRequest, "changes", still)
    found, _ = measured(run)
    assert {level.changed.hits for each in found.changes for level in each.levels} == {0}
    assert {level.ece for each in found.changes for level in each.levels} == {found.clean.ece}


def moved_file(image: Image.Image, turn: int) -> Image.Image:
    pixels = np.pad(np.asarray(image), ((8, 8), (8, 8), (0, 0)), mode="edge")
    top, left = [(16, 8), (0, 8), (8, 16), (8, 0)][turn % 4]  # 16 % of 50 pixels
    return Image.fromarray(pixels[top : top + 50, left : left + 50])


def turned_file(image: Image.Image, turn: int) -> Image.Image:
    wide = Image.fromarray(np.pad(np.asarray(image), ((40, 40), (40, 40), (0, 0)), mode="edge"))
    return wide.rotate(-20 if turn % 2 else 20, Image.Resampling.BILINEAR).crop((40, 40, 90, 90))


def darker_file(image: Image.Image, turn: int) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.4 if turn % 2 else 1.6)


FILES_OF_OTHERS: dict[tuple[str, float], Callable[[Image.Image, int], Image.Image]] = {
    ("shift", 16): moved_file,
    ("rotation", 20): turned_file,
    ("brightness", 60): darker_file,
}


@pytest.mark.parametrize("each", FILES_OF_OTHERS, ids=lambda each: each[0])
def test_the_answers_are_those_for_files_that_others_changed(each: tuple[str, float], run: Path, tmp_path: Path):
    found, _ = measured(run, only=each[0])
    named = found.named.changed[each[0]][each[1]]
    for place, example in enumerate(found.named.images.examples):
        original = tmp_path / "photos" / example.path
        turn = int(hashlib.sha256(original.read_bytes()).hexdigest()[:8], 16)
        with Image.open(original) as image:
            FILES_OF_OTHERS[each](image.convert("RGB"), turn).save(tmp_path / "changed.png")
        answer = place_classifier().predict(tmp_path / "changed.png")
        assert NAMES[named.predicted[place]] == answer.class_name
        assert named.confidence[place] == pytest.approx(answer.probability, abs=0.01)


def test_a_part_has_every_class_in_proportion_and_says_how_to_get_all(run: Path):
    found, said = measured(run, max_examples=9, only="mirror")
    assert np.bincount(found.named.images.labels).tolist() == [3, 3, 3]
    (text,) = said
    assert text.startswith("9 of 30 images are used: a random sample with every class in proportion. All of them: ")
    again, _ = measured(run, max_examples=9, only="mirror")
    assert again.named.images.places.tolist() == found.named.images.places.tolist()


def test_folders_below_those_of_the_classes_are_groups(corpus: Path, tmp_path: Path, run: Path):
    for name in NAMES:
        for number in range(10):
            folder = corpus / name / ("north" if number % 2 else "south")
            folder.mkdir(exist_ok=True)
            (corpus / name / f"{number:02}.png").rename(folder / f"{number:02}.png")
    tested = [path.relative_to(corpus).as_posix() for path in corpus.glob("*/*/*.png")]
    again = write_colour_run(tmp_path / "again", corpus, tested=tested)
    reading = {"splits": "none"}  # folders of the same names in every class might be classes themselves
    (again / "run.json").write_text(json.dumps({"corpus": {"location": str(corpus)}, "request": {"reading": reading}}))
    found, _ = measured(again, only="shift")
    assert {(group.name, group.right.count) for group in found.groups} == {("north", 15), ("south", 15)}
    assert not any(group.is_worse for group in found.groups)


def test_a_folder_gets_a_page_that_needs_nothing_else_a_document_and_a_table(run: Path, tmp_path: Path):
    request = RobustnessRequest(run, only="shift,jpeg", out=tmp_path / "robust")
    found = robustness_into(request)
    assert sorted(path.name for path in (tmp_path / "robust").iterdir()) == sorted(FILES)
    document = json.loads((tmp_path / "robust/robustness.json").read_text())
    assert document == json.loads(json.dumps(found.to_json()))
    assert [(each["name"], each["unit"]) for each in document["changes"]] == [
        ("shift", "% of the side"), ("jpeg", "quality"),
    ]  # fmt: skip
    assert {"level", "accuracy", "accuracy_interval", "changed_answers", "ece"} <= set(
        document["changes"][0]["levels"][0]
    )
    rows = (tmp_path / "robust/robustness.csv").read_text().splitlines()
    assert len(rows) == 1 + 4 + 4
    page = (tmp_path / "robust/robustness.html").read_text()
    assert page.count("<img ") == 2 * 2 * 5
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "Moves of 16 % of the side" in page
    with pytest.raises(UnusableInput, match="robust holds a robustness test already \\(robustness.html\\)"):
        robustness_into(request)


def test_an_image_that_cannot_be_read_is_named_and_left_out(run: Path, corpus: Path):
    (corpus / "red/00.png").write_bytes((corpus / "red/00.png").read_bytes()[:60])
    found, said = measured(run, only="mirror")
    assert found.clean.right.count == 29
    assert [path for path, _ in found.refused] == ["red/00.png"]
    assert any("Refused 'red/00.png': " in text for text in said)


def test_what_is_missing_or_wrong_is_said(run: Path, corpus: Path, tmp_path: Path):
    with pytest.raises(WrongRequest, match="model.keras is a model file; changes are tested with a run"):
        RobustnessRequest(tmp_path / "model.keras")
    with pytest.raises(WrongRequest, match="overwrite=True replaces a page|overwrite replaces a page"):
        RobustnessRequest(run, overwrite=True)
    with pytest.raises(WrongRequest, match="max_examples must be a whole number from 1 to 100,000. Received: 0"):
        RobustnessRequest(run, max_examples=0)
    untested = write_colour_run(tmp_path / "untested", corpus, tested=())
    with pytest.raises(UnusableInput, match="has no test images.*hubel.robustness\\("):
        measured(untested)
    for name in NAMES:
        for path in (corpus / name).iterdir():
            path.write_bytes(b"nothing")
    with pytest.raises(UnusableCorpus, match="None of the 30 images in .*photos can be read. First: "):
        measured(run)
    corpus.rename(tmp_path / "moved")
    with pytest.raises(UnusableInput, match="no longer there. Say where it is now: hubel.robustness\\("):
        measured(run)


def test_a_run_that_says_nothing_of_its_training_gets_advice_all_the_same(run: Path, tmp_path: Path):
    assert how_it_was_trained(run).command.name == ""
    assert how_it_was_trained(tmp_path).mirrored is None


@pytest.mark.parametrize("tta", [None, "mirror"])
def test_what_its_training_left_open_is_left_open_in_the_command(tmp_path: Path, tta: str | None):
    request = TrainRequest("photos", tmp_path, time_limit_s=90.0, tta=tta)
    document = {
        "corpus": {"location": "photos"}, "tta": "mirror", "recipe": {}, "request": record_request(request),
        "command": [], "architecture": {}, "split": {},
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(document))
    assert how_it_was_trained(tmp_path).command == train_command(request)


def test_clean_pixels_are_those_that_predict_sees(run: Path, corpus: Path):
    found, _ = measured(run, only="mirror")
    views = views_of(
        found.named.images.corpus, 0, changes=found.request.changes, preprocessing=place_classifier().preprocessing
    )
    np.testing.assert_array_equal(views[0], place_classifier().read_pixels(corpus / "blue/00.png"))
    assert views.shape == (2, 8, 8, 3)
