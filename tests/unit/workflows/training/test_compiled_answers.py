"""What follows a training answers through the compiled graph, where there is one that answers like the network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

import hubel
from hubel.classifier.manifest import GRAPH
from hubel.engines.keras_engine import KerasEngine
from hubel.engines.onnx_engine import OnnxEngine
from hubel.errors import ClaimFailed
from hubel.workflows.evaluating import page_images
from hubel.workflows.training import finished, write_run


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes that colour tells apart."""
    folder, rng = tmp_path_factory.mktemp("corpus") / "photos", np.random.default_rng(0)
    for place, name in enumerate(("blue", "red")):
        (folder / name).mkdir(parents=True)
        for number in range(60):
            pixels = rng.integers(0, 120, (16, 16, 3), dtype=np.uint8)
            pixels[..., 2 - 2 * place] += 100
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[type]:
    """The engine of whoever covers images and draws maps."""
    engines: list[type] = []

    def listened(place: Any, name: str) -> None:
        real = getattr(place, name)

        def ask(classifier: Any, *args: Any, **named: Any) -> Any:
            engines.append(type(classifier.engine))
            return real(classifier, *args, **named)

        monkeypatch.setattr(place, name, ask)

    listened(write_run, "where_it_looks")
    listened(page_images, "mark")
    listened(page_images, "mark_and_score")
    return engines


WISHES: dict[str, Any] = {"architecture": "small-cnn", "epochs": 1}


def test_images_are_covered_and_maps_drawn_by_the_compiled_graph(photos: Path, tmp_path: Path, heard: list[type]):
    run = hubel.train(photos, tmp_path / "run", **WISHES)
    assert len(heard) > 2
    assert set(heard) == {OnnxEngine}
    assert isinstance(run.classifier.engine, KerasEngine)  # what the scores are of
    assert (tmp_path / "run/classifier" / GRAPH).exists()
    assert "data:image" in (tmp_path / "run/report.html").read_text()


def test_a_graph_that_does_not_answer_alike_answers_nothing(
    photos: Path, tmp_path: Path, heard: list[type], monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: Any, **__: Any) -> None:
        raise ClaimFailed("A probability differs by 0.5.")

    monkeypatch.setattr("hubel.engines.keras_artefact.compile_classifier", fail)
    said: list[str] = []
    hubel.train(photos, tmp_path / "run", on_event=lambda event: said.append(str(getattr(event, "text", ""))), **WISHES)
    assert set(heard) == {KerasEngine}
    assert not (tmp_path / "run/classifier" / GRAPH).exists()
    assert [text for text in said if "without a compiled graph" in text and "differs by 0.5" in text]


@pytest.mark.parametrize(("on_card", "has_graph", "answers"), [(False, True, 2), (False, False, 1), (True, True, 1)])
def test_a_graphics_card_answers_with_keras(
    monkeypatch: pytest.MonkeyPatch, on_card: bool, has_graph: bool, answers: int
):
    monkeypatch.setattr(finished, "on_accelerator", lambda: on_card)
    scored, compiled = SimpleNamespace(classifier=1), SimpleNamespace(classifier=2)
    some: dict[str, Any] = dict.fromkeys(("request", "prepared", "fitted", "so_far"))
    made = finished.Finished(
        **some, scored=cast("Any", scored), training_s=1, compiled=cast("Any", compiled) if has_graph else None
    )
    assert made.answering == answers
