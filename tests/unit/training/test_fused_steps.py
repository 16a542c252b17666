"""Many steps at a time are the steps that would be taken one at a time; any division of them gives the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.training.test_resumed_fit import batches, run, same, stopped_after, through_a_file

from hubel.backends.framework import BACKEND, keras
from hubel.errors import OutOfMemory, TrainingDiverged, UnknownName
from hubel.events import TrainingProgress
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches
from hubel.training import fit as fit_module
from hubel.training import fused_steps
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.fused_steps import DEVICE_STEPS, find_fused_source
from hubel.training.history import History
from hubel.training.interruption import Watch
from hubel.training.recipe import Recipe
from hubel.training.schedule import StepClock, WallClock
from hubel.training.source import Ahead

pytestmark = pytest.mark.backend
on_device = pytest.mark.skipif(BACKEND not in DEVICE_STEPS, reason="takes steps one at a time")

CHANGED = Augmentation(mirror=True, shift=0.2, zoom=0.3, brightness=0.2)
RECIPE = Recipe(epochs=2, batch_size=8, learning_rate=0.05, small_until=0.7, augmentation=CHANGED)


def changed_batches() -> TrainingBatches:
    """The classes are not worth the same, and the split is not the whole corpus in its order."""
    made = batches()
    split = np.random.default_rng(3).permutation(40)[:32]
    return replace(made, augmentation=CHANGED, indices=split, class_weights=np.array([0.5, 1.5], np.float32))


def trained(
    kind: str, monkeypatch: pytest.MonkeyPatch, *, recipe: Recipe = RECIPE
) -> tuple[list[float], list[np.ndarray]]:
    """The mean loss so far after each chunk, and the weights in the end, after two epochs of four steps."""
    monkeypatch.setenv("HUBEL_STEPS", kind)
    model, heard = small_network(recipe), []
    fit_model(
        model, changed_batches(), validate=lambda: None, recipe=recipe, clock=StepClock(8), watch=Watch(on_event=heard.append)
    )  # fmt: skip
    return [each.loss for each in heard if isinstance(each, TrainingProgress)], model.get_weights()


def small_network(recipe: Recipe = RECIPE) -> keras.Model:
    """It takes images of any size, and has layers in which training and prediction differ."""
    keras.utils.set_random_seed(0)
    keras.utils.clear_session()
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(6, 3)(keras.layers.Rescaling(1 / 64, offset=-2)(inputs))
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(6, 3, use_bias=False)(x)))
    x = keras.layers.Dropout(0.3)(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, keras.layers.Rescaling(0.25)(keras.layers.Dense(2)(x)))
    compile_model(model, recipe)
    return model


@on_device
@pytest.mark.parametrize("averaging", [0.0, 0.7], ids=["weights", "averages"])
def test_steps_taken_together_are_those_taken_one_at_a_time(averaging: float, monkeypatch: pytest.MonkeyPatch):
    recipe = replace(RECIPE, averaging=averaging)
    single_losses, single = trained("single", monkeypatch, recipe=recipe)
    monkeypatch.setattr(fused_steps, "CHUNK_S", 1e9)
    losses, weights = trained("fused", monkeypatch, recipe=recipe)
    assert len(single_losses) == 8
    assert len(losses) == 4  # the first step; the rest of its epoch; two more on small images; two on whole ones
    assert losses[0] == pytest.approx(single_losses[0], rel=1e-6)
    assert losses[-1] == pytest.approx(single_losses[-1], rel=1e-5)
    for mine, theirs in zip(weights, single, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@on_device
@pytest.mark.parametrize("steps", [1, 6, 11])
def test_a_fit_that_was_interrupted_and_goes_on_ends_the_same_to_the_bit(
    steps: int, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    monkeypatch.setenv("HUBEL_STEPS", "fused")
    whole = run()
    monkeypatch.setattr(fused_steps, "CHUNK_S", 0.0)  # one step at a time, to stop after any
    state = stopped_after(steps)
    monkeypatch.undo()
    monkeypatch.setenv("HUBEL_STEPS", "fused")
    again = run(watch=Watch(through_a_file(state, tmp_path_factory.mktemp("state"))))
    same(whole, again)


@on_device
def test_measuring_leaves_the_model_as_it_was(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBEL_STEPS", "fused")
    model = small_network()
    before = model.get_weights()
    assert measure_step(model, batches(), recipe=RECIPE) > 0
    assert int(model.optimizer.iterations) == 0
    for mine, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.skipif(BACKEND != "jax", reason="nothing is compiled")
def test_what_was_measured_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBEL_STEPS", "fused")
    model = small_network()
    measure_step(model, batches(), recipe=RECIPE)
    monkeypatch.setattr(model, "train_step", None)  # it is called to compile only
    history = fit_model(model, batches(), validate=lambda: None, recipe=RECIPE, clock=StepClock(8))
    assert [row.image_side for row in history.rows] == [6, 8]


@on_device
def test_with_maps_in_bfloat16_it_learns_and_what_is_saved_is_float32(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBEL_STEPS", "fused-bfloat16")
    model, made, recipe = small_network(), batches(), replace(RECIPE, learning_rate=0.1)
    before = model.get_config()
    history = fit_model(model, made, validate=lambda: None, recipe=recipe, clock=StepClock(80))
    assert history.rows[-1].loss < 0.9 * history.rows[0].loss
    assert {str(weights.dtype) for weights in model.get_weights()} == {"float32"}
    assert model.get_config() == before
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    rounded = trained("fused-bfloat16", monkeypatch)[0][0]
    exact = trained("fused", monkeypatch)[0][0]
    assert 1e-7 < abs(rounded / exact - 1) < 0.02  # 8 bits, not 24


@on_device
def test_no_room_for_a_step_says_what_takes_less(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUBEL_STEPS", "fused")

    def fails(*given: object, **more: object) -> None:
        raise RuntimeError("RESOURCE_EXHAUSTED: 2 GB")

    class Steps:
        put_epoch = start = fails

        def __init__(self, *given: object, **more: object) -> None: ...

    monkeypatch.setitem(DEVICE_STEPS, BACKEND, Steps)
    with pytest.raises(OutOfMemory, match="a batch of 8 images of 8 x 8 pixels takes about"):
        run()


@on_device
def test_steps_are_taken_together_where_an_accelerator_has_room_for_the_pixels(monkeypatch: pytest.MonkeyPatch):
    model = small_network()

    def found(given: object = None) -> object:
        return find_fused_source(model, batches() if given is None else given, no_room=lambda shape: OutOfMemory(""))

    monkeypatch.delenv("HUBEL_STEPS", raising=False)
    monkeypatch.setattr(fused_steps, "on_accelerator", lambda: False)
    assert found() is None
    monkeypatch.setattr(fused_steps, "on_accelerator", lambda: True)
    assert found() is not None
    assert found(object()) is None  # features of a head
    monkeypatch.setattr(fused_steps, "MOST_ON_DEVICE", 32 * 8 * 8 * 3 - 1)
    assert found() is None
    monkeypatch.setattr(fused_steps, "MOST_ON_DEVICE", 32 * 8 * 8 * 3)
    monkeypatch.setenv("HUBEL_STEPS", "single")
    assert found() is None
    monkeypatch.setenv("HUBEL_STEPS", "quick")
    with pytest.raises(UnknownName, match="HUBEL_STEPS"):
        found()


class Recorded:
    """Takes no steps, but asks for eight of them at a time and notes their learning rates; a step takes a second."""

    def __init__(self, every: int, *, losses: list[float] | None = None) -> None:
        self.every, self.losses = every, losses
        self.seconds, self.rates, self.begun = 0.0, [], []

    def train_epoch(self, epoch: int, *, first: int, ahead: Ahead) -> Iterator[tuple[list[float], int]]:
        place = first
        while place < self.every:
            rates, _ = ahead(min(8, self.every - place))
            if not rates:
                return
            self.rates += rates
            self.begun += [self.seconds + each for each in range(len(rates))]
            self.seconds += len(rates)
            losses = [1.0] * len(rates) if self.losses is None else self.losses[place : place + len(rates)]
            place += len(rates)
            yield losses, 32


def recorded(source: Recorded, clock: StepClock | WallClock, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.setattr(fit_module, "_source", lambda model, given, *, arithmetic: source)
    made = replace(batches(), batch_size=32 // source.every)
    recipe = replace(RECIPE, small_until=0.0, patience=1.0)
    return fit_model(small_network(), made, validate=lambda: None, recipe=recipe, clock=clock)


@pytest.mark.parametrize("clock", ["steps", "seconds"])
def test_every_step_has_the_learning_rate_of_its_own_moment(clock: str, monkeypatch: pytest.MonkeyPatch):
    source = Recorded(16)
    wall = WallClock(40.0, now=lambda: source.seconds)
    recorded(source, StepClock(40) if clock == "steps" else wall, monkeypatch)
    assert source.begun == list(range(40))  # none begins when the time is over
    expected = 0.05 * np.interp(np.arange(40), [0, 4, 40], [0, 1, 0])
    np.testing.assert_allclose(source.rates, expected, atol=1e-9)


def test_a_loss_that_is_no_number_is_told_of_its_own_step(monkeypatch: pytest.MonkeyPatch):
    source = Recorded(4, losses=[1.0, 1.0, np.nan, 1.0])
    with pytest.raises(TrainingDiverged, match=r"The loss is nan in step 3 \(epoch 1"):
        recorded(source, StepClock(8), monkeypatch)
