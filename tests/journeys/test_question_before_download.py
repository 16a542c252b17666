"""Before anything is downloaded unasked, whoever sits at the terminal is asked; a script is not, and downloads nothing."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import COLOURS, environment, speckled, write_image

pytestmark = pytest.mark.timeout(180)

CHILD = """
import sys
from keras.src.applications import mobilenet

def get_file(name, origin, **_):
    print("KERAS WAS ASKED FOR", origin, file=sys.stderr)
    raise Exception("the line is dead")

mobilenet.file_utils.get_file = get_file
from hubel.cli.main import main
main(sys.argv[1:])
"""
"""Keras would download by `get_file`; here it says so, and fails."""
QUESTION = "Download the ImageNet weights of mobilenet (about 1 MB) from storage.googleapis.com? [y/N]:"
DOWNLOADING = "KERAS WAS ASKED FOR https://storage.googleapis.com/"
PATCHES = "The labels are checked by what patches of these images look like"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Small photographs of three classes."""
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        for number in range(12):
            write_image(tmp_path / f"photos/{name}/{number:02}.png", speckled(colour, rng=rng, height=64, width=64))
    return tmp_path / "photos"


def at_a_terminal(words: list[str], answer: str, folder: Path) -> tuple[int, str]:
    """The exit code and all that a command shows at a terminal where this is typed when it asks."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *words], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
        env=environment(KERAS_HOME=str(folder / "keras"), COLUMNS="400"),
    )  # fmt: skip
    os.close(theirs)
    shown, answered, end = b"", False, time.monotonic() + 150
    with contextlib.suppress(OSError):  # Linux: the terminal is gone when its last program is
        while part := os.read(ours, 1 << 16):
            shown += part
            if not answered and b"[y/N]:" in shown:
                os.write(ours, answer.encode())
                answered = True
            assert time.monotonic() < end, shown
    os.close(ours)
    return child.wait(30), shown.decode()


AUDIT = ["audit", "photos", "--suspect-labels", "--time-limit", "10s"]


def test_a_yes_has_keras_download_and_its_failure_is_said_as_one(photos: Path):
    code, shown = at_a_terminal(AUDIT, "y\n", photos.parent)
    assert QUESTION in shown
    assert DOWNLOADING in shown
    assert code == 3
    assert "cannot be downloaded from storage.googleapis.com (" in shown
    assert "the line is dead" in shown
    assert "Hubel downloads nothing without asking" not in shown
    assert PATCHES not in shown


@pytest.mark.parametrize("answer", ["n\n", "\n"], ids=["no", "enter"])
def test_a_no_goes_on_without_them(photos: Path, answer: str):
    code, shown = at_a_terminal(AUDIT, answer, photos.parent)
    assert QUESTION in shown
    assert DOWNLOADING not in shown
    assert PATCHES in shown
    assert code == 0


def test_training_asks_too_and_a_no_trains_from_scratch(photos: Path):
    words = ["train", "photos", "-o", "run", "--epochs", "1", "--image-size", "32"]
    code, shown = at_a_terminal(words, "n\n", photos.parent)
    assert QUESTION in shown
    assert DOWNLOADING not in shown
    assert "Training residual from scratch instead" in shown
    assert code == 0
    assert (photos.parent / "run/classifier").is_dir()


def test_a_script_is_not_asked_and_named_weights_are_not_asked_about(photos: Path):
    given = environment(KERAS_HOME=str(photos.parent / "keras"))
    options = {"capture_output": True, "text": True, "env": given, "cwd": photos.parent, "stdin": subprocess.DEVNULL}
    done = subprocess.run([sys.executable, "-c", CHILD, *AUDIT], timeout=150, check=False, **options)
    assert done.returncode == 0, done.stderr
    assert "Download the" not in done.stderr + done.stdout
    assert DOWNLOADING not in done.stderr
    words = [*AUDIT, "--weights", "imagenet"]
    code, shown = at_a_terminal(words, "", photos.parent)
    assert "Download the" not in shown
    assert DOWNLOADING in shown
    assert code == 3
