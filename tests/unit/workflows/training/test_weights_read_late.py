"""ImageNet weights that lie on the machine are read when the images are: until then nobody waits for the framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import speckled, write_image

from hubel.errors import WeightsNotAvailable
from hubel.events import Event, Message, Progress, ignore
from hubel.runs.request import TrainRequest
from hubel.workflows.training import intake
from hubel.workflows.training.intake import prepare_training

FILE = "models/mobilenet_2_5_224_tf_no_top.h5"


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Large enough for a pretrained backbone."""
    rng = np.random.default_rng(0)
    for name, colour in {"red": (200, 40, 40), "blue": (40, 60, 200)}.items():
        for number in range(10):
            pixels = speckled(colour, rng=rng, height=80, width=96)
            write_image(tmp_path / "photos" / name / f"{number}.png", pixels)
    return tmp_path / "photos"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of Keras with a file of the weights that is no such file."""
    file = tmp_path / "keras" / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half a downlo")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return file


def test_they_are_read_behind_the_last_image(
    photographs: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    heard: list[object] = []

    def read(name: str, alpha: float, *, source: str) -> list[np.ndarray]:
        heard.append((name, alpha, source))
        return [np.zeros(3)]

    monkeypatch.setattr(intake, "pretrained_weights", read)
    prepared = prepare_training(
        TrainRequest(photographs, tmp_path / "run"),
        None,
        on_event=lambda event: heard.append(event.stage if isinstance(event, Progress) else event),
    )
    assert prepared.chosen.architecture == "mobilenet"
    assert [each.tolist() for each in prepared.chosen.pretrained or ()] == [[0, 0, 0]]
    assert prepared.decoded.images.shape == (20, 96, 96, 3)
    place = heard.index(("mobilenet", 0.25, "imagenet"))
    assert "decoding and measuring" in heard[:place]
    assert "decoding and measuring" not in heard[place:]


def test_a_damaged_file_is_named_and_a_network_from_scratch_is_trained(photographs: Path, home: Path, tmp_path: Path):
    heard: list[Event] = []
    prepared = prepare_training(TrainRequest(photographs, tmp_path / "run"), None, on_event=heard.append)
    assert (prepared.chosen.architecture, prepared.chosen.weights) == ("residual", "none")
    assert prepared.decoded.images.shape[1:3] == prepared.chosen.preprocessing.size
    (told,) = (str(event.text) for event in heard if isinstance(event, Message) and "ImageNet" in str(event.text))
    assert told.startswith(f"The ImageNet weights of mobilenet in {home} cannot be used (")
    assert "Delete the file." in told
    assert told.endswith("Training residual from scratch instead.")


@pytest.mark.parametrize("wish", [{"architecture": "mobilenet"}, {"weights": "imagenet"}], ids=str)
def test_who_named_them_is_told_that_the_file_is_damaged(
    photographs: Path, home: Path, tmp_path: Path, wish: dict[str, Any]
):
    with pytest.raises(WeightsNotAvailable, match="cannot be used .* Delete the file"):
        prepare_training(TrainRequest(photographs, tmp_path / "run", **wish), None, on_event=ignore)
