"""A small classifier with random weights to look into, and commands typed beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.classifier.classifier import Classifier
from hubel.cli.main import main
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing

Typed = Callable[[str], tuple[int, str, str]]


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With ``run``, a classifier of a, b and c, and ``image.png``."""
    folder = tmp_path_factory.mktemp("looked-at")
    blueprint = make_blueprint("small-cnn", (16, 16), classes=3)
    classifier = Classifier(KerasEngine(build_model(blueprint)), blueprint, ("a", "b", "c"), Preprocessing(16, 16))
    save_classifier(classifier, folder / "run" / "classifier", made_by="a test")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)).save(folder / "image.png")
    return folder


@pytest.fixture
def typed(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Words of a command → (exit code, standard output, standard error); typed in that folder."""

    def run(words: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit) as end:
            main(words.split())
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return run
