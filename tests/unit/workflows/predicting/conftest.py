"""A classifier of handwritten digits without a framework, and images for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hubel
from hubel.classifier.classifier import Classifier
from hubel.workflows.predicting import to_file
from hubel.workflows.predicting.to_file import FileWishes, Written, predict_to_file

RUN = Path(__file__).parents[3] / "museum" / "format-5"
COUNT = 150
"""Images in `photos`: three groups."""


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return hubel.load(RUN, engine="onnx")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Images, among them some that are none, in two folders."""
    folder, chance = tmp_path / "photos", np.random.default_rng(0)
    (folder / "more").mkdir(parents=True)
    for number in range(COUNT):
        place = folder / "more" if number % 3 else folder
        Image.fromarray(chance.integers(0, 256, (8, 8, 3), np.uint8)).save(place / f"{number:03}.png")
    for number in (7, 70, 140):
        (folder / "more" / f"{number:03}.png").write_bytes(b"broken")
    for name in ("notes.txt", "more/list.csv"):
        (folder / name).write_text("beside")
    return folder


@pytest.fixture
def each_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is written after every group."""
    monkeypatch.setattr(to_file, "SECONDS_BETWEEN_POINTS", 0.0)


def write(classifier: Classifier, photos: Path, out: Path, **wishes) -> Written:
    return predict_to_file(classifier, [str(photos)], wishes=FileWishes(out, **wishes), run=RUN)
