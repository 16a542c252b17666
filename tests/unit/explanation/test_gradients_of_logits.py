"""Gradients of logits by pixels and by maps, and what methods make of them, against arithmetic by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from hubel.backends.framework import keras
from hubel.backends.gradients import WITHOUT_TRACE
from hubel.engines.keras_gradients import KerasGradients
from hubel.errors import UnknownName, WrongRequest
from hubel.explanation.methods.grad_cam import compute_grad_cam
from hubel.explanation.methods.hires_cam import compute_hires_cam
from hubel.explanation.methods.integrated_gradients import compute_integrated_gradients, integrate_gradients
from hubel.explanation.of_classifier import Mirrored
from hubel.explanation.subject import Question, Subject

pytestmark = pytest.mark.backend

RNG = np.random.default_rng(1)
KERNEL, BIAS = RNG.normal(size=(3, 3, 3, 4)), RNG.normal(size=4)
DENSE, OFFSET = RNG.normal(size=(4 * 5 * 4, 3)), RNG.normal(size=3)
IMAGE = RNG.integers(0, 256, (6, 7, 3)).astype(np.uint8)


def network(end: str = "none", *, smooth: bool = False) -> keras.Model:
    """Pixels / 255, 4 filters of 3 x 3, an activation, and a dense layer for three classes."""
    layers = keras.layers
    image = keras.Input((6, 7, 3))
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(4, 3, activation="tanh" if smooth else "relu", name="filters")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(3, activation="softmax" if end == "in the layer" else None, name="dense")(x)
    if end == "a layer":
        x = layers.Softmax()(x)
    model = keras.Model(image, x)
    model.get_layer("filters").set_weights([KERNEL, BIAS])
    model.get_layer("dense").set_weights([DENSE, OFFSET])
    return model


def forward(values: np.ndarray, *, smooth: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """What goes into the activation [4, 5, 4], and the logits [3], window by window."""
    scaled = np.asarray(values, np.float64) / 255
    before = np.array([
        [np.tensordot(scaled[row : row + 3, column : column + 3], KERNEL, axes=3) + BIAS for column in range(5)]
        for row in range(4)
    ])  # fmt: skip
    after = np.tanh(before) if smooth else np.maximum(before, 0)
    return before, after.reshape(-1) @ DENSE + OFFSET


def backward(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The gradient by hand: from the logits through the dense layer, the ReLU and every window."""
    before, _ = forward(values)
    slopes = (DENSE @ weights).reshape(4, 5, 4) * (before > 0)
    made = np.zeros((6, 7, 3))
    for row in range(4):
        for column in range(5):
            made[row : row + 3, column : column + 3] += KERNEL @ slopes[row, column]
    return made / 255


def subject(model: keras.Model, *, smooth: bool = False) -> Subject:
    def compute_logits(images: np.ndarray) -> np.ndarray:
        return np.stack([forward(each, smooth=smooth)[1] for each in images]).astype(np.float32)

    return Subject(compute_logits, 3, lambda: KerasGradients(model))


@pytest.mark.parametrize("end", ["none", "in the layer", "a layer"])
def test_the_gradient_is_that_of_the_logit_whatever_the_model_ends_in(end: str):
    made = subject(network(end)).gradients(np.stack([IMAGE, IMAGE[::-1]]), Question(2, against=0))
    for got, image in zip(made, (IMAGE, IMAGE[::-1]), strict=True):
        expected = backward(image, np.array([-1, 0, 1]))
        np.testing.assert_allclose(got, expected, atol=1e-6)
        assert np.corrcoef(got.ravel(), expected.ravel())[0, 1] >= 0.999


def test_the_gradient_is_what_a_small_step_changes():
    got = subject(network(smooth=True)).gradients(IMAGE[None], Question(1))[0]
    for place in [(0, 0, 0), (2, 3, 1), (5, 6, 2), (3, 1, 0)]:
        step = np.zeros(IMAGE.shape)
        step[place] = 1e-3
        ends = [forward(IMAGE + sign * step, smooth=True)[1][1] for sign in (-1, 1)]
        assert got[place] == pytest.approx((ends[1] - ends[0]) / 2e-3, rel=1e-3)


def test_a_model_with_its_softmax_is_left_as_it_was():
    model = network("in the layer")
    before = model.predict_on_batch(IMAGE[None].astype(np.float32))
    KerasGradients(model).gradients(IMAGE[None], np.array([1, 0, 0], np.float32))
    np.testing.assert_array_equal(model.predict_on_batch(IMAGE[None].astype(np.float32)), before)
    assert before.sum() == pytest.approx(1)


def test_a_single_output_speaks_for_the_second_class_and_against_the_first():
    image = keras.Input((2, 2, 3))
    model = keras.Model(image, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(image)))
    kernel = np.arange(12, dtype=np.float32).reshape(12, 1)
    model.layers[-1].set_weights([kernel, np.zeros(1)])
    pixels = np.zeros((1, 2, 2, 3), np.uint8)
    first, second = (KerasGradients(model).gradients(pixels, np.eye(2, dtype=np.float32)[each]) for each in (0, 1))
    np.testing.assert_allclose(second.ravel(), kernel.ravel() / 2, rtol=1e-6)
    np.testing.assert_allclose(first, -second, rtol=1e-6)


def test_integrated_gradients_are_a_plain_loop_and_complete():
    question, looked_at = Question(0), subject(network())
    attribution = integrate_gradients(looked_at, IMAGE, question=question, pieces=24, most=24)
    loop = np.zeros(IMAGE.shape)
    for step in range(24):
        loop += backward(IMAGE * ((step + 0.5) / 24), np.array([1, 0, 0])) * IMAGE / 24
    np.testing.assert_allclose(attribution.values, loop.sum(axis=-1), atol=1e-5)
    whole = integrate_gradients(looked_at, IMAGE, question=question)
    change = forward(IMAGE)[1][0] - forward(np.zeros(IMAGE.shape))[1][0]
    assert whole.change == pytest.approx(change, rel=1e-5)
    assert abs(whole.values.sum() - change) <= 0.02 * abs(change)
    heat = compute_integrated_gradients(looked_at, IMAGE, question=question)
    np.testing.assert_allclose(heat, whole.values / np.abs(whole.values).max(), atol=1e-6)


def mean_network() -> keras.Model:
    """Two maps, the red and the blue of each pixel, their means, and a dense layer."""
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 1, use_bias=False, name="colours")(image)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, keras.layers.Dense(2, use_bias=False, name="dense")(x))
    model.get_layer("colours").set_weights([np.array([[[[1, 0], [0, 0], [0, 1]]]], np.float32)])
    model.get_layer("dense").set_weights([np.array([[2, 0], [-1, 3]], np.float32)])
    return model


def test_of_means_of_maps_both_cams_are_the_maps_times_their_weights():
    pixels = RNG.integers(0, 256, (4, 4, 3)).astype(np.uint8)
    by_hand = np.maximum(2 * pixels[..., 0].astype(float) - pixels[..., 2], 0)
    looked_at = Subject(
        lambda images: np.zeros((len(images), 2), np.float32), 2, lambda: KerasGradients(mean_network())
    )
    for compute in (compute_grad_cam, compute_hires_cam):
        heat = compute(looked_at, pixels, question=Question(0))
        np.testing.assert_allclose(heat, by_hand / by_hand.max(), atol=1e-5)


def test_where_places_differ_only_hirescam_multiplies_place_by_place():
    image = keras.Input((2, 2, 3))
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="red")(image)
    model = keras.Model(image, keras.layers.Dense(2, use_bias=False)(keras.layers.Flatten()(x)))
    model.get_layer("red").set_weights([np.array([[[[1], [0], [0]]]], np.float32)])
    weights = np.array([[4, 0], [1, 0], [-2, 0], [1, 0]], np.float32)
    model.layers[-1].set_weights([weights])
    pixels = np.array([[[100, 0, 0], [200, 0, 0]], [[50, 0, 0], [10, 0, 0]]], np.uint8)
    looked_at = Subject(lambda images: np.zeros((len(images), 2), np.float32), 2, lambda: KerasGradients(model))
    red = pixels[..., 0].astype(float)
    place_by_place = np.maximum(red * weights[:, 0].reshape(2, 2), 0)
    np.testing.assert_allclose(
        compute_hires_cam(looked_at, pixels, question=Question(0)), place_by_place / 400, rtol=1e-5
    )
    np.testing.assert_allclose(compute_grad_cam(looked_at, pixels, question=Question(0)), red / 200, rtol=1e-5)


def test_a_head_that_takes_the_maps_of_two_layers_has_its_logit_divided_among_the_places_of_both():
    """Pooled at 4 x 4 and at 2 x 2 places: what places add up to is the logit, each on the pixels it stands for."""
    layers = keras.layers
    image = keras.Input((4, 4, 3))
    fine = layers.Conv2D(2, 1, activation="relu", name="fine")(image)
    coarse = layers.Conv2D(3, 2, strides=2, name="coarse")(fine)
    pooled = [layers.GlobalAveragePooling2D()(each) for each in (fine, coarse)]
    model = keras.Model(image, layers.Dense(2, use_bias=False, name="logits")(layers.Concatenate()(pooled)))
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=each.shape) for each in model.get_weights()])
    pixels = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
    gradients = KerasGradients(model)
    parts = gradients.maps_and_gradients(pixels[None], np.array([0, 1], np.float32))
    assert [maps.shape for maps, _ in parts] == [(1, 4, 4, 2), (1, 2, 2, 3)]
    logit = float(keras.ops.convert_to_numpy(model(pixels[None].astype(np.float32)))[0, 1])
    assert sum((maps * slopes).sum() for maps, slopes in parts) == pytest.approx(logit, rel=1e-4)

    (fine_maps, _), (coarse_maps, _) = parts
    kernel = model.layers[-1].get_weights()[0][:, 1]
    by_place = fine_maps[0] @ kernel[:2] / 16
    enlarged = PillowImage.fromarray(coarse_maps[0] @ kernel[2:] / 4).resize((4, 4), PillowImage.Resampling.BILINEAR)
    expected = np.maximum(by_place * 16 + np.asarray(enlarged) * 4, 0)
    assert 0 < (expected > 0).sum() < 16
    subject = Subject(lambda images: np.zeros((len(images), 2), np.float32), 2, lambda: gradients)
    for compute in (compute_hires_cam, compute_grad_cam):
        heat = compute(subject, pixels, question=Question(1))
        np.testing.assert_allclose(heat, expected / expected.max(), atol=1e-4)
    one = gradients.maps_and_gradients(pixels[None], np.array([0, 1], np.float32), layer="coarse")
    np.testing.assert_allclose(one[0][0], coarse_maps)


def test_a_layer_is_found_inside_of_nested_models_and_can_be_named():
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="last_filters"), layers.ReLU()], name="inner"
    )
    outer = keras.Sequential([
        keras.Input((8, 8, 3)), layers.RandomFlip(), layers.Rescaling(1 / 255), inner,
        layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten(), layers.Dense(2, activation="softmax", name="end"),
    ])  # fmt: skip
    gradients = KerasGradients(outer)
    assert gradients.find_map_layer().name.startswith("inner/")
    assert gradients.find_map_layer("last_filters").name == "inner/last_filters"
    [(maps, slopes)] = gradients.maps_and_gradients(np.full((2, 8, 8, 3), 9, np.uint8), np.array([1, -1], np.float32))
    assert maps.shape == slopes.shape == (2, 6, 6, 4)
    with pytest.raises(WrongRequest, match="not feature maps"):
        gradients.find_map_layer("end")
    with pytest.raises(UnknownName, match="last_filters"):
        gradients.find_map_layer("last_filter")


def test_gradients_that_are_computed_often_stay_right():
    """On TensorFlow the later ones are compiled; a softmax is left out there too."""
    model, weights = network("in the layer"), np.array([1, 0, -1], np.float32)
    gradients = KerasGradients(model)
    expected = backward(IMAGE, weights)
    for _ in range(WITHOUT_TRACE + 2):
        np.testing.assert_allclose(gradients.gradients(IMAGE[None], weights)[0], expected, atol=1e-6)
    np.testing.assert_allclose(gradients.gradients(IMAGE[None], -weights)[0], -expected, atol=1e-6)


def test_a_network_without_maps_says_so():
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(image)))
    with pytest.raises(WrongRequest, match="no feature maps"):
        KerasGradients(model).find_map_layer()


def test_of_mirrored_answers_the_gradient_is_the_mean_of_both():
    model, weights = network(), np.array([0, 1, 0], np.float32)
    both = Mirrored(KerasGradients(model)).gradients(IMAGE[None], weights)[0]
    expected = (backward(IMAGE, weights) + backward(IMAGE[:, ::-1], weights)[:, ::-1]) / 2
    np.testing.assert_allclose(both, expected, atol=1e-6)
    [(maps, slopes)] = Mirrored(KerasGradients(model)).maps_and_gradients(IMAGE[None], weights)
    assert maps.shape == slopes.shape == (1, 4, 5, 8)


def test_the_compiled_graph_gives_the_maps_of_the_model_without_it():
    import hubel
    from hubel.explanation.of_classifier import subject_of

    folder = Path(__file__).parents[2] / "museum" / "format-5"
    pixels = RNG.integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    by_graph, by_model = (subject_of(hubel.load(folder, engine=name)).compute_maps for name in ("onnx", "keras"))
    assert by_graph is not None
    assert by_model is not None
    made = by_graph(pixels)
    assert made.ndim == 4
    np.testing.assert_allclose(made, by_model(pixels), atol=1e-4)
