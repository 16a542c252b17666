"""A network of the user's own, from the file to a prediction."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.commands import typed

import hubel
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_artefact import save_classifier
from hubel.errors import DamagedArtefact, WrongRequest

pytestmark = pytest.mark.backend

NETWORK = """
head = "average"
dense_units = [16]
dropout = 0.1

[[groups]]
filters = 8
pooling = "sum"
padding = "valid"
"""


def test_a_network_written_in_a_file_is_trained_saved_and_used(tmp_path: Path):
    path, run = tmp_path / "my-net.toml", tmp_path / "run"
    path.write_text(NETWORK)
    done = typed("train", "digits", "-o", run, "--architecture", path, "--epochs", 1, "--batch-size", 128)
    assert done.returncode == 0, done.stderr
    assert "my-net" in done.stderr
    expected = {"filters": 8, "convolutions": 1, "kernel_size": 3, "pooling": "sum", "window": 2, "padding": "valid"}
    document = json.loads((run / "run.json").read_text())
    assert document["architecture"]["name"] == "my-net"
    assert document["architecture"]["spec"]["groups"] == [expected]
    assert document["recipe"]["train"]["optimizer"] == "adamw"
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["model"]["architecture"] == "my-net"
    path.unlink()  # the artefact needs nothing but itself
    image = tmp_path / "digit.png"
    from PIL import Image

    Image.fromarray(np.full((8, 8), 200, np.uint8)).save(image)
    answered = typed("predict", run, image)
    assert answered.returncode == 0, answered.stderr
    assert "digit.png" in answered.stdout


def test_a_spec_made_in_python_is_trained(tmp_path: Path):
    spec = CnnSpec((10, 8), 10, groups=(Group(4, kernel_size=2),), shared=False, batch_normalisation=False)
    with pytest.raises(WrongRequest, match="for 3 classes, the corpus has 10"):
        hubel.train("digits", tmp_path / "refused", architecture=replace(spec, classes=3), epochs=1)
    run = hubel.train("digits", tmp_path / "run", architecture=spec, epochs=1)
    assert run.classifier.blueprint == Blueprint("own", spec)
    again = load_classifier(tmp_path / "run", engine="keras")
    images = np.random.default_rng(0).integers(0, 256, (3, 10, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(again.compute_logits(images), run.classifier.compute_logits(images))


def test_an_artefact_for_other_than_three_channels_is_refused(tmp_path: Path):
    spec = CnnSpec((6, 6), 10, groups=(Group(2),))
    run = hubel.train("digits", tmp_path / "run", architecture=spec, epochs=1)
    grey = Blueprint("own", replace(spec, channels=1))
    save_classifier(replace(run.classifier, blueprint=grey), tmp_path / "grey", made_by="a test")
    with pytest.raises(DamagedArtefact, match="has 1 channels, images have 3"):
        load_classifier(tmp_path / "grey")


def test_a_wrong_file_ends_with_code_2_before_anything_is_read(tmp_path: Path):
    path = tmp_path / "my-net.toml"
    path.write_text("[[groups]]\nfilter = 8\n")
    done = typed("train", "digits", "-o", tmp_path / "run", "--architecture", path)
    assert done.returncode == 2
    assert "group 1: there is no field 'filter'" in " ".join(done.stderr.split())
    assert not (tmp_path / "run").exists()
