"""Every architecture has an off-corpus score: its maps are found, summed up rightly, and strangers lie far away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.made.strangers import make_strangers

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import ARCHITECTURES, make_blueprint
from hubel.architectures.walk import compute_batch, walk
from hubel.backends.framework import keras
from hubel.calibration.off_corpus import fit_off_corpus
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import MOST_CHANNELS, MOST_MAPS, KerasEngine, find_maps
from hubel.images.preprocessing import Preprocessing

pytestmark = pytest.mark.backend

SIDE = 32
QUICK = [name for name in ARCHITECTURES if name == "mobilenet" or not ARCHITECTURES[name].pretrained]


def discs(count: int, *, seed: int) -> np.ndarray:
    """A light disc somewhere on dark ground with a little noise."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    centres = rng.uniform(10, SIDE - 10, (count, 2, 1, 1))
    inside = np.hypot(down - centres[:, 0], across - centres[:, 1]) < rng.uniform(5, 9, (count, 1, 1))
    light = 40 + 150 * inside + rng.normal(0, 4, inside.shape)
    return np.repeat(light[..., None].clip(0, 255), 3, axis=3).astype(np.uint8)


def made_classifier(name: str) -> Classifier:
    keras.utils.set_random_seed(0)
    blueprint = make_blueprint(name, (SIDE, SIDE), classes=3)
    return Classifier(KerasEngine(build_model(blueprint)), blueprint, ("a", "b", "c"), Preprocessing(SIDE, SIDE))


def assert_the_same_logits(found: np.ndarray, alone: np.ndarray) -> None:
    """To the bit on TensorFlow and PyTorch; XLA, under JAX, orders the sums of another function in another way."""
    if keras.backend.backend() == "jax":
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_maps_are_found_from_shallow_to_deep_within_bounds(name: str):
    side = max(64, ARCHITECTURES[name].smallest)
    with keras.StatelessScope(initialize_variables=False):
        maps = find_maps(build_model(make_blueprint(name, (side, side), classes=5)))
    assert (name == "dense") == (not maps)
    assert len(maps) <= MOST_MAPS
    sides = [each.shape[1] for each in maps]
    assert sides == sorted(sides, reverse=True)
    assert all(each.shape[-1] > 3 for each in maps)  # none is the pixels themselves


@pytest.mark.parametrize("name", QUICK)
def test_what_maps_hold_is_what_numpy_makes_of_the_layers_outputs(name: str):
    classifier = made_classifier(name)
    images = discs(3, seed=0)
    made = classifier.engine.compute(images, wanted="maps")
    alone = classifier.engine.compute(images, wanted="features")
    found = made.maps
    np.testing.assert_allclose(made.features, alone.features, rtol=1e-5, atol=1e-5)
    assert classifier.engine.compute(images[:0], wanted="maps").maps.shape == (0, found.shape[1])
    for logits in (made.logits, alone.logits):
        assert_the_same_logits(logits, classifier.compute_logits(images))
    graph = walk(classifier.model)
    values = [
        np.asarray(keras.ops.convert_to_numpy(value))
        for value in compute_batch(graph, images.astype(np.float32)).values()
    ]
    maps = [value for value in values if value.ndim == 4]
    start = 0
    for each in find_maps(classifier.model):
        chosen = [value[..., :MOST_CHANNELS] for value in maps if value.shape[1:] == tuple(each.shape[1:])]
        width = chosen[0].shape[-1]
        mean, deviation = found[:, start : start + width], found[:, start + width : start + 2 * width]
        fits = [
            np.allclose(mean, value.mean(axis=(1, 2)), rtol=1e-3, atol=1e-4)
            and np.allclose(deviation, value.std(axis=(1, 2)), rtol=1e-3, atol=1e-4)
            for value in chosen
        ]
        assert any(fits)
        start += 2 * width
    assert start == found.shape[1]


@pytest.mark.parametrize("name", QUICK)
def test_strangers_are_flagged_own_images_hardly_and_the_artefact_says_the_same(name: str, tmp_path: Path):
    classifier = made_classifier(name)
    known, held_out, others = (discs(count, seed=seed) for seed, count in enumerate((150, 100, 100)))
    labels = np.arange(len(known)) % 3 if ARCHITECTURES[name].pretrained else None
    seen = [classifier.look(each)[1] for each in (known, held_out)]
    fitted = replace(classifier, off_corpus=fit_off_corpus(*seen, labels=labels))
    assert (fitted.off_corpus.last is None) == (labels is None)
    assert (fitted.compute(others)[1] > 1).mean() <= 0.06
    for kind in ("white noise", "grey noise", "blank"):
        strangers = np.stack(make_strangers(kind, 20, SIDE))
        assert (fitted.compute(strangers)[1] > 1).all(), kind
    save_classifier(fitted, tmp_path / "classifier", made_by="hubel test")
    loaded = load_classifier(tmp_path / "classifier")
    np.testing.assert_allclose(loaded.compute(others)[1], fitted.compute(others)[1], rtol=1e-5)
    assert_the_same_logits(loaded.compute(others)[0], classifier.compute_logits(others))
