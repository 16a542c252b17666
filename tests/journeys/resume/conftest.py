"""A run in one go, and one that was killed: what every test of ``--resume`` begins from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_image
from tests.journeys.storm import WISHES, Killed, killed_in

import hubel
from hubel.workflows.training.checkpointing import EVERY_EPOCH


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EVERY_EPOCH, "1")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes that are not told apart at once."""
    root, rng = tmp_path_factory.mktemp("corpus") / "photos", np.random.default_rng(1)
    for name, colour in (("red", (140, 110, 110)), ("green", (110, 130, 110)), ("blue", (110, 110, 140))):
        for number in range(20):
            write_image(root / name / f"{number:02}.png", speckled(colour, rng=rng))
    return root


@pytest.fixture(scope="session")
def whole(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in one go."""
    out = tmp_path_factory.mktemp("whole") / "run"
    hubel.train(photos, out, **WISHES)
    return out


@pytest.fixture(scope="session")
def killed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in its fourth epoch."""
    out = tmp_path_factory.mktemp("killed") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(EVERY_EPOCH, "1")
        with pytest.raises(Killed):
            hubel.train(photos, out, on_event=killed_in(4), **WISHES)
    return out


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    """A copy of the killed run."""
    return Path(shutil.copytree(killed, tmp_path / "run"))
