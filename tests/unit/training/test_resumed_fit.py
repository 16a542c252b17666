"""A fit that was interrupted and goes on ends as the fit in one go, to the bit: weights, history, chosen epoch."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubel.backends.framework import BACKEND, keras, seed_everything
from hubel.errors import DamagedArtefact, StoppedByUser
from hubel.events import EpochDone, PhaseDone, StopHeard, TrainingProgress
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches
from hubel.training.checkpoints import CheckpointFolder
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.history import History, accuracy_and_log_loss
from hubel.training.interruption import Moment, Stop, Watch
from hubel.training.recipe import Recipe
from hubel.training.schedule import StepClock, WallClock
from hubel.training.state import LoopState, put_tensors, take_tensors

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("as_users_run_it")]

EPOCHS, STEPS = 5, 4
RECIPE = Recipe(epochs=EPOCHS, batch_size=8, learning_rate=0.05, patience=1.0)
TIMES = {"images_per_s": 0.0, "elapsed_s": 0.0}


class Killed(BaseException):
    """The program ends here: nothing that only lives in memory is left."""


def network(recipe: Recipe = RECIPE) -> keras.Model:
    """Everything that carries a state of its own: batch normalisation, dropout, and kernels with momentum."""
    seed_everything(0)
    keras.utils.clear_session()
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, use_bias=False)(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.ReLU()(keras.layers.Conv2D(4, 3)(x))
    x = keras.layers.Dropout(0.3)(keras.layers.Flatten()(x))
    model = keras.Model(inputs, keras.layers.Dense(2)(x))
    compile_model(model, recipe)
    return model


def batches(batch_size: int = 8) -> TrainingBatches:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 8, 8, 3)).astype(np.uint8), rng.integers(0, 2, 40)
    images[labels == 1] //= 2
    return TrainingBatches(images, labels, np.arange(STEPS * 8), batch_size, Augmentation(), np.ones(2, np.float32), 0)


def validation(model: keras.Model) -> Callable[[], tuple[float, float]]:
    data = batches()
    images, labels = data.images[STEPS * 8 :].astype(np.float32), data.labels[STEPS * 8 :]
    return lambda: accuracy_and_log_loss(np.asarray(keras.ops.convert_to_numpy(model(images))), labels)


def through_a_file(state: LoopState, path: Path) -> LoopState:
    """The state as the next program reads it."""
    folder = CheckpointFolder(path / "checkpoints")
    folder.write({"loop": state.to_json()}, state.tensors, beside=None)
    found = folder.latest()
    assert found is not None
    return LoopState.from_json(json.loads(json.dumps(found.document["loop"])), found.tensors)


def run(
    recipe: Recipe = RECIPE,
    *,
    watch: Watch | None = None,
    on_event: Callable[[object], None] = lambda _: None,
    validate: Callable[[keras.Model], Callable[[], tuple[float, float]]] = validation,
    measured: Recipe | None = None,
) -> tuple[History, list[np.ndarray]]:
    model = network(recipe)
    measure_step(model, batches(), recipe=measured or recipe)
    clock = StepClock(recipe.epochs * STEPS)
    history = fit_model(
        model,
        batches(),
        validate=validate(model),
        recipe=recipe,
        clock=clock,
        watch=replace(watch or Watch(), on_event=on_event),
    )
    return history, model.get_weights()


def same(one: tuple[History, list[np.ndarray]], other: tuple[History, list[np.ndarray]]) -> None:
    rows = [tuple(replace(row, **TIMES) for row in history.rows) for history, _ in (one, other)]
    assert rows[0] == rows[1]
    assert (one[0].ended_by, one[0].epochs) == (other[0].ended_by, other[0].epochs)
    for mine, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def whole() -> tuple[History, list[np.ndarray]]:
    return run()


def stopped_after(steps: int, **more: object) -> LoopState:
    """The state of a fit that is asked to stop in so many steps."""
    stop, kept = Stop(), []

    def ask(event: object) -> None:
        stop.asked |= isinstance(event, TrainingProgress) and event.fraction >= steps / (EPOCHS * STEPS)

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        if moment == "stop":
            kept.append(make_state())

    try:
        history, _ = run(watch=Watch(None, keep, stop), on_event=ask, **more)  # type: ignore[arg-type]
        assert history.ended_by == "user"
    except StoppedByUser:
        assert steps <= STEPS
    (state,) = kept
    assert state.steps == steps
    return state


@pytest.mark.parametrize("steps", [1, 4, 11, 18])
def test_stopped_after_any_step_and_resumed_it_is_the_same_to_the_bit(steps: int, whole, tmp_path: Path):
    """T01, T05: in the middle of an epoch, at the end of one, before and after the best one."""
    state = through_a_file(stopped_after(steps), tmp_path)
    same(run(watch=Watch(state)), whole)


def test_killed_after_an_epoch_and_resumed_again_and_again_it_is_the_same_to_the_bit(whole, tmp_path: Path):
    """T01: four programs, one after the other."""
    state: LoopState | None = None
    for epoch in (1, 3, 4):
        kept: list[LoopState] = []

        def keep(make_state: Callable[[], LoopState], moment: Moment, kept=kept, epoch=epoch) -> None:
            kept.append(make_state())
            if len(kept[-1].rows) == epoch:
                raise Killed

        with pytest.raises(Killed):
            run(watch=Watch(state, keep))
        state = through_a_file(kept[-1], tmp_path / str(epoch))
    same(run(watch=Watch(state)), whole)


@pytest.mark.parametrize("steps", [6, 12])
def test_an_average_of_the_weights_goes_on_too(steps: int, tmp_path: Path):
    """In the middle of an epoch and at the end of one, where the best weights are not those that training goes on from."""
    recipe = replace(RECIPE, averaging=0.9)
    state = through_a_file(stopped_after(steps, recipe=recipe), tmp_path)
    same(run(recipe, watch=Watch(state)), run(recipe))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow's steps come in several kinds")
@pytest.mark.parametrize("arithmetic", ["fused", "bfloat16"])
def test_a_quicker_arithmetic_goes_on_too(arithmetic: str, whole, tmp_path: Path):
    recipe = replace(RECIPE, arithmetic=arithmetic)
    state, expected = through_a_file(stopped_after(6, recipe=recipe), tmp_path), run(recipe)
    same(run(recipe, watch=Watch(state)), expected)
    assert any((mine != theirs).any() for mine, theirs in zip(expected[1], whole[1], strict=True))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow's steps come in several kinds")
def test_steps_that_were_measured_in_another_arithmetic_are_traced_anew(whole):
    """As where a training that began on another processor is resumed."""
    same(run(measured=replace(RECIPE, arithmetic="bfloat16")), whole)


def test_keeping_states_changes_nothing(whole):
    same(run(watch=Watch(None, lambda make_state, _: make_state() and None)), whole)


def scripted(losses: list[float]) -> Callable[[keras.Model], Callable[[], tuple[float, float]]]:
    """A validation whose log loss in epoch n is losses[n], however the fit got there."""

    def validate(model: keras.Model) -> Callable[[], tuple[float, float]]:
        return lambda: (0.5, losses[round(float(model.optimizer.iterations)) // STEPS - 1])

    return validate


@pytest.mark.parametrize("epoch", [6])
def test_patience_and_the_best_epoch_go_on_where_they_were(epoch: int, tmp_path: Path):
    """T17: the second epoch is the best, and patience ends the fit five epochs and one later."""
    recipe = replace(RECIPE, epochs=40, patience=0.01)
    losses = [0.9, 0.5, *(0.6 + place / 100 for place in range(40))]
    expected = run(recipe, validate=scripted(losses))
    assert expected[0].ended_by == "patience"
    assert len(expected[0].rows) == 8
    kept: list[LoopState] = []

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        kept.append(make_state())
        if len(kept) == epoch:
            raise Killed

    with pytest.raises(Killed):
        run(recipe, watch=Watch(None, keep), validate=scripted(losses))
    state = through_a_file(kept[-1], tmp_path)
    assert (state.best_epoch, state.best_score) == (2, (-0.5, 0.5))
    same(run(recipe, watch=Watch(state), validate=scripted(losses)), expected)


@pytest.mark.parametrize("at", [1, 3])
def test_what_fine_tuning_has_to_beat_goes_on_too(at: int, tmp_path: Path):
    """No epoch beats the trained model, so the resumed fit ends with weights from before the first part began."""
    recipe = replace(RECIPE, phase="fine-tune")
    losses = [*[0.9] * EPOCHS, 0.1]  # the last is that of the model before its first step
    expected = run(recipe, validate=scripted(losses))
    kept: list[LoopState] = []

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        kept.append(make_state())
        if len(kept) == at:
            raise Killed

    with pytest.raises(Killed):
        run(recipe, watch=Watch(None, keep), validate=scripted(losses))
    state = through_a_file(kept[-1], tmp_path)
    assert (state.best_epoch, state.best_score) == (0, (-0.1, 0.5))
    same(run(recipe, watch=Watch(state), validate=scripted(losses)), expected)


def test_patience_is_not_judged_in_the_middle_of_an_epoch():
    """T17: stopped there, half an epoch more of the schedule is done, and a share of it would be over sooner."""
    recipe = replace(RECIPE, epochs=40, patience=0.25)
    losses = scripted([0.9, 0.5, *[0.6] * 40])
    stop, kept = Stop(), []

    def ask(event: object) -> None:
        stop.asked |= isinstance(event, TrainingProgress) and event.fraction >= (12 * STEPS + 2) / (40 * STEPS)

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        if moment == "stop":
            kept.append(make_state())

    run(recipe, watch=Watch(None, keep, stop), on_event=ask, validate=losses)
    assert len(kept[0].rows) == 12
    same(run(recipe, watch=Watch(kept[0]), validate=losses), run(recipe, validate=losses))


def test_a_fit_that_was_over_is_over_when_resumed(whole, tmp_path: Path):
    kept: list[LoopState] = []
    run(watch=Watch(None, lambda make_state, moment: kept.append(make_state()) if moment == "end" else None))
    heard: list[object] = []
    same(run(watch=Watch(through_a_file(kept[0], tmp_path)), on_event=heard.append), whole)
    assert [type(event) for event in heard] == [PhaseDone]  # not one step more


def test_the_clock_goes_on_from_the_seconds_that_are_spent():
    time = [50.0]
    clock = WallClock(10, now=lambda: time[0], spent_s=4)
    assert clock.fraction(0) == pytest.approx(0.4)
    time[0] += 6
    assert clock.fraction(0) == 1


def test_asked_to_leave_it_makes_nothing_of_what_was_trained():
    """T06: a container that is shut down has seconds, not minutes."""
    stop, kept, heard = Stop(), [], []

    def ask(event: object) -> None:
        if isinstance(event, EpochDone):
            stop.asked = stop.leaves = True
        heard.append(event)

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        kept.append(moment)

    with pytest.raises(StoppedByUser, match="^Stopped.$"):
        run(watch=Watch(None, keep, stop), on_event=ask)
    assert kept[-1] == "leave"
    assert [event for event in heard if isinstance(event, StopHeard)] == [StopHeard(now=True), StopHeard(now=False)]


def test_every_variable_is_in_the_state_and_comes_back():
    model, other = network(), network()
    fit_model(model, batches(), validate=validation(model), recipe=RECIPE, clock=StepClock(6))
    state = take_tensors(model, None)
    names = [variable.path for variable in model.variables]
    assert sum("seed" in name for name in names) == 1
    own = sum(name.startswith("random/") for name in state)  # PyTorch draws dropout from a state of its own
    assert own == (keras.backend.backend() == "torch")
    assert len(state) == len(names) + len(model.optimizer.variables) + own
    assert put_tensors(other, state) is None
    for mine, theirs in zip(take_tensors(other, None).values(), state.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_state_of_another_network_is_refused():
    model = network()
    model.optimizer.build(model.trainable_variables)
    state = take_tensors(model, None)
    less = dict(list(state.items())[1:])
    with pytest.raises(DamagedArtefact, match="not those of this network"):
        put_tensors(model, less)
    name, value = next(iter(state.items()))
    with pytest.raises(DamagedArtefact, match=rf"tensor {name} is \[1\], the network needs"):
        put_tensors(model, {**state, name: value.reshape(-1)[:1]})


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_flat_over_many_epochs(tmp_path: Path):
    """T21: with a checkpoint after each epoch. 200 epochs grew by 0.005 MB each (HUBEL_TEST_EPOCHS=200)."""
    folder, seen, last = CheckpointFolder(tmp_path / "checkpoints"), [], [None]

    def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
        state = make_state()
        last[0] = folder.write({"loop": state.to_json()}, state.tensors, beside=last[0])
        seen.append(resident_mb())

    epochs, warm_up = int(os.environ.get("HUBEL_TEST_EPOCHS", "70")), 30
    run(replace(RECIPE, epochs=epochs), watch=Watch(None, keep))
    assert len(seen) == epochs + 1
    slope = np.polyfit(np.arange(epochs + 1 - warm_up), seen[warm_up:], 1)[0]
    assert slope < 1.0, slope
