"""A classifier with replaced weights: both engines compute with the same ones, and the classifier stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.made.saved import save_with_graph

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.backends.framework import keras
from hubel.classifier.artefact import Parts, read_parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.mirrored import MirroredEngine, with_tta
from hubel.engines.catalogue import load_classifier
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_engine import KerasEngine
from hubel.engines.onnx_engine import OnnxEngine
from hubel.explanation.assessment.randomisation import redraw
from hubel.explanation.assessment.randomised import Replaceable
from hubel.graphs.other_weights import weight_order
from hubel.images.preprocessing import Preprocessing

pytestmark = pytest.mark.backend
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
FEW = IMAGES[:5]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def saved(folder: Path, architecture: str, *, graph: bool = True, mirrored: bool = False) -> tuple[Classifier, Parts]:
    keras.utils.set_random_seed(0)
    blueprint = make_blueprint(architecture, (32, 32), classes=3)
    model = build_model(blueprint)
    drawn = np.random.default_rng(1)
    model.set_weights([np.abs(each + drawn.normal(0, 0.1, each.shape)) for each in model.get_weights()])
    engine = with_tta(KerasEngine(model), "mirror" if mirrored else "none")
    made = Classifier(engine, blueprint, ("a", "b", "c"), Preprocessing(32, 32))
    held_out = HeldOut(IMAGES, np.arange(len(IMAGES))) if graph else None
    save_with_graph(made, folder / "classifier", held_out=held_out)
    return load_classifier(folder), read_parts(folder / "classifier")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Parts]:
    return saved(tmp_path_factory.mktemp("residual"), "residual")


@pytest.mark.parametrize("architecture", ["residual", "mobilenet"])
def test_the_compiled_graph_and_keras_answer_alike_with_replaced_weights(architecture: str, tmp_path: Path):
    classifier, parts = saved(tmp_path, architecture)
    order = weight_order(parts.graph) if parts.graph else []
    tensors = redraw({name: parts.tensors[name] for name in order}, rng=np.random.default_rng(0))
    other = Replaceable(classifier, parts).with_weights(tensors)
    assert isinstance(other.engine, OnnxEngine)
    logits = other.compute_logits(FEW)
    assert Replaceable(classifier, parts).stages[0] == (order[-1].rpartition("/")[0],)
    expected = KerasEngine(other.model).compute_logits(FEW)
    np.testing.assert_allclose(logits, expected, atol=1e-4 * np.abs(expected).max())
    assert np.abs(logits - classifier.compute_logits(FEW)).max() > 1e-3


def test_the_weights_come_in_the_order_of_the_computation(made: tuple[Classifier, Parts]):
    _, parts = made
    assert parts.graph is not None
    order = weight_order(parts.graph)
    assert (order[0].partition("/")[0], order[-1]) == ("stem", "logits_unscaled/kernel")
    assert set(order) == set(parts.tensors)


def test_the_first_has_another_top_layer_and_the_last_other_weights_everywhere(made: tuple[Classifier, Parts]):
    classifier, parts = made
    before, kept = classifier.compute_logits(FEW), {name: each.copy() for name, each in parts.tensors.items()}
    first, *_, last = Replaceable(classifier, parts).randomised(np.random.default_rng(0))
    assert np.abs(first.compute_logits(FEW) - before).max() > 1e-3
    features = [each.embed(list(FEW)) for each in (classifier, first, last)]
    np.testing.assert_allclose(features[1], features[0], atol=1e-5 * np.abs(features[0]).max())
    assert np.abs(features[2] - features[0]).max() > 1e-3
    np.testing.assert_array_equal(classifier.compute_logits(FEW), before)
    for name, values in kept.items():
        np.testing.assert_array_equal(parts.tensors[name], values)


def test_without_a_graph_the_weights_are_replaced_in_keras(tmp_path: Path):
    classifier, parts = saved(tmp_path, "residual", graph=False)
    before = classifier.embed(list(FEW))
    first, *_, last = [each.embed(list(FEW)) for each in Replaceable(classifier, parts).randomised(rng())]
    np.testing.assert_allclose(first, before, atol=1e-5 * np.abs(before).max())
    assert np.abs(last - before).max() > 1e-3
    np.testing.assert_array_equal(classifier.embed(list(FEW)), before)


def test_a_classifier_that_looks_at_the_mirror_image_too_goes_on_doing_so(tmp_path: Path):
    classifier, parts = saved(tmp_path, "residual", mirrored=True)
    first = next(Replaceable(classifier, parts).randomised(rng()))
    assert isinstance(first.engine, MirroredEngine)
    np.testing.assert_allclose(first.compute_logits(FEW), first.compute_logits(FEW[:, :, ::-1]), atol=1e-4)
