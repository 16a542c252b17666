"""A small trained run, and its export to ONNX, which tests copy and spoil."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image

import hubel
from hubel.engines.catalogue import load_classifier
from hubel.exports.description import describe
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model
from hubel.workflows.exporting.held_out import held_out_files

CLASSES = {"above": (200, 40, 40), "below": (40, 60, 200), "both": (40, 180, 60)}


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> hubel.Run:
    """Of wide images whose parts differ in colour, so that order of channels, scale and resizing all matter."""
    root, rng = tmp_path_factory.mktemp("exported"), np.random.default_rng(5)
    for name, colour in CLASSES.items():
        for number in range(20):
            pixels = rng.integers(0, 90, (24, 44, 3)).astype(np.uint8)
            rows = {"above": slice(0, 12), "below": slice(12, 24), "both": slice(0, 24)}[name]
            pixels[rows, 4:16] = np.clip(np.array(colour) + rng.integers(-40, 41, (1, 1, 3)), 0, 255)
            write_image(root / "photos" / name / f"{number:02}.png", pixels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBEL_CACHE", str(root / "cache"))
        return hubel.train(
            root / "photos", root / "run", architecture="small-cnn", image_size=16, resize="squash", epochs=4
        )


@pytest.fixture(scope="package")
def model(run: hubel.Run) -> Model:
    """What is exported."""
    classifier = load_classifier(run.path)
    return Model(run.path, classifier, describe(classifier))


@pytest.fixture(scope="package")
def files(model: Model) -> Iterator[HeldOutFiles]:
    """The test images of the run."""
    with held_out_files(model) as files:
        yield files


@pytest.fixture(scope="package")
def exported(run: hubel.Run, tmp_path_factory: pytest.TempPathFactory) -> hubel.Export:
    """To ONNX."""
    return hubel.export(run, format="onnx", out=tmp_path_factory.mktemp("exports") / "onnx")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "made" / "export"
