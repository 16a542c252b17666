"""The average of the weights is what is validated and kept; training goes on from the weights themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from hubel.backends.framework import keras, seed_everything
from hubel.errors import WrongRequest
from hubel.events import TrainingProgress
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches
from hubel.training.fit import compile_model, fit_model
from hubel.training.interruption import Watch
from hubel.training.recipe import Recipe
from hubel.training.schedule import StepClock

pytestmark = pytest.mark.backend
RECIPE = Recipe(epochs=3, batch_size=8, optimizer="adamw", learning_rate=0.05, averaging=0.7, patience=1.0)
RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(0, 256, (24, 6, 6, 3)).astype(np.uint8), RNG.integers(0, 2, 24)


def trained(recipe: Recipe) -> tuple[list[list[np.ndarray]], list[list[np.ndarray]], list[np.ndarray]]:
    """Weights after each step, those that each epoch validates, and those that it ends with."""
    keras.utils.clear_session()
    seed_everything(0)
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, activation="relu")(keras.layers.Conv2D(4, 3, activation="relu")(x))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    compile_model(model, recipe)
    steps: list[list[np.ndarray]] = []
    validated: list[list[np.ndarray]] = []

    def hear(event: object) -> None:
        if isinstance(event, TrainingProgress):
            steps.append(model.get_weights())

    def validate() -> tuple[float, float]:
        validated.append(model.get_weights())
        return 0.5, 1.0 / len(validated)  # each epoch is better than the one before

    batches = TrainingBatches(IMAGES, LABELS, np.arange(24), 8, Augmentation(), np.ones(2, np.float32), 0)
    clock = StepClock(recipe.epochs * batches.steps_per_epoch)
    fit_model(model, batches, validate=validate, recipe=recipe, clock=clock, watch=Watch(on_event=hear))
    return steps, validated, model.get_weights()


@pytest.mark.parametrize("optimizer", ["adamw", "kernel-muon"])
def test_each_epoch_validates_the_average_and_the_best_of_them_is_kept(optimizer: str):
    steps, validated, ends_with = trained(replace(RECIPE, optimizer=optimizer))
    average, expected = steps[0], []
    for place, weights in enumerate(steps):
        if place:
            average = [0.7 * old + 0.3 * new for old, new in zip(average, weights, strict=True)]
        if place % 3 == 2:
            expected.append(average)
    assert len(expected) == len(validated) == 3
    for mine, theirs in zip(chain(*validated), chain(*expected), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    for mine, theirs in zip(ends_with, validated[-1], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_steps_are_those_of_a_training_without_an_average():
    averaged, plain = trained(RECIPE), trained(replace(RECIPE, averaging=0.0))
    for mine, theirs in zip(chain(*averaged[0]), chain(*plain[0]), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    assert any((mine != theirs).any() for mine, theirs in zip(averaged[2], plain[2], strict=True))


def test_an_average_that_never_moves_is_refused():
    with pytest.raises(WrongRequest, match=r"averaging must be a share from 0 to below 1. Received: 1.0."):
        replace(RECIPE, averaging=1.0)
