"""How many images an engine computes together: on processors few, on graphics cards many; the answers are the same."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.backends import framework
from hubel.backends.framework import images_together, keras
from hubel.classifier.engine import batch_of, compute_logits
from hubel.engines import keras_engine
from hubel.engines.keras_engine import KerasEngine

pytestmark = pytest.mark.backend


def engine() -> KerasEngine:
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 3))
    return KerasEngine(keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(image))))


@pytest.mark.parametrize(
    ("side", "together"),
    [(8, 1024), (32, 1024), (56, 1024), (64, 512), (96, 256), (224, 64), (512, 64)],
)
def test_a_card_takes_as_many_small_images_together_as_have_the_numbers_of_64_large_ones(
    side: int, together: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(framework, "on_accelerator", lambda: True)
    assert images_together(side * side * 3, on_processor=64) == together
    monkeypatch.setattr(framework, "on_accelerator", lambda: False)
    assert images_together(side * side * 3, on_processor=64) == 64


@pytest.mark.parametrize(("card", "sizes"), [(False, [64] * 33), (True, [1024, 1024, 64])])
def test_many_images_are_computed_in_the_batches_of_the_device(
    card: bool, sizes: list[int], monkeypatch: pytest.MonkeyPatch
):
    images = np.random.default_rng(0).integers(0, 256, (2048 + 64, 4, 4, 3), dtype=np.uint8)
    plain = engine()
    expected = images.reshape(len(images), -1) @ np.asarray(plain.model.get_weights()[0], np.float64)
    monkeypatch.setattr(framework, "on_accelerator", lambda: card)
    made, seen = engine(), []
    forward = keras_engine.forward_of
    monkeypatch.setattr(
        keras_engine, "forward_of", lambda model: lambda batch: seen.append(len(batch)) or forward(model)(batch)
    )
    logits = np.concatenate([made.compute_logits(images[:2048]), made.compute_logits(images[2048:])])
    assert seen == sizes
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-3)
    chunks: list[int] = []
    compute_logits(made, images, np.arange(len(images)), on_event=lambda event: chunks.append(event.done))  # type: ignore[attr-defined]
    assert chunks[0] == min(len(images), 4 * batch_of(made)) == (2112 if card else 256)


def test_an_engine_that_does_not_say_computes_as_many_together_as_on_a_processor():
    assert batch_of(object()) == 64
