"""A run is repeated and held against itself, as a user types it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from tests.commands import typed
from tests.conftest import COLOURS, speckled, write_image
from tests.journeys.test_train_and_predict import rows

import hubel
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.families.pretrained import PRETRAINED
from hubel.backends.framework import keras
from hubel.corpus.formats.catalogue import read_corpus

Typed = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three colours, a broken image."""
    root = tmp_path_factory.mktemp("corpora") / "colours"
    rng = np.random.default_rng(1)
    for name, colour in COLOURS.items():
        for number in range(12):
            write_image(root / name / f"{number:02}.png", speckled(colour, rng=rng, height=16, width=16))
    (root / "red/broken.jpg").write_bytes(b"<html>not found</html>")
    return root


@pytest.fixture
def tidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """A command; what it makes in the folder for temporary files must be gone at its end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def run(*words: object) -> CompletedProcess[str]:
        done = typed(*words)
        assert list(temporary.iterdir()) == []
        return done

    return run


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    done = typed("train", corpus, "-o", out, "--epochs", 2, "--architecture", "small-cnn", "--seed", 3)
    assert done.returncode == 4  # one image is refused
    return out


@pytest.mark.backend
@pytest.mark.filterwarnings("default:(?s).*structure of `inputs`:UserWarning")  # Keras on PyTorch, of its own predict
def test_a_run_on_a_moved_corpus_is_the_same_and_kept_where_the_user_says(
    tidy: Typed, run: Path, corpus: Path, tmp_path: Path
):
    moved = tmp_path / "moved"
    shutil.copytree(corpus, moved)
    write_image(moved / "red/new.png", speckled((9, 9, 9), rng=np.random.default_rng(5)))
    done = tidy("reproduce", run, moved, "-o", tmp_path / "again")
    assert done.returncode == 0, done.stderr
    predictions = len(rows(run / "predictions.csv"))
    assert done.stdout.splitlines()[0] == (f"The same: weights to the bit, all {predictions} predictions, every score.")
    assert "1 image is new, and left out when the run is repeated: red/new.png" in done.stdout
    for name in ("classifier/weights.safetensors", "predictions.csv", "split.csv", "fingerprints.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (run / name).read_bytes(), name
    then, now = (json.loads((each / "run.json").read_text()) for each in (run, tmp_path / "again"))
    assert now["request"] == {**then["request"], "weights": "none", "tta": "none"}  # as was decided then
    assert (then["request"]["seed"], then["request"]["epochs"]) == (3, 2)
    refused = tidy("reproduce", run, moved, "-o", run)
    assert refused.returncode == 3
    assert "already holds a run (metrics.json). Choose another folder: -o FOLDER." in refused.stderr


def test_a_changed_image_stops_it_before_training_and_anyway_says_what_came_of_it(
    tidy: Typed, run: Path, corpus: Path, tmp_path: Path
):
    changed = tmp_path / "changed"
    shutil.copytree(corpus, changed)
    path = next(row["path"] for row in rows(run / "split.csv") if row["split"] == "train")
    write_image(changed / path, speckled((250, 250, 0), rng=np.random.default_rng(7), height=16, width=16))
    done = tidy("reproduce", run, changed)
    assert done.returncode == 3
    assert f"1 image is changed: {path}" in done.stderr
    assert f"hubel reproduce {run} --anyway" in done.stderr
    assert "Plan" not in done.stderr
    assert "Traceback" not in done.stderr
    done = tidy("reproduce", run, changed, "--anyway")
    assert done.returncode == 5, done.stderr
    first, weights, predictions, accuracy, *_ = done.stdout.splitlines()
    assert first.startswith("Not the same: different weights, ")
    assert weights.startswith("  weights      SHA-256 ")
    assert f" of {len(rows(run / 'predictions.csv'))} name a different class; largest difference" in predictions
    told = json.loads((run / "metrics.json").read_text())["test"]["accuracy"]
    assert f"{told:.4f} then" in accuracy
    assert f"  corpus       1 image is changed: {path}" in done.stdout.splitlines()


def test_a_version_that_is_not_the_one_of_then_is_named(tidy: Typed, run: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path / "run")
    document = json.loads((run / "run.json").read_text())
    document["versions"]["keras"] = "2.0.1"
    (tmp_path / "run/run.json").write_text(json.dumps(document))
    done = tidy("reproduce", tmp_path / "run", "--json")
    assert done.returncode == 0, done.stderr
    assert "Changed since the run: keras: 2.0.1 then, " in done.stderr
    told = json.loads(done.stdout)
    assert (told["same"], told["out"]) == (True, None)
    assert told["result"]["weights_then"] == told["result"]["weights_now"]
    (difference,) = told["differences"]
    assert difference["about"] == "versions"


def test_of_a_run_with_a_time_limit_it_is_said_before_that_the_clock_decided(tidy: Typed, corpus: Path, tmp_path: Path):
    words = ("--epochs", 2, "--time-limit", "60s", "--architecture", "small-cnn")
    assert tidy("train", corpus, "-o", tmp_path / "run", *words).returncode == 4
    done = tidy("reproduce", tmp_path / "run")
    assert done.returncode in (0, 5)
    clock = "here was a time limit of 60 s: the clock decided"
    assert done.stderr.index(f"T{clock}") < done.stderr.index("Plan")
    assert f"t{clock}" in done.stdout
    assert "gave another result on this machine" not in done.stdout


def test_a_run_from_python_on_the_built_in_digits_with_a_network_of_its_own(
    tidy: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()  # is not the corpus
    spec = CnnSpec((8, 8), 10, groups=(Group(8),), dropout=0.2)
    hubel.train(read_corpus("digits"), tmp_path / "run", architecture=spec, epochs=1)
    assert json.loads(Path("run/run.json").read_text())["corpus"]["location"] == "digits"
    done = tidy("reproduce", tmp_path / "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trained again on digits" in done.stdout


def test_a_pretrained_run_begins_with_the_same_file_of_weights(tidy: Typed, corpus: Path, tmp_path: Path):
    file, run = tmp_path / "mobilenet.weights.h5", tmp_path / "run"
    PRETRAINED["mobilenet"].make(keras, (224, 224), alpha=0.25).save_weights(file)
    assert tidy("train", corpus, "-o", run, "--weights", file, "--image-size", 32).returncode == 4
    done = tidy("reproduce", run)
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_bytes(file.read_bytes() + b"x")
    done = tidy("reproduce", run)
    assert done.returncode == 3
    assert f"the weights in {file} have changed" in done.stderr
