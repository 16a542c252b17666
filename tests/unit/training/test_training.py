"""Schedule, optimiser, loop: each against arithmetic done another way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.backends.framework import keras
from hubel.backends.mixed_precision import maps_in_bfloat16
from hubel.errors import StoppedByUser, TrainingDiverged, WrongRequest
from hubel.events import EpochDone, PhaseDone, TrainingProgress
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.history import accuracy_and_log_loss
from hubel.training.interruption import Watch
from hubel.training.optimizer import KernelMuon, orthogonalised
from hubel.training.recipe import Recipe
from hubel.training.schedule import FirstOf, StepClock, WallClock, warm_up_and_anneal

pytestmark = pytest.mark.backend


def numpy_of(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@given(st.floats(0, 1), st.floats(0.01, 0.9))
def test_the_learning_rate_rises_to_its_peak_and_falls_to_zero(fraction: float, warm_up: float):
    expected = np.interp(fraction, [0, warm_up, 1], [0, 1, 0])
    assert warm_up_and_anneal(fraction, warm_up=warm_up) == pytest.approx(expected, abs=1e-9)


def test_the_clock_decides_by_seconds_or_by_steps_whichever_ends_first():
    time = [100.0]
    clock = FirstOf(WallClock(10, now=lambda: time[0]), StepClock(100))
    assert clock.fraction(0) == 0
    time[0] = 104.0
    assert clock.fraction(10) == pytest.approx(0.4)
    assert clock.fraction(70) == pytest.approx(0.7)
    time[0] = 111.0
    assert clock.fraction(70) == 1


@pytest.mark.parametrize("products", ["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(3, 3, 8, 4), (3, 3, 4, 64)])
def test_orthogonal_steps_have_singular_values_near_one(shape: tuple[int, ...], products: str):
    gradient = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    direction = numpy_of(orthogonalised(keras.ops.convert_to_tensor(gradient), products=products))
    assert direction.shape == shape
    assert direction.dtype == np.float32
    singular = np.linalg.svd(direction.reshape(-1, shape[-1]), compute_uv=False)
    assert 0.5 < singular.min() < singular.max() < 1.4
    u, _, vt = np.linalg.svd(gradient.reshape(-1, shape[-1]), full_matrices=False)
    cosine = (direction.reshape(-1, shape[-1]) * (u @ vt)).sum() / np.linalg.norm(direction) / np.linalg.norm(u @ vt)
    assert cosine > 0.98


def test_with_maps_in_bfloat16_kernels_move_along_directions_of_8_bits():
    def moved(*, wanted: bool) -> np.ndarray:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((6, 6, 4)), keras.layers.Conv2D(5, 3)])
        model.compile(optimizer=KernelMuon(0.2, kernel_step=0.1, peak=0.4, matrix_decay=0.01), loss="mse")
        gradient = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32))
        with maps_in_bfloat16(model, wanted=wanted):
            model.optimizer.apply([gradient], [model.layers[0].kernel])
        assert model.optimizer.products == "float32"  # as before
        return numpy_of(model.layers[0].kernel)

    exact, rounded = moved(wanted=False), moved(wanted=True)
    assert exact.dtype == rounded.dtype == np.float32
    assert 1e-6 < np.abs(exact - rounded).max() < 0.01


def test_a_step_moves_each_kind_of_weight_by_its_own_rule():
    rng = np.random.default_rng(0)
    start = {"kernel": rng.normal(size=(3, 3, 4, 5)), "dense": rng.normal(size=(6, 2)), "bias": rng.normal(size=5)}
    gradients = {name: rng.normal(size=value.shape).astype(np.float32) for name, value in start.items()}
    variables = {name: keras.Variable(value.astype(np.float32), name=name) for name, value in start.items()}
    optimizer = KernelMuon(0.2, kernel_step=0.1, peak=0.4, matrix_decay=0.01)
    optimizer.apply([keras.ops.convert_to_tensor(gradients[name]) for name in variables], list(variables.values()))
    # Nesterov momentum from zero: (1 + 0.9) times the gradient; decay for the matrix only.
    dense = start["dense"] - 0.2 * 1.9 * (gradients["dense"] + 0.01 * start["dense"])
    np.testing.assert_allclose(numpy_of(variables["dense"]), dense, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        numpy_of(variables["bias"]), start["bias"] - 0.2 * 1.9 * gradients["bias"], rtol=1e-4, atol=1e-5
    )
    unit = start["kernel"] * 5**0.5 / np.linalg.norm(start["kernel"])
    direction = numpy_of(orthogonalised(keras.ops.convert_to_tensor(gradients["kernel"])))
    np.testing.assert_allclose(
        numpy_of(variables["kernel"]), unit - 0.2 * (0.1 / 0.4) * direction, rtol=1e-3, atol=1e-4
    )


def test_score_equals_the_definition():
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]], np.float32)
    labels = np.array([0, 1, 1])
    expected = [np.log(1 + np.exp(-2)), np.log(1 + np.exp(-1)), np.log(1 + np.exp(3))]
    accuracy, loss = accuracy_and_log_loss(logits, labels)
    assert (accuracy, loss) == (pytest.approx(2 / 3), pytest.approx(np.mean(expected), rel=1e-6))


class Points:
    """Two classes of points that a line can part."""

    steps_per_epoch = 4
    step_size = 16
    class_weights = np.ones(2, np.float32)

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng([epoch, 7])
        for _ in range(self.steps_per_epoch):
            labels = rng.integers(0, 2, self.step_size)
            yield (rng.normal(size=(self.step_size, 2)) + labels[:, None] * 4 - 2).astype(np.float32), labels


def line(recipe: Recipe) -> keras.Model:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    compile_model(model, recipe)
    return model


def scorer(model: keras.Model):
    points = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32) + np.repeat([[-2], [2]], 100, axis=0)
    labels = np.repeat([0, 1], 100)
    return lambda: accuracy_and_log_loss(numpy_of(model(points.astype(np.float32))), labels)


RECIPE = Recipe(epochs=6, optimizer="adamw", learning_rate=0.1, label_smoothing=0.0)


def test_training_learns_and_tells_what_it_does():
    model, heard = line(RECIPE), []
    validate = scorer(model)
    history = fit_model(
        model, Points(), validate=validate, recipe=RECIPE, clock=StepClock(24), watch=Watch(on_event=heard.append)
    )
    assert history.ended_by == "schedule"
    assert history.epochs == 6
    assert [row.epoch for row in history.rows] == [1, 2, 3, 4, 5, 6]
    assert history.rows[-1].steps == 24
    assert validate()[0] > 0.95
    assert history.rows[-1].loss < history.rows[0].loss
    assert sum(isinstance(event, EpochDone) for event in heard) == 6
    assert [event.fraction for event in heard if isinstance(event, TrainingProgress)] == [
        step / 24 for step in range(1, 25)
    ]


def test_the_model_ends_with_the_weights_of_its_best_epoch():
    model = line(RECIPE)
    scores = iter([(0.5, 1.0), (0.8, 0.5), (0.9, 0.6), (0.7, 0.5)])
    seen = []

    def validate() -> tuple[float, float]:
        seen.append(model.get_weights())
        return next(scores)

    history = fit_model(model, Points(), validate=validate, recipe=RECIPE, clock=StepClock(16))
    assert [row.best for row in history.rows] == [True, True, False, False]
    for ended, best in zip(model.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(ended, best)


TUNING = replace(RECIPE, phase="fine-tune")


def test_a_trained_model_is_what_fine_tuning_has_to_beat():
    model, heard = line(TUNING), []
    before = model.get_weights()
    scores = iter([(0.833, 0.5), (0.55, 0.9), (0.6, 0.8), (0.7, 0.7), (0.83, 0.6), (0.9, 0.51), (0.6, 0.8)])
    history = fit_model(
        model,
        Points(),
        validate=lambda: next(scores),
        recipe=TUNING,
        clock=StepClock(24),
        watch=Watch(on_event=heard.append),
    )
    assert [row.best for row in history.rows] == [False] * 6
    assert not any(event.best for event in heard if isinstance(event, EpochDone))
    assert heard[-1] == PhaseDone("fine-tune", 6, 6.0, "schedule", 0, 0.833, 0.5)
    assert history.to_json()["best_epoch"] is None
    for ended, began in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ended, began)


def test_an_epoch_of_fine_tuning_that_beats_the_trained_model_is_kept():
    model, heard = line(TUNING), []
    scores = iter([(0.8, 0.5), (0.7, 0.9), (0.9, 0.4), (0.8, 0.45)])
    history = fit_model(
        model,
        Points(),
        validate=lambda: next(scores),
        recipe=TUNING,
        clock=StepClock(12),
        watch=Watch(on_event=heard.append),
    )
    assert [row.best for row in history.rows] == [False, True, False]
    assert heard[-1] == PhaseDone("fine-tune", 6, 3.0, "schedule", 2, 0.9, 0.4)
    assert history.to_json()["best_epoch"] == 2


def test_ctrl_c_in_the_first_epoch_of_fine_tuning_leaves_the_model_as_it_was():
    model = line(TUNING)
    before, calls = model.get_weights(), []

    def validate() -> tuple[float, float]:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return 0.5, 1.0

    history = fit_model(model, Points(), validate=validate, recipe=TUNING, clock=StepClock(24))
    assert (history.ended_by, history.rows) == ("user", ())
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_without_validation_the_model_ends_with_the_weights_of_its_last_epoch():
    recipe = Recipe(epochs=20, optimizer="adamw", learning_rate=0.1, patience=0.1)
    model, heard = line(recipe), []
    history = fit_model(
        model, Points(), validate=lambda: None, recipe=recipe, clock=StepClock(80), watch=Watch(on_event=heard.append)
    )
    assert (history.ended_by, len(history.rows)) == ("schedule", 20)  # nothing is waited for
    assert {(row.validation_accuracy, row.validation_log_loss, row.best) for row in history.rows} == {
        (None, None, False)
    }
    assert history.to_json()["best_epoch"] is None
    assert {event.validation_accuracy for event in heard if isinstance(event, EpochDone)} == {None}
    same = line(recipe)
    fit_model(same, Points(), validate=iter_of_ever_better(), recipe=recipe, clock=StepClock(80))
    for ended, last in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(ended, last)


def iter_of_ever_better():
    """A validation score whose best epoch is always the last."""
    losses = iter(np.linspace(1.0, 0.1, 20))
    return lambda: (0.5, float(next(losses)))


def test_ctrl_c_without_validation_keeps_the_last_whole_epoch():
    model, calls = line(RECIPE), []

    def validate() -> None:
        calls.append(model.get_weights())
        if len(calls) == 3:
            raise KeyboardInterrupt

    history = fit_model(model, Points(), validate=validate, recipe=RECIPE, clock=StepClock(24))
    assert (history.ended_by, len(history.rows)) == ("user", 2)
    np.testing.assert_array_equal(model.get_weights()[0], calls[1][0])


def test_no_examples_have_no_score():
    assert accuracy_and_log_loss(np.zeros((0, 2), np.float32), np.zeros(0, np.int64)) is None


def test_training_stops_when_nothing_gets_better():
    recipe = Recipe(epochs=40, optimizer="adamw", learning_rate=0.0001, patience=0.25)
    model, heard = line(recipe), []
    history = fit_model(
        model,
        Points(),
        validate=lambda: (0.5, 1.0),
        recipe=recipe,
        clock=StepClock(160),
        watch=Watch(on_event=heard.append),
    )
    assert history.ended_by == "patience"
    assert len(history.rows) == 12  # the first is the best; more than a quarter of 40 epochs follow it
    assert heard[-1] == PhaseDone("train", 40, 12.0, "patience", 1, 0.5, 1.0)


def test_a_loss_that_is_no_number_stops_at_once_and_says_what_to_change():
    class Broken(Points):
        def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for number, (points, labels) in enumerate(super().epoch(epoch)):
                yield (points * np.nan if number == 2 else points), labels

    with pytest.raises(TrainingDiverged, match=r"loss is nan in step 3 \(epoch 1.*learning_rate=0.025"):
        fit_model(line(RECIPE), Broken(), validate=lambda: (0.5, 1.0), recipe=RECIPE, clock=StepClock(24))


def test_weights_that_are_no_numbers_stop_it_even_where_relu_hides_them_from_the_loss():
    model = line(RECIPE)

    def ruin(event: object) -> None:
        if isinstance(event, TrainingProgress) and event.fraction == 4 / 24:  # after the last step of the first epoch
            model.layers[-1].kernel.assign(np.full((2, 2), np.nan, np.float32))

    with pytest.raises(TrainingDiverged, match=r"A weight is no longer a number .*learning_rate=0.025"):
        fit_model(
            model, Points(), validate=lambda: (0.5, 1.0), recipe=RECIPE, clock=StepClock(24), watch=Watch(on_event=ruin)
        )


def test_ctrl_c_keeps_the_best_epoch():
    model, calls = line(RECIPE), []

    def validate() -> tuple[float, float]:
        calls.append(model.get_weights())
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.5, 1.0 / len(calls)

    history = fit_model(model, Points(), validate=validate, recipe=RECIPE, clock=StepClock(24))
    assert history.ended_by == "user"
    np.testing.assert_array_equal(model.get_weights()[0], calls[1][0])


def test_ctrl_c_before_the_first_epoch_keeps_nothing_and_says_so():
    def interrupted() -> tuple[float, float]:
        raise KeyboardInterrupt

    with pytest.raises(StoppedByUser, match="no classifier yet"):
        fit_model(line(RECIPE), Points(), validate=interrupted, recipe=RECIPE, clock=StepClock(24))


def test_measuring_the_speed_changes_nothing():
    measured, other = line(RECIPE), line(RECIPE)
    assert measure_step(measured, Points()) > 0
    for model in (measured, other):
        fit_model(model, Points(), validate=scorer(model), recipe=RECIPE, clock=StepClock(24))
    for one, two in zip(measured.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("field", "value"), [("epochs", 0), ("epochs", -1), ("batch_size", 0), ("seed", -1), ("epochs", True)]
)
def test_an_impossible_recipe_names_the_field(field: str, value: object):
    with pytest.raises(WrongRequest, match=f"{field} must be a whole number"):
        Recipe(**{"epochs": 1, field: value})


def test_an_unknown_optimizer_names_the_known_ones():
    with pytest.raises(WrongRequest, match="kernel-muon, adamw"):
        Recipe(epochs=1, optimizer="sgd")


class Blobs:
    """Four batches an epoch of 12 images of 24 x 16 pixels, bright on the left or on the right."""

    steps_per_epoch, step_size = 4, 12
    class_weights = np.ones(2, np.float32)

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng([7, epoch])
        for _ in range(self.steps_per_epoch):
            labels = rng.integers(0, 2, self.step_size)
            images = rng.uniform(0, 90, (self.step_size, 24, 16, 3)).astype(np.float32)
            for image, label in zip(images, labels, strict=True):
                image[:, 8 * label : 8 * label + 8] += 120
            yield images, labels


def test_a_training_may_begin_with_smaller_images():
    """On each framework, with the same network and its optimiser; it ends at the size that it is for."""
    keras.utils.set_random_seed(0)
    recipe = Recipe(epochs=4, small_until=0.5, small_scale=0.5, patience=1.0)
    model = build_model(make_blueprint("residual", (24, 16), classes=2))
    compile_model(model, recipe)
    history = fit_model(model, Blobs(), validate=lambda: None, recipe=recipe, clock=StepClock(16))
    assert [row.image_side for row in history.rows] == [8, 8, 16, 16]
    assert history.rows[-1].steps == 16
    images, labels = next(Blobs().epoch(9))
    assert (numpy_of(model(images)).argmax(axis=1) == labels).mean() > 0.8


def test_without_smaller_images_another_size_is_refused():
    """So that the test above cannot pass for want of a check."""
    model = build_model(make_blueprint("residual", (24, 16), classes=2))
    compile_model(model, Recipe(epochs=1))
    with pytest.raises(ValueError, match="shape"):
        model.train_on_batch(np.zeros((2, 12, 8, 3), np.float32), np.eye(2, dtype=np.float32))
