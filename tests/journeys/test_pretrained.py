"""Pretrained backbones, on weights made here: no download, the same code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import typed

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model, pretrained_weights, set_backbone_weights
from hubel.architectures.families.pretrained import BACKBONE, PRETRAINED
from hubel.backends.framework import keras
from hubel.engines.backbone_engine import describe_by
from hubel.engines.catalogue import load_classifier
from hubel.errors import WeightsNotAvailable, WrongRequest
from hubel.training.recipe import Recipe
from hubel.training.transfer import HeadLesson, SplitFeatures, compute_features, fit_head

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    PRETRAINED["mobilenet"].make(keras, (224, 224), alpha=0.25).save_weights(path)
    return path


def test_weights_of_one_size_fit_another(weights_file: Path):
    weights = pretrained_weights("mobilenet", 0.25, source=str(weights_file))
    model = build_model(make_blueprint("mobilenet", (64, 64), classes=3))
    set_backbone_weights(model, weights)
    for got, given in zip(model.get_layer(BACKBONE).get_weights(), weights, strict=True):
        np.testing.assert_array_equal(got, given)


def test_a_file_of_another_width_is_refused(weights_file: Path):
    with pytest.raises(WrongRequest, match=r"does not hold the weights of mobilenet with alpha 0\.5"):
        pretrained_weights("mobilenet", 0.5, source=str(weights_file))


def test_an_alpha_without_imagenet_weights_names_those_that_have_some():
    with pytest.raises(WrongRequest, match=r"0\.25, 0\.5, 0\.75, 1\. Received: 0\.3"):
        pretrained_weights("mobilenet", 0.3, source="imagenet")


def test_a_missing_file_is_named():
    with pytest.raises(
        WeightsNotAvailable, match="There is no weights file 'gone.h5'. Give imagenet, none, or a Keras weights file"
    ):
        pretrained_weights("mobilenet", 0.25, source="gone.h5")


def test_the_head_in_the_model_gives_what_it_gave_on_the_features():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    model = build_model(make_blueprint("mobilenet", (32, 32), classes=2))
    images = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(40) % 2
    images[labels == 1] //= 3  # dark and bright
    everything = np.arange(40)
    engine = describe_by(model)
    plain = compute_features(engine, images, indices=everything, stage="features")
    np.testing.assert_allclose(
        plain,
        np.asarray(keras.ops.convert_to_numpy(feature_model(model)(images.astype(np.float32)))),
        rtol=1e-3,
        atol=1e-4,
    )
    mirrored = compute_features(engine, images, indices=everything, mirrored=True, stage="features")
    np.testing.assert_allclose(
        mirrored, compute_features(engine, images[:, :, ::-1], indices=everything, stage="x"), rtol=1e-5, atol=1e-6
    )
    recipe = Recipe(epochs=30, batch_size=16, optimizer="adamw", learning_rate=0.01, patience=1.0)
    lesson = HeadLesson(SplitFeatures(plain, mirrored, plain), labels, labels, np.ones(2, np.float32))
    history = fit_head(model, lesson, recipe=recipe)
    logits = np.asarray(keras.ops.convert_to_numpy(model(images.astype(np.float32))))
    best = max(row.validation_accuracy for row in history.rows)
    assert (logits.argmax(axis=1) == labels).mean() == pytest.approx(best, abs=0.03)
    assert best > 0.9


def test_features_head_and_fine_tuning_through_the_command_line(colours: Path, weights_file: Path, tmp_path: Path):
    words = ("--architecture", "mobilenet", "--weights", weights_file, "--image-size", 32, "--epochs", 2)
    done = typed("train", colours, "-o", tmp_path / "run", *words)
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run/run.json").read_text())
    assert set(run["recipe"]) == {"head", "fine-tune"}
    assert run["recipe"]["fine-tune"]["epochs"] == 2
    assert [phase["epochs"] for phase in run["clock_decided"]] == [40, 2]
    classifier = load_classifier(tmp_path / "run")
    assert classifier.predict(colours / "red/00.png").class_name in classifier.class_names


def test_a_backbone_can_be_trained_from_scratch(colours: Path, tmp_path: Path):
    words = ("--architecture", "mobilenet", "--weights", "none", "--image-size", 32, "--epochs", 2)
    done = typed("train", colours, "-o", tmp_path / "run", *words)
    assert done.returncode == 0, done.stderr
    spec = load_classifier(tmp_path / "run").blueprint.to_json()["spec"]
    assert spec["fixed_statistics"] is False
