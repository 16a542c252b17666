"""What each number sees behind each kind of layer, against what changes when a row or column of pixels does."""

# ruff: noqa: PLW0108  (each test makes its layer anew, after the seed is set)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hubel.architectures.geometry import receptive_fields
from hubel.architectures.walk import Graph, walk
from hubel.arithmetic.receptive_field import ReceptiveField
from hubel.backends.framework import keras

pytestmark = pytest.mark.backend

IMAGE = (12, 15, 2)
ROUNDING = 1e-5
"""Smaller changes are none: a resize may give a place a weight of 1e-7 where it means 0."""

layers, ops = keras.layers, keras.ops
Kind = Callable[[Any], Any]


def stem(image: Any) -> Any:
    """Maps of 12 x 15 x 4 whose positions see 3 x 3 pixels."""
    return layers.Conv2D(4, 3, padding="same")(image)


def fixed(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(0.5, 1, shape).astype(np.float32)


def gate(x: Any) -> Any:
    return layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))


def patches(x: Any) -> Any:
    """Tokens of 3 x 5 places each: [16, 12, 4] → 12 tokens, by reshapes and a transposition alone."""
    split = ops.reshape(x, (-1, 4, 3, 3, 5, 4))
    return ops.reshape(ops.transpose(split, (0, 1, 3, 2, 4, 5)), (-1, 12, 60))


EXACT: dict[str, Kind] = {
    "UpSampling2D": layers.UpSampling2D((2, 3)),
    "UpSampling2D, bilinear": lambda x: layers.UpSampling2D(2, interpolation="bilinear")(x),
    "Resizing, larger": lambda x: layers.Resizing(17, 31)(x),
    "Resizing, smaller": lambda x: layers.Resizing(5, 4)(x),
    "Resizing, nearest": lambda x: layers.Resizing(7, 22, interpolation="nearest")(x),
    "Resizing, cut": lambda x: layers.Resizing(6, 6, crop_to_aspect_ratio=True)(x),
    "Resizing, padded": lambda x: layers.Resizing(10, 10, pad_to_aspect_ratio=True)(x),
    "Resizing, antialias": lambda x: layers.Resizing(5, 4, antialias=True)(x),
    "ops.image.resize": lambda x: ops.image.resize(x, (24, 20)),
    "Conv2DTranspose 2 / 2": lambda x: layers.Conv2DTranspose(3, 2, strides=2)(x),
    "Conv2DTranspose 3 / 2 same": lambda x: layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x),
    "Conv2DTranspose 4 / 3": lambda x: layers.Conv2DTranspose(3, (4, 5), strides=(3, 2))(x),
    "Conv2DTranspose 5 / 1 same": lambda x: layers.Conv2DTranspose(3, 5, padding="same")(x),
    "CenterCrop": lambda x: layers.CenterCrop(7, 8)(x),
    "CenterCrop, larger": lambda x: layers.CenterCrop(20, 8)(x),
    "Cropping2D": lambda x: layers.Cropping2D(((1, 2), (0, 3)))(x),
    "Permute, turned": lambda x: layers.Permute((2, 1, 3))(x),
    "Permute, channels first": lambda x: layers.Permute((3, 1, 2))(x),
    "Permute and convolution": lambda x: layers.Conv2D(2, (3, 5), strides=(2, 1))(layers.Permute((2, 1, 3))(x)),
    "Dense over columns": lambda x: layers.Dense(3)(layers.Permute((3, 1, 2))(x)),
    "ops.transpose": lambda x: ops.transpose(x, (0, 2, 3, 1)),
    "ops.swapaxes": lambda x: ops.swapaxes(x, 1, -1),
    "ops.moveaxis": lambda x: ops.moveaxis(x, -1, 1),
    "slice": lambda x: x[:, 2:-1, ::2],
    "slice, turned over": lambda x: x[:, ::-1, 5:1:-2, :2],
    "slice, one row": lambda x: x[:, 3],
    "slice, one column": lambda x: x[..., -2, :],
    "slice, one place": lambda x: x[:, 3, 4],
    "slice, one place repeated": lambda x: layers.RepeatVector(3)(x[:, 3, 4]),
    "slice, one place added": lambda x: layers.Add()([x, x[:, 3, 4]]),
    "slice, new axis": lambda x: x[:, None, 1:, ..., 1],
    "ops.max_pool": lambda x: ops.max_pool(x, 3, 2, "same"),
    "ops.average_pool": lambda x: ops.average_pool(x, (2, 3)),
    "ops.conv": lambda x: ops.conv(x, fixed(3, 2, 4, 5), strides=2, padding="same"),
    "ops.depthwise_conv": lambda x: ops.depthwise_conv(x, fixed(3, 3, 4, 1), strides=1, padding="valid"),
    "ops.separable_conv": lambda x: ops.separable_conv(x, fixed(3, 3, 4, 1), fixed(1, 1, 4, 2), padding="same"),
    "AdaptiveAveragePooling2D": lambda x: layers.AdaptiveAveragePooling2D((5, 4))(x),
    "AdaptiveMaxPooling2D": lambda x: layers.AdaptiveMaxPooling2D((5, 7))(x),
    "ops.clip": lambda x: ops.clip(x, -100.0, 100.0),
    "arithmetic": lambda x: (ops.abs(x) + 1.0) * x / 7.0 - x**2,
    "constant of a map": lambda x: x * fixed(12, 15, 1),
    "ops.where": lambda x: ops.where(x > 0.0, x, 2.0 * x),
    "ops.mean over rows": lambda x: ops.mean(x, axis=1),
    "ops.max over columns": lambda x: ops.max(x, axis=2, keepdims=True),
    "ops.sum over channels": lambda x: ops.sum(x, axis=-1),
    "ops.mean over the map": lambda x: ops.mean(x, axis=(1, 2)),
    "ops.softmax over rows": lambda x: ops.softmax(x * 0.05, axis=1),
    "Softmax over channels": lambda x: layers.Softmax()(x * 0.05),
    "Softmax over columns": lambda x: layers.Softmax(axis=2)(x * 0.05),
    "Softmax over the map": lambda x: layers.Softmax(axis=(1, 2))(x * 0.05),
    "LayerNormalization": lambda x: layers.LayerNormalization()(x),
    "LayerNormalization over rows": lambda x: layers.LayerNormalization(axis=1)(x),
    "LayerNormalization over three axes": lambda x: layers.LayerNormalization(axis=(1, 2, 3))(x),
    "RMSNormalization": lambda x: layers.RMSNormalization()(x),
    "UnitNormalization": lambda x: layers.UnitNormalization()(x),
    "UnitNormalization over rows": lambda x: layers.UnitNormalization(axis=1)(x),
    "GroupNormalization": lambda x: layers.GroupNormalization(2)(x),
    "Concatenate rows": lambda x: layers.Concatenate(axis=1)([x, layers.AveragePooling2D((2, 1))(x)]),
    "Concatenate channels": lambda x: layers.Concatenate()([x, layers.Conv2D(2, 5, padding="same")(x)]),
    "ops.split": lambda x: ops.concatenate(ops.split(x, 3, axis=2)[::-1], axis=1),
    "ops.stack": lambda x: ops.stack([x, ops.flip(x, 1)], axis=1),
    "ops.reshape, rows and columns": lambda x: ops.reshape(x, (-1, 180, 4)),
    "Reshape, halves of columns": lambda x: layers.Reshape((12, 3, 20))(x),
    "patches": patches,
    "RepeatVector": lambda x: layers.RepeatVector(3)(layers.GlobalMaxPooling2D()(x)),
    "ops.expand_dims, squeeze": lambda x: ops.squeeze(ops.expand_dims(x, 2) * 2.0, 2),
    "ops.pad": lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0))),
    "ops.pad, reflect": lambda x: ops.pad(x, ((0, 0), (2, 2), (3, 1), (0, 0)), mode="reflect"),
    "ops.roll": lambda x: ops.roll(x, 4, axis=2),
    "ops.flip": lambda x: ops.flip(x, axis=(1, 2)),
    "ops.repeat": lambda x: ops.repeat(x, 2, axis=1),
    "ops.tile": lambda x: ops.tile(x, (1, 2, 1, 1)),
    "ops.matmul": lambda x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))),
    "Conv1D causal": lambda x: layers.Conv1D(3, 3, padding="causal")(ops.mean(x, axis=2)),
    "GlobalAveragePooling2D": lambda x: layers.GlobalAveragePooling2D(keepdims=True)(x),
    "GlobalMaxPooling1D": lambda x: layers.GlobalMaxPooling1D()(ops.mean(x, axis=1)),
    "Multiply with a gate": lambda x: layers.Multiply()([x, gate(x)]),
    "Add of a vector": lambda x: layers.Add()([x, layers.GlobalAveragePooling2D()(x)]),
    "Rescaling": lambda x: layers.Rescaling(0.5, 1)(x),
    "Normalization": lambda x: layers.Normalization(mean=[1.0] * 4, variance=[2.0] * 4)(x),
    "SpectralNormalization": lambda x: layers.SpectralNormalization(layers.Conv2D(2, 3))(x),
    "Activation softmax": lambda x: layers.Activation("softmax")(x * 0.05),
    "window behind a resize": lambda x: layers.Conv2D(2, 3, padding="same")(layers.UpSampling2D(2)(x)),
    "decoder": lambda x: layers.Add()([x, layers.UpSampling2D((2, 1))(layers.MaxPooling2D((2, 1))(x))]),
    "AutoContrast": lambda x: layers.AutoContrast(value_range=(0, 255))(x),
}
"""What is stated is what is found, of every number."""

RANDOM: dict[str, Kind] = {
    kind: lambda x, kind=kind, arguments=arguments: getattr(layers, kind)(**arguments)(x)
    for kind, arguments in {
        "RandomBrightness": {"factor": 0.5},
        "RandomContrast": {"factor": 0.5},
        "RandomElasticTransform": {},
        "RandomErasing": {},
        "RandomFlip": {},
        "RandomGaussianBlur": {},
        "RandomPerspective": {},
        "RandomRotation": {"factor": 0.5},
        "RandomSharpness": {"factor": 0.5},
        "RandomShear": {"x_factor": 0.5, "y_factor": 0.5},
        "RandomTranslation": {"height_factor": 0.5, "width_factor": 0.5},
        "RandomZoom": {"height_factor": 0.5},
        "RandomInvert": {},
        "RandomPosterization": {"factor": 4},
        "Solarization": {},
        "CutMix": {},
        "MixUp": {},
        "Dropout": {"rate": 0.5},
        "SpatialDropout2D": {"rate": 0.5},
        "GaussianNoise": {"stddev": 1.0},
    }.items()
}
ON_COLOURS: dict[str, Kind] = {
    "AugMix": lambda x: layers.AugMix()(x),
    "RandAugment": lambda x: layers.RandAugment()(x),
    "RandomColorJitter": lambda x: layers.RandomColorJitter(brightness_factor=0.5)(x),
    "RandomGrayscale": lambda x: layers.RandomGrayscale(1.0)(x),
    "RandomHue": lambda x: layers.RandomHue(0.5)(x),
    "RandomSaturation": lambda x: layers.RandomSaturation(0.9)(x),
    "RandomColorDegeneration": lambda x: layers.RandomColorDegeneration(0.9)(x),
    "Pipeline": lambda x: layers.Pipeline([layers.RandomFlip(), layers.RandomRotation(0.5)])(x),
}
"""Those that want three channels; as every random layer, they do nothing in prediction."""

OF_VIDEOS: dict[str, Kind] = {
    "Conv3D": lambda x: layers.Conv3D(2, (2, 3, 5), strides=(1, 2, 1))(x),
    "MaxPooling3D": lambda x: layers.MaxPooling3D((1, 2, 3))(x),
    "UpSampling3D": lambda x: layers.UpSampling3D((1, 2, 1))(x),
    "ZeroPadding3D": lambda x: layers.Cropping3D(2)(layers.ZeroPadding3D((3, 1, 2))(x)),
    "TimeDistributed window": lambda x: layers.TimeDistributed(layers.Conv2D(2, 3, strides=2))(x),
    "TimeDistributed pooling": lambda x: layers.TimeDistributed(layers.GlobalAveragePooling2D())(x),
    "TimeDistributed twice": lambda x: layers.Conv3D(2, 3)(layers.TimeDistributed(layers.Resizing(9, 8))(x)),
    "mean of frames": lambda x: ops.mean(layers.Activation("tanh")(x * 0.1), axis=1),
    "one frame": lambda x: layers.Conv2D(2, 3)(x[:, 2]),
    "GlobalAveragePooling3D": lambda x: layers.GlobalAveragePooling3D()(x),
}

CONTAINED: dict[str, Kind] = {
    "Conv2D, dilated": lambda x: layers.Conv2D(2, 3, dilation_rate=3, padding="same")(x),
    "Resizing, bicubic": lambda x: layers.Resizing(7, 30, interpolation="bicubic")(x),
    "Resizing, lanczos5": lambda x: layers.Resizing(30, 6, interpolation="lanczos5", antialias=True)(x),
    "UpSampling2D, lanczos3": lambda x: layers.UpSampling2D(2, interpolation="lanczos3")(x),
    "Conv2DTranspose, dilated": lambda x: layers.Conv2DTranspose(2, 3, dilation_rate=2, padding="same")(x),
    "MultiHeadAttention": lambda x: layers.MultiHeadAttention(2, 3)(patches(x), patches(x)),
    "Attention": lambda x: layers.Attention()([patches(x), patches(x)]),
    "slice of a vector": lambda x: layers.Flatten()(x)[:, :3],
    "LSTM": lambda x: layers.LSTM(3, return_sequences=True)(patches(x)),
    "Dot": lambda x: layers.Dot(axes=2)([patches(x), patches(x)]),
    "ops.depth_to_space": lambda x: ops.depth_to_space(x, 2),
    "ops.space_to_depth": lambda x: ops.space_to_depth(x[:, :, :12], 3),
    "ops.cumsum": lambda x: ops.cumsum(x, axis=1),
    "ops.sort": lambda x: ops.sort(x, axis=2),
    "ops.matmul with a constant": lambda x: ops.matmul(x, fixed(4, 3)),
}
"""What is stated contains what is found."""


def changed(graph: Graph, *, axis: int) -> np.ndarray:
    """[pixel, ...]: does a change of that row (or column, ...) of pixels change this number of the model's output?"""
    shape, random = graph.image_shape, np.random.default_rng(3)
    count = int(shape[axis] or 0)
    before = random.uniform(0, 1, (count, *shape)).astype(np.float32)[:1].repeat(count, 0)
    found = np.zeros(count, bool)
    for sign in (1, -1):  # the larger changes a maximum, the smaller a minimum
        after = before.copy()
        for pixel in range(count):
            where = (pixel, *([slice(None)] * axis), pixel)
            after[where] += sign * random.uniform(3, 6, after[where].shape)
        difference = np.abs(outputs(graph, after) - outputs(graph, before)) > ROUNDING
        found = difference if found.ndim == 1 else found | difference
    return found


def outputs(graph: Graph, images: np.ndarray) -> np.ndarray:
    values = {graph.image: keras.ops.convert_to_tensor(images)}
    for call in graph.calls:
        values.update(zip(call.outputs, call.apply([values[place] for place in call.inputs]), strict=True))
    return keras.ops.convert_to_numpy(values[graph.outputs[0]])


def stated_and_found(field: ReceptiveField, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(first, stop) of each number by the field and by the probe; numbers that see the same by the field are one."""
    same = tuple(axis for axis in range(1, found.ndim) if field.reach.shape[axis + 1] == 1)
    each = found.any(axis=same, keepdims=True)  # [pixel, ...]
    pixels = np.arange(len(each)).reshape(-1, *[1] * (each.ndim - 1))
    reach = np.stack([(each * (len(each) - pixels)).max(0), (each * (pixels + 1)).max(0)])
    return field.reach[:, 0], reach


KERAS_CANNOT = {
    "jax": {
        "ops.average_pool": "takes no pair of strides",
        "AdaptiveMaxPooling2D": "leaves out pixels at the edge",
        "MixUp": "warns that JAX has no 64 bits",
    },
    "torch": {
        "slice, turned over": "takes no negative step",
        "LayerNormalization over rows": "normalises the last axes only",
        "Resizing, lanczos5": "is not there",
        "UpSampling2D, lanczos3": "is not there",
    },
}
"""Backend → kinds that Keras itself cannot compute there, and how it fails."""


@pytest.fixture(autouse=True)
def _only_what_keras_can(request: pytest.FixtureRequest) -> None:
    name = getattr(request.node, "callspec", None) and request.node.callspec.params.get("name")
    reason = KERAS_CANNOT.get(keras.backend.backend(), {}).get(name)
    if reason:
        pytest.skip(f"{name} {reason} in Keras on {keras.backend.backend()}")


def check(kind: Kind, *, exactly: bool, image: tuple[int, ...] = IMAGE, before: Kind = stem) -> None:
    keras.utils.set_random_seed(1)
    given = keras.Input(image)
    graph = walk(keras.Model(given, kind(before(given))))
    fields = receptive_fields(graph)
    assert graph.outputs[0] in fields, [call.kind for call in graph.calls if call.outputs[0] not in fields]
    for axis, field in enumerate(fields[graph.outputs[0]]):
        stated, found = stated_and_found(field, changed(graph, axis=axis + len(image) - 3))
        assert found.any()
        if exactly:
            np.testing.assert_array_equal(stated, found)
        assert (stated >= found).all()


@pytest.mark.parametrize("name", EXACT)
def test_each_number_sees_what_is_stated_and_nothing_else(name: str):
    check(EXACT[name], exactly=True)


@pytest.mark.parametrize("name", CONTAINED)
def test_what_is_stated_contains_what_a_number_sees(name: str):
    check(CONTAINED[name], exactly=False)


@pytest.mark.parametrize("name", RANDOM)
def test_random_layers_pass_the_image_on_in_prediction(name: str):
    check(RANDOM[name], exactly=True)


@pytest.mark.parametrize("name", ON_COLOURS)
def test_so_do_those_that_change_colours(name: str):
    check(ON_COLOURS[name], exactly=True, image=(8, 9, 3), before=lambda image: image)


@pytest.mark.parametrize("name", OF_VIDEOS)
def test_of_a_video_rows_and_columns_are_followed(name: str):
    check(OF_VIDEOS[name], exactly=True, image=(5, 8, 9, 2), before=lambda video: video)
