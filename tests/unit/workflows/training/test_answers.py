"""What a classifier of a time limit answers with is what its validation images show to be better."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import hubel
from hubel.classifier.engine import Outputs
from hubel.classifier.mirrored import MirroredEngine
from hubel.engines.keras_engine import KerasEngine
from hubel.evaluation.mirrored_answers import AnswersCompared
from hubel.events import Event, Message
from hubel.pipeline.augmentation import Augmentation
from hubel.runs.request import TrainRequest
from hubel.training.recipe import Recipe
from hubel.workflows.training import answers, write_run
from hubel.workflows.training.answers import choose_answers

SIDE, CLASSES = 8, 3


class LooksAtTheLeft:
    """A network that knows the class by the brightness of the left half alone: it is dim in half of the images."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def compute(self, pixels: np.ndarray, *, wanted: str = "logits") -> Outputs:
        left = pixels[:, :, : SIDE // 2].astype(np.float32).mean(axis=(1, 2)) / 16
        return Outputs(left)


def made(count: int, *, other_says: str) -> tuple[np.ndarray, np.ndarray]:
    """Images whose halves each show the class with a noise of their own; or the right one shows another class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, count)
    halves = []
    for shown in (labels, labels if other_says == "the same" else (labels + 1) % CLASSES):
        colour = 40 * np.eye(CLASSES)[shown] + rng.normal(60, 20, (count, CLASSES))
        halves.append(np.broadcast_to(colour[:, None, None], (count, SIDE, SIDE // 2, CLASSES)))
    return np.concatenate(halves, axis=2).clip(0, 255).astype(np.uint8), labels


def choose(
    count: int = 300, *, other_says: str = "the same", mirror: bool = True, **wishes: Any
) -> tuple[Any, Any, list[Event]]:
    images, labels = made(count, other_says=other_says)
    prepared = SimpleNamespace(
        labels=labels, decoded=SimpleNamespace(images=images), indices=lambda part: np.arange(count)
    )
    recipes = (Recipe(epochs=5, augmentation=Augmentation(mirror=mirror)),)
    fitted = SimpleNamespace(model=None, plan=SimpleNamespace(recipes=recipes))
    request, said = TrainRequest("photos", Path("run"), **{"time_limit_s": 60.0, **wishes}), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "KerasEngine", LooksAtTheLeft)
        engine, compared = choose_answers(
            request, cast("Any", prepared), fitted=cast("Any", fitted), on_event=said.append
        )
    return engine, compared, said


def test_where_the_mirror_image_helps_the_classifier_asks_it_and_says_so():
    engine, compared, said = choose()
    assert isinstance(engine, MirroredEngine)
    assert compared.images == 300
    assert compared.mirrored < compared.plain
    (told,) = (event for event in said if isinstance(event, Message))
    assert str(told.text) == (
        "The mean of an image and its mirror image answers better on 300 validation images: log loss "
        f"{compared.mirrored:.3f} instead of {compared.plain:.3f}. The classifier answers that way, which takes "
        "twice the time. To answer by the image alone, add tta='none'."
    )


def test_where_the_mirror_image_is_something_else_it_is_not_asked():
    engine, compared, said = choose(other_says="another")
    assert isinstance(engine, LooksAtTheLeft)
    assert compared.mirrored > compared.plain
    assert not any(isinstance(event, Message) for event in said)


@pytest.mark.parametrize("words", [{"tta": "none"}, {"time_limit_s": None}, {"mirror": False}, {"count": 99}], ids=str)
def test_it_is_not_looked_at_where_that_is_not_open(words: dict[str, Any]):
    engine, compared, _ = choose(**words)
    assert isinstance(engine, LooksAtTheLeft)
    assert compared is None


def test_who_asks_for_it_gets_it_without_a_look():
    engine, compared, said = choose(other_says="another", tta="mirror")
    assert isinstance(engine, MirroredEngine)
    assert (compared, said) == (None, [])


def test_what_was_decided_is_how_the_classifier_is_scored_saved_and_described(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = AnswersCompared(120, 0.5, 0.4, 0.01)
    monkeypatch.setattr(
        write_run, "choose_answers", lambda *_, fitted, **__: (MirroredEngine(KerasEngine(fitted.model)), seen)
    )
    run = hubel.train(colours, tmp_path / "run", epochs=1, architecture="lenet5", learning_curve=True)
    document = json.loads((tmp_path / "run/run.json").read_text())
    assert (document["request"]["tta"], document["tta"]) == (None, "mirror")
    assert document["answers"] == {"images": 120, "plain": 0.5, "mirrored": 0.4, "standard_error": 0.01}
    assert run.classifier.tta == hubel.load(tmp_path / "run").tta == "mirror"
    assert "log loss 0.400 on 120 validation images, instead of 0.500" in (tmp_path / "run/report.html").read_text()
