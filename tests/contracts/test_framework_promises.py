"""What docstrings promise of Keras and of what runs under it, tried on each framework; frozen backbones have a file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hubel.backends.framework import keras, seed_everything
from hubel.classifier.engine import LARGE_BATCH, SMALL_BATCH
from hubel.engines import keras_engine
from hubel.engines.keras_engine import KerasEngine

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("as_users_run_it")]


def network() -> keras.Model:
    """With every kind of layer that computes something else in training."""
    image = keras.Input((8, 8, 3))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(image))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.SpatialDropout2D(0.5)(x))
    x = keras.layers.GaussianNoise(0.5)(keras.layers.Dropout(0.5)(x))
    return keras.Model(image, keras.layers.Dense(3)(x))


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


def test_an_engine_computes_in_two_batch_sizes_only_and_what_fills_a_batch_up_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    keras.utils.set_random_seed(0)
    model, sizes = network(), set()
    forward = keras_engine.forward_of

    def spied(given: keras.Model) -> Callable[[np.ndarray], object]:
        return lambda batch: sizes.add(len(batch)) or forward(given)(batch)

    monkeypatch.setattr(keras_engine, "forward_of", spied)
    engine, every = KerasEngine(model), images(130)
    logits = engine.compute_logits(every)
    for count in (1, 4, 5, 63, 64, 65, 130):
        np.testing.assert_allclose(engine.compute_logits(every[:count]), logits[:count], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(engine.compute_logits(every[:70])[:6], engine.compute_logits(every[:6]))
    assert sizes == {SMALL_BATCH, LARGE_BATCH}
    assert engine.compute_logits(every[:0]).shape == (0, 3)


def test_an_engine_computes_as_in_prediction_and_moves_nothing():
    keras.utils.set_random_seed(0)
    model = network()
    before = model.get_weights()
    expected = np.asarray(keras.ops.convert_to_numpy(model(images(7).astype(np.float32), training=False)))
    for _ in range(2):
        np.testing.assert_allclose(KerasEngine(model).compute_logits(images(7)), expected, rtol=1e-4, atol=1e-4)
    for weights, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, old)


def test_the_same_seed_gives_the_same_weights_and_the_same_training_to_the_bit():
    def trained(seed: int) -> list[np.ndarray]:
        seed_everything(seed)
        model = network()
        model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True))
        for _ in range(2):
            model.train_on_batch(images(12).astype(np.float32), np.eye(3, dtype=np.float32)[np.arange(12) % 3])
        return model.get_weights()

    one, same, other = trained(1), trained(1), trained(2)
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
