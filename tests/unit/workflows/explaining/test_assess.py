"""Assessing a run: a map that ignores the weights, or marks nothing, is found out; what is found is kept in the run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import write_image

import hubel
from hubel.arrays import Heat, Image
from hubel.errors import UnusableInput, WrongRequest
from hubel.events import Message, Progress
from hubel.explanation.catalogue import GRADIENTS, Explanation
from hubel.explanation.methods.gradient import compute_gradient_map
from hubel.explanation.methods.occlusion import compute_occlusion
from hubel.explanation.subject import Question, Subject
from hubel.workflows.explaining import assess as module
from hubel.workflows.explaining.assess import assess
from hubel.workflows.explaining.assessment import Assessment, Mean
from hubel.workflows.explaining.explain import Asked, explain_image
from hubel.workflows.explaining.judge import IGNORES_WEIGHTS
from hubel.workflows.explaining.recommended import read_assessed

pytestmark = pytest.mark.backend


def edges(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
    """What many maps look like, and what asks the network nothing."""
    grey = image.astype(np.float32).mean(axis=2)
    return np.abs(np.gradient(grey, axis=0)) + np.abs(np.gradient(grey, axis=1))


def constant(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
    return np.full(image.shape[:2], 0.5, np.float32)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images of 32 pixels, of which a square of a colour decides the class."""
    folder, rng = tmp_path_factory.mktemp("assessed"), np.random.default_rng(0)
    for name, colour in {"red": (220, 30, 30), "blue": (30, 30, 220)}.items():
        for number in range(30):
            pixels = rng.integers(90, 130, (32, 32, 3), dtype=np.uint8)
            row, column = rng.integers(0, 20, 2)
            pixels[row : row + 12, column : column + 12] = colour
            write_image(folder / "corpus" / name / f"{number:02}.png", pixels)
    (folder / "run").mkdir()
    (folder / "run/explanations.json").write_text("{}")
    request = {"architecture": "small-cnn", "weights": "none", "image_size": 16, "epochs": 3, "mirror": False}
    return hubel.train(folder / "corpus", out=folder / "run", overwrite=True, **request).path


def test_a_new_training_in_the_same_folder_takes_an_old_assessment_away(run: Path):
    assert (run / "run.json").exists()
    assert not (run / "explanations.json").exists()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = {
        "occlusion": Explanation("a real one", compute_occlusion),
        "gradient": Explanation("another one", compute_gradient_map, GRADIENTS),
        "edges": Explanation("edges of the image", edges),
        "constant": Explanation("the same everywhere", constant),
    }
    monkeypatch.setattr(module, "EXPLANATIONS", methods)


@pytest.mark.usefixtures("few")
def test_what_ignores_the_weights_or_the_image_is_marked_and_all_is_kept(run: Path):
    heard: list[object] = []
    before = {path: path.read_bytes() for path in (run / "classifier").iterdir()}
    found = assess(run, images=3, on_event=heard.append)
    by_name = {each.name: each for each in found.methods}
    assert by_name["edges"].randomisation_correlation == Mean(pytest.approx(1), (pytest.approx(1), pytest.approx(1)))
    assert found.marked["edges"] == IGNORES_WEIGHTS
    assert "marks nothing on 3 of 3 images" in found.marked["constant"]
    assert found.recommended not in ("edges", "constant")
    assert by_name["constant"].stability == Mean(0, (0, 0))
    progress = [each for each in heard if isinstance(each, Progress) and each.unit == "maps"]
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (1, 60, 60)
    kept = json.loads((run / "explanations.json").read_text())
    assert (kept["format"], kept["recommended"], kept["marked"]) == (1, found.recommended, found.marked)
    assert {path: path.read_bytes() for path in (run / "classifier").iterdir()} == before
    assert kept["without_framework"] in ("occlusion", None)
    assert any(isinstance(each, Message) and "The first of 3 images is done" in str(each.text) for each in heard)
    again = hubel.explain(run, assess=True, max_examples=3)
    assert isinstance(again, Assessment)
    numbers = [{**each.to_json(), "seconds": None} for each in found.methods]
    assert [{**each.to_json(), "seconds": None} for each in again.methods] == numbers


@pytest.mark.usefixtures("few")
def test_without_a_framework_only_what_needs_none_is_tried_and_that_is_said(run: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ENGINES", {"keras": replace(module.ENGINES["keras"], packages=("no_such_package",))})
    heard: list[object] = []
    found = assess(run, images=2, on_event=heard.append)
    assert {each.name for each in found.methods} == {"occlusion", "edges", "constant"}
    said = " ".join(str(each.text) for each in heard if isinstance(each, Message))
    assert "Left out: gradient. They take derivatives, which needs a framework" in said


def test_a_classifier_alone_has_no_test_images_to_assess_on(run: Path):
    with pytest.raises(UnusableInput, match="test images of the run"):
        assess(run / "classifier")


def test_the_recommended_method_is_the_one_that_explains_from_then_on(run: Path, monkeypatch: pytest.MonkeyPatch):
    classifier, image = hubel.load(run), next((run.parent / "corpus").rglob("*.png"))
    kept = {"recommended": "gradient", "without_framework": "rise", "marked": {"occlusion": "a reason"}}
    (run / "explanations.json").write_text(json.dumps(kept))
    assert explain_image(classifier, image, assessed=read_assessed(run)).heat_map.method == "gradient"
    marked = explain_image(classifier, image, asked=Asked("occlusion"), assessed=read_assessed(run))
    assert "a reason" in marked.marked
    nothing = {"keras": replace(module.ENGINES["keras"], packages=("no_such_package",))}
    monkeypatch.setattr("hubel.workflows.explaining.recommended.ENGINES", nothing)
    assert read_assessed(run).recommended == "rise"


@pytest.mark.parametrize(
    ("images", "wishes", "said"),
    [
        ((), {"max_examples": 3}, "^max_examples says on how many images methods are tested: it needs assess=True"),
        ((), {"assess": True, "max_examples": 0}, "^max_examples must be at least 1. Received: 0"),
        ("new.png", {"assess": True}, "^assess=True tests every method on test images of a run: give its folder"),
        ((), {"assess": True, "method": "rise"}, "^assess=True tests every method"),
    ],
)
def test_what_cannot_be_asked_together_is_said(run: Path, images: object, wishes: dict[str, Any], said: str):
    with pytest.raises(WrongRequest, match=said):
        hubel.explain(run, images, **wishes)
