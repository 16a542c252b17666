"""A small trained run, and its export to ONNX, which tests copy and spoil."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.conftest import write_image

import hubel
from hubel.engines.catalogue import load_classifier
from hubel.events import OnEvent, ignore
from hubel.exports import gate
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model
from hubel.exports.run_program import ProgramAnswers
from hubel.workflows.exporting.export import model_of
from hubel.workflows.exporting.held_out import held_out_files
from hubel.workflows.exporting.own_images import OwnImages, find_own_images

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
def own(run: hubel.Run) -> OwnImages:
    """The images of the run."""
    return find_own_images(run.path)


@pytest.fixture(scope="package")
def model(own: OwnImages) -> Model:
    """What is exported."""
    return model_of(own, load_classifier(own.run))


@pytest.fixture(scope="package")
def files(own: OwnImages) -> Iterator[HeldOutFiles]:
    """The test images of the run."""
    with held_out_files(own, most=256) as files:
        yield files


@pytest.fixture(scope="package")
def exported(run: hubel.Run, tmp_path_factory: pytest.TempPathFactory) -> hubel.Export:
    """To ONNX."""
    return hubel.export(run, format="onnx", out=tmp_path_factory.mktemp("exports") / "onnx")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of an export runs from its files, but in this process: a start takes longer than all it does."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(gate, "run_program", run_here)


def run_here(folder: Path, paths: Sequence[Path], *, on_event: OnEvent = ignore) -> ProgramAnswers:
    """What `run_program` gives."""
    program, network = (loaded(folder / name) for name in ("classify.py", "network.py"))
    description = json.loads((folder / "classifier.json").read_text())
    compute = network.open_network(folder)
    answers = program.answers(iter(map(str, paths)), description, compute=compute)
    return ProgramAnswers(tuple(json.loads(json.dumps(row)) for row in answers), 1e-3)


def loaded(path: Path) -> ModuleType:
    """A file of an export as a module."""
    spec = importlib.util.spec_from_file_location(f"exported_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "made" / "export"
