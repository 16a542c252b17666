"""``hubel train --tta mirror``: the classifier answers with the mean at every door, and nobody has to ask for it again."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.commands import typed
from tests.conftest import COLOURS, speckled, write_image
from tests.journeys.test_train_and_predict import rows

import hubel
from hubel.workflows.training import learning_curve

WORDS = "answers with the mean of each image and its mirror image"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three muddy colours, darker on one side, so that a network makes something else of a mirror image."""
    root, rng = tmp_path_factory.mktemp("corpora") / "muddy", np.random.default_rng(1)
    shade = np.linspace(0.4, 1.0, 16)[None, :, None]
    for name, colour in COLOURS.items():
        muddy = tuple(int(110 + (value - 110) / 4) for value in colour)
        for number in range(60):
            pixels = speckled(muddy, rng=rng, height=16, width=16) * shade
            write_image(root / name / f"{number:02}.png", pixels.astype(np.uint8))
    return root


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        wrap = learning_curve.with_tta
        patch.setattr(learning_curve, "with_tta", lambda engine, tta: asked.append(tta) or wrap(engine, tta))
        words = ("--epochs", 2, "--architecture", "small-cnn", "--tta", "mirror", "--learning-curve")
        done = typed("train", corpus, "-o", out, *words)
    assert done.returncode == 0, done.stderr
    assert f"This classifier {WORDS}; the scores are of these answers." in done.stdout
    assert "learned from no mirror images" not in done.stderr
    assert asked == ["mirror", "mirror"]  # each part of the learning curve
    return out


def by_plain_keras(run: Path, files: list[Path]) -> np.ndarray:
    """Probabilities from two plain computations of the network, by NumPy."""
    classifier = hubel.load(run)
    pixels = np.stack([classifier.read_pixels(file) for file in files]).astype(np.float32)
    logits = [np.asarray(classifier.model.predict(each, verbose=0)) for each in (pixels, pixels[:, :, ::-1])]
    assert np.abs(logits[0] - logits[1]).max() > 1e-2
    mean = (logits[0].astype(np.float64) + logits[1]) / 2 / classifier.calibration.temperature
    exponentials = np.exp(mean - mean.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_every_door_gives_the_mean_of_two_plain_computations(run: Path, corpus: Path):
    written = rows(run / "predictions.csv")
    files = [corpus / row["path"] for row in written]
    expected = by_plain_keras(run, files)
    names = hubel.load(run).class_names
    np.testing.assert_allclose([[float(row[name]) for name in names] for row in written], expected, atol=1e-5)
    predicted = hubel.load(run).predict(list(map(str, files)))
    np.testing.assert_allclose([list(each.probabilities.values()) for each in predicted], expected, atol=1e-5)
    done = typed("predict", run, files[0], "--json")
    told = json.loads(done.stdout)[0]["probabilities"]
    np.testing.assert_allclose([told[name] for name in names], expected[0], atol=1e-5)


def test_it_is_written_down_and_said(run: Path):
    document = json.loads((run / "run.json").read_text())
    assert document["tta"] == document["request"]["tta"] == "mirror"
    assert json.loads((run / "classifier/manifest.json").read_text())["tta"] == "mirror"
    page = re.sub(r"\s+", " ", (run / "report.html").read_text())
    assert "<dt>how it answers</dt> <dd>with the mean of each image and its mirror image" in page
    done = typed("verify", run)
    assert done.returncode == 0, done.stdout
    assert WORDS in done.stdout
    traced = typed("trace", run, "digits:8", "--layer", "logits")
    assert f"This run {WORDS}. The values of a layer are of the image as it is" in traced.stdout


def test_the_score_comes_out_again(run: Path):
    done = typed("evaluate", run, "--json")
    assert done.returncode == 0, done.stderr
    told, written = (each["test"] for each in (json.loads(done.stdout), json.loads((run / "metrics.json").read_text())))
    assert told["accuracy"] == written["accuracy"]
    assert told["log_loss"] == pytest.approx(written["log_loss"], abs=1e-5)


def test_the_run_is_reproduced_with_it_also_where_the_user_left_it_open(run: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path / "run")
    document = json.loads((run / "run.json").read_text())
    document["request"]["tta"] = None
    (tmp_path / "run/run.json").write_text(json.dumps(document))
    done = typed("reproduce", tmp_path / "run", "-o", tmp_path / "again")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("The same: weights to the bit")
    assert json.loads((tmp_path / "again/classifier/manifest.json").read_text())["tta"] == "mirror"


def test_python_trains_the_same_classifier_and_without_it_another(run: Path, corpus: Path, tmp_path: Path):
    words = {"epochs": 2, "architecture": "small-cnn"}
    mirrored = hubel.train(corpus, tmp_path / "mirrored", tta="mirror", **words)
    assert WORDS in repr(mirrored.classifier)
    assert mirrored.metrics["test"] == json.loads((run / "metrics.json").read_text())["test"]
    plain = hubel.train(corpus, tmp_path / "plain", **words)
    assert (plain.classifier.tta, json.loads((plain.path / "run.json").read_text())["tta"]) == ("none", "none")
    assert json.loads((plain.path / "classifier/manifest.json").read_text())["format"] == 5
    assert "how it answers" not in (plain.path / "report.html").read_text()
    for mine, other in zip(plain.classifier.model.get_weights(), mirrored.classifier.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert plain.metrics["test"]["log_loss"] != mirrored.metrics["test"]["log_loss"]
