"""What a model of others begins and ends with, and how it gets its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.made.foreign_classifiers import CLASSES, SIDE, make_model

from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.classifier.model_output import ModelOutput
from hubel.classifier.pixel_scales import PIXELS
from hubel.engines.catalogue import load_foreign_classifier
from hubel.engines.model_ends import read_output, scales_its_pixels
from hubel.errors import HubelError

layers = keras.layers
PIXEL_VALUES = np.random.default_rng(1).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


def graph_of(*parts, shape=(8, 8, 3)):
    value = image = keras.Input(shape)
    for part in parts:
        value = part(value)
    return walk(keras.Model(image, value))


@pytest.mark.parametrize(("name", "mode"), [("-1..1", "tf"), ("caffe", "caffe"), ("torch", "torch")])
def test_pixels_are_scaled_as_keras_applications_does(name: str, mode: str):
    scale = PIXELS[name]
    made = scale.scale(scale.arrange(PIXEL_VALUES, channels=3).astype(np.float32))
    expected = keras.applications.imagenet_utils.preprocess_input(PIXEL_VALUES.astype(np.float32), mode=mode)
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(scale.show(scale.arrange(PIXEL_VALUES, channels=3)), PIXEL_VALUES)


def test_a_model_of_one_channel_gets_the_grey_of_pillow():
    scale = PIXELS["0..1"]
    made = scale.scale(scale.arrange(PIXEL_VALUES, channels=1).astype(np.float32))
    expected = np.stack([np.asarray(Image.fromarray(each).convert("L")) for each in PIXEL_VALUES])[..., None]
    np.testing.assert_allclose(made * 255, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "parts",
    [
        [layers.Rescaling(1 / 255)],
        [layers.Rescaling(1 / 127.5, -1), layers.Conv2D(2, 3)],
        [layers.RandomFlip(), layers.RandomRotation(0.1), layers.Rescaling(1 / 255)],
        [layers.Resizing(4, 4), layers.Rescaling(1 / 255)],
        [layers.Normalization(mean=[124, 116, 104], variance=[3400, 3200, 3300])],
        [lambda x: x / 127.5, lambda x: x - 1.0],
        [keras.applications.mobilenet_v2.preprocess_input, layers.Conv2D(2, 3)],
        [keras.applications.resnet50.preprocess_input, layers.Conv2D(2, 3)],
        [keras.Sequential([layers.RandomFlip(), layers.Rescaling(1 / 255)])],
    ],
)
def test_a_model_that_begins_by_scaling_takes_pixels_as_they_are(parts: list):
    assert scales_its_pixels(graph_of(*parts))


@pytest.mark.parametrize(
    "parts",
    [
        [layers.Conv2D(2, 3), layers.Rescaling(1 / 255)],
        [layers.Rescaling(255.0)],
        [layers.Rescaling(2.0, -1)],
        [layers.Normalization(mean=[0.48, 0.46, 0.41], variance=[0.05, 0.05, 0.05])],
        [layers.BatchNormalization()],
        [layers.RandomFlip()],
    ],
)
def test_another_beginning_says_nothing_of_pixels(parts: list):
    assert not scales_its_pixels(graph_of(*parts))


@pytest.mark.parametrize(
    ("parts", "activation"),
    [
        ([layers.Dense(3, activation="softmax")], "softmax"),
        ([layers.Dense(3), layers.Softmax()], "softmax"),
        ([layers.Dense(3), keras.ops.softmax], "softmax"),
        ([layers.Dense(3), layers.Activation("softmax", dtype="float32"), layers.Activation("linear")], "softmax"),
        ([keras.Sequential([layers.Dense(3, activation="softmax")]), layers.Dropout(0.1)], "softmax"),
        ([layers.Dense(3, activation="sigmoid")], "sigmoid"),
        ([layers.Dense(3)], None),
        ([layers.Dense(3, activation="softmax"), layers.Dense(3)], None),
        ([layers.Dense(3, activation="tanh")], None),
    ],
)
def test_the_activation_at_the_end_is_recognised(parts: list, activation: str | None):
    output = read_output(graph_of(layers.Flatten(), *parts))
    assert (output.activation, output.count, output.is_vector) == (activation, 3, True)


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("activation", "made", "expected"),
    [
        ("softmax", [[0.2, 0.5, 0.3]], [[0.2, 0.5, 0.3]]),
        ("softmax", [[0.0, 1.0, 0.0]], [[0.0, 1.0, 0.0]]),
        ("sigmoid", [[0.2, 0.4, 0.4]], [[0.2, 0.4, 0.4]]),
        ("sigmoid", [[0.9, 0.9, 0.2]], [[0.45, 0.45, 0.1]]),
        ("sigmoid", [[0.7]], [[0.3, 0.7]]),
        (None, [[0.0]], [[0.5, 0.5]]),
        (None, [[np.log(3)]], [[0.25, 0.75]]),
        (None, [np.log([2.0, 5.0, 3.0])], [[0.2, 0.5, 0.3]]),
    ],
)
def test_outputs_become_logits_whose_softmax_is_the_models_probability(activation, made, expected):
    made = np.asarray(made, np.float32)
    logits = ModelOutput((made.shape[1],), activation).to_logits(made)
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-7)


def saved(model: keras.Model, tmp_path: Path) -> Path:
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def test_probabilities_are_those_of_the_model(tmp_path: Path):
    model = make_model()
    classifier = load_foreign_classifier(saved(model, tmp_path), class_names=CLASSES, pixels="-1..1")
    expected = keras.ops.convert_to_numpy(model(PIXEL_VALUES.astype(np.float32) / 127.5 - 1))
    np.testing.assert_allclose(classifier.compute_probabilities(PIXEL_VALUES), expected, atol=1e-6)
    assert classifier.predict(PIXEL_VALUES[0]).class_name == CLASSES[int(expected[0].argmax())]


def test_a_model_of_any_size_works_at_the_one_that_is_said(tmp_path: Path):
    model = make_model(side=None)
    classifier = load_foreign_classifier(saved(model, tmp_path), pixels="-1..1", size=(SIDE, SIDE))
    expected = keras.ops.convert_to_numpy(model(PIXEL_VALUES.astype(np.float32) / 127.5 - 1))
    np.testing.assert_allclose(classifier.compute_probabilities(PIXEL_VALUES), expected, atol=1e-6)
    assert classifier.class_names == ("class 0", "class 1", "class 2")


def refused(model: keras.Model, tmp_path: Path, said: str, **options) -> None:
    with pytest.raises(HubelError, match=said):
        load_foreign_classifier(saved(model, tmp_path), **options).compute_probabilities(PIXEL_VALUES)


def two_layers(shape: tuple[int | None, ...], *more) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *more])


def test_what_cannot_be_given_images_is_refused_with_the_reason(tmp_path: Path):
    refused(
        two_layers((10,), layers.Dense(2)), tmp_path, "takes 10. Hubel gives it images as height x width x channels"
    )
    refused(two_layers((8, 8, 4), layers.Flatten()), tmp_path, "takes 8x8x4.* with 1 or 3 channels")
    refused(two_layers((3, 8, 8), layers.Flatten()), tmp_path, "takes 3x8x8.*data_format='channels_last'")
    refused(make_model(side=None), tmp_path, "takes images of any size. Choose one, such as input='224x224'")
    refused(make_model(), tmp_path, "takes images of 12x12 only. Leave input out", size=(8, 8))
    refused(make_model(channels=1), tmp_path, "pixels='caffe' is for models of three channels", pixels="caffe")
    huge = two_layers((512, 512, 3), layers.UpSampling2D(16), layers.GlobalAveragePooling2D())
    refused(huge, tmp_path, r"makes 201,326,592 numbers for one image; Hubel computes up to 134,217,728")


def test_pixels_that_nobody_states_are_asked_for_with_every_choice(tmp_path: Path):
    refused(make_model(), tmp_path, r"does not say how its pixels are scaled.*Choose one with pixels: ")
    for name in PIXELS:
        refused(make_model(), tmp_path, rf"[:;] {name.replace('.', '[.]')} \(")
    refused(
        make_model(),
        tmp_path,
        r"no pixel scale named '0-1'. Known: -1..1, 0..1, 0..255, caffe, torch",
        pixels="0-1",
    )


def test_what_names_no_classes_is_refused_with_the_reason(tmp_path: Path):
    backbone = two_layers((SIDE, SIDE, 3), layers.Conv2D(4, 3))
    refused(backbone, tmp_path, "names no classes: it makes 10x10x4 numbers from an image", pixels="0..1")
    one = two_layers((SIDE, SIDE, 3), layers.Flatten(), layers.Dense(1, activation="softmax"))
    refused(one, tmp_path, "a softmax over a single number is always 1", pixels="0..1")
    image = keras.Input((SIDE, SIDE, 3))
    both = keras.Model(image, [layers.Flatten()(image), layers.GlobalAveragePooling2D()(image)])
    refused(both, tmp_path, "it has 2 outputs", pixels="0..1")


def test_numbers_that_are_not_finite_are_no_answer(tmp_path: Path):
    model = make_model()
    model.get_layer("answer").set_weights([np.full((3, 3), np.nan, np.float32), np.zeros(3, np.float32)])
    refused(model, tmp_path, "makes numbers that are not finite.*Try a scale other than pixels='0..1'", pixels="0..1")


@pytest.mark.parametrize(("end", "channels", "given"), [("softmax", 3, ("a", "b")), ("sigmoid", 1, ("a", "b", "c"))])
def test_as_many_class_names_as_classes(tmp_path: Path, end: str, channels: int, given: tuple[str, ...]):
    outputs = f"{channels} output{'s' * (channels != 1)}"
    said = f"has {outputs}.* and there are {len(given)} class names: a, b"
    refused(make_model(end=end, channels=channels), tmp_path, said, class_names=given, pixels="0..1")
