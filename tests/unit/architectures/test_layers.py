"""Our own layers, against loops over every position."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.layers import LocallyConnected2D, SumPooling2D
from hubel.backends.framework import keras
from hubel.errors import WrongRequest

pytestmark = pytest.mark.backend

LAST = "channels_last"


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def run(layer: keras.Layer, x: np.ndarray) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(layer(x)))


def starts(side: int, taps: int, stride: int, padding: str) -> list[int]:
    """First pixels of the windows; "same" begins half of what is missing before the map, rounded down."""
    if padding == "valid":
        return list(range(0, side - taps + 1, stride))
    count = -(-side // stride)
    missing = max(0, (count - 1) * stride + taps - side)
    return [place * stride - missing // 2 for place in range(count)]


def part(x: np.ndarray, top: int, left: int, taps: tuple[int, int]) -> np.ndarray:
    """The real pixels of a window."""
    return x[:, max(0, top) : max(0, top + taps[0]), max(0, left) : max(0, left + taps[1])]


def summed(x: np.ndarray, taps: tuple[int, int], strides: tuple[int, int], padding: str) -> np.ndarray:
    tops, lefts = (starts(side, *rest, padding) for side, *rest in zip(x.shape[1:3], taps, strides, strict=True))
    return np.stack(
        [np.stack([part(x, top, left, taps).sum(axis=(1, 2)) for left in lefts], 1) for top in tops], 1
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    taps=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    padding=st.sampled_from(["valid", "same"]),
    data_format=st.sampled_from([LAST, "channels_first"]),
)
def test_sum_pooling_adds_up_the_pixels_of_each_window(
    size: tuple[int, int], taps: tuple[int, int], strides: tuple[int, int], padding: str, data_format: str
):
    x = numbers(2, *size, 3)
    given_x = x if data_format == LAST else x.transpose(0, 3, 1, 2)
    layer = SumPooling2D(taps, strides=strides, padding=padding, data_format=data_format)
    got = run(layer, given_x)
    assert got.shape == layer.compute_output_shape(given_x.shape)
    got = got if data_format == LAST else got.transpose(0, 2, 3, 1)
    np.testing.assert_allclose(got, summed(x, taps, strides, padding), rtol=1e-5, atol=1e-5)


def test_sum_pooling_by_hand():
    x = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    assert run(SumPooling2D(2), x).ravel().tolist() == [0 + 1 + 3 + 4]
    assert run(SumPooling2D(2, padding="same"), x).ravel().tolist() == [8, 2 + 5, 6 + 7, 8]


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(4, 6), st.integers(4, 6)),
    taps=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.sampled_from(["valid", "same"]),
    use_bias=st.booleans(),
)
def test_a_locally_connected_layer_has_a_kernel_of_its_own_at_each_position(
    size: tuple[int, int], taps: tuple[int, int], padding: str, use_bias: bool
):
    x = numbers(2, *size, 3)
    layer = LocallyConnected2D(2, taps, padding=padding, use_bias=use_bias, activation="relu")
    layer.build(x.shape)
    rows, columns = (len(starts(side, each, 1, padding)) for side, each in zip(size, taps, strict=True))
    kernel, bias = numbers(rows, columns, *taps, 3, 2), numbers(rows, columns, 2)
    layer.set_weights([kernel, bias][: 1 + use_bias])
    tops, lefts = (starts(side, each, 1, padding) for side, each in zip(size, taps, strict=True))
    expected = np.zeros((2, rows, columns, 2), np.float32)
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            for i in range(taps[0]):
                for j in range(taps[1]):
                    if 0 <= top + i < size[0] and 0 <= left + j < size[1]:
                        expected[:, row, column] += x[:, top + i, left + j] @ kernel[row, column, i, j]
    expected = np.maximum(0, expected + bias if use_bias else expected)
    got = run(layer, x)
    assert got.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_with_one_kernel_everywhere_it_is_a_convolution():
    x = numbers(1, 6, 5, 3)
    convolution = keras.layers.Conv2D(4, 3, padding="same", bias_initializer="ones")
    expected = run(convolution, x)
    kernel, bias = convolution.get_weights()
    layer = LocallyConnected2D(4, 3, padding="same")
    layer.build(x.shape)
    layer.set_weights([np.broadcast_to(kernel, (6, 5, *kernel.shape)), np.broadcast_to(bias, (6, 5, 4))])
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["he_normal", "glorot_uniform"])
def test_its_kernels_begin_as_large_as_those_of_a_convolution(name: str):
    keras.utils.set_random_seed(0)
    layer = LocallyConnected2D(16, 3, kernel_initializer=name)
    layer.build((None, 12, 12, 16))
    convolution = keras.layers.Conv2D(16, 3, kernel_initializer=name)
    convolution.build((None, 12, 12, 16))
    assert np.std(layer.get_weights()[0]) == pytest.approx(np.std(convolution.get_weights()[0]), rel=0.05)
    plain = LocallyConnected2D(2, 3, kernel_initializer="ones")
    plain.build((None, 4, 4, 1))
    assert (plain.get_weights()[0] == 1).all()


def test_both_are_the_same_after_a_file_and_after_their_config(tmp_path: Path):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((7, 6, 2))
    x = LocallyConnected2D(3, (3, 2), padding="same", activation="relu", use_bias=False)(inputs)
    x = SumPooling2D((2, 3), strides=(2, 1), padding="same", data_format=LAST)(x)
    model = keras.Model(inputs, x)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    images = numbers(2, 7, 6, 2)
    np.testing.assert_array_equal(run(again, images), run(model, images))
    for layer in model.layers[1:]:
        copy = type(layer).from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()


def test_sizes_that_are_not_known_stay_unknown():
    shape = (None, None, 8, 3)
    assert SumPooling2D(2, data_format=LAST).compute_output_shape(shape) == (None, None, 4, 3)
    assert LocallyConnected2D(5, 3).compute_output_shape(shape) == (None, None, 6, 5)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SumPooling2D(0), "pool_size must be one or two whole numbers, at least 1"),
        (lambda: SumPooling2D((2, 2, 2)), "pool_size must be"),
        (lambda: SumPooling2D(2, strides=0), "strides must be"),
        (lambda: SumPooling2D(2, padding="full"), "padding must be 'valid' or 'same'. Received: 'full'"),
        (lambda: SumPooling2D(2, data_format="last"), "channels_last, channels_first. Received: 'last'"),
        (lambda: LocallyConnected2D(0, 3), "filters must be a whole number, at least 1. Received: 0"),
        (lambda: LocallyConnected2D(1, 3).build((None, 2, 2, 1)), "at least as large. Received: shape"),
        (lambda: LocallyConnected2D(1, 3).build((None, None, 2, 1)), "of a known size"),
    ],
)
def test_what_cannot_be_is_refused(make, words: str):
    with pytest.raises(WrongRequest, match=words):
        make()


SPECS = [
    CnnSpec((12, 10), 3, (Group(4, pooling="sum", window=3, padding="valid"), Group(5, kernel_size=2)), (7,)),
    CnnSpec((9, 9), 3, (Group(4, padding="valid", convolutions=2),), (7,), shared=False, batch_normalisation=False),
    CnnSpec((9, 8), 3, (Group(4, kernel_size=4),), head="average", shared=False, channels=1),
    CnnSpec((9, 8), 3, (Group(4, pooling="none"),), (6,), head="max", activation="none", dropout=0.2),
]


@pytest.mark.parametrize("spec", SPECS)
def test_every_choice_of_a_spec_is_built_as_it_is_counted(spec: CnnSpec):
    from hubel.architectures.build import build_model
    from hubel.architectures.catalogue import Blueprint, blueprint_from_json

    blueprint = Blueprint("mine", spec)
    model = build_model(blueprint)
    assert blueprint_from_json(blueprint.to_json()) == blueprint
    assert spec.count_parameters() == model.count_params()
    assert model.output.shape == (None, 3)
    assert model.input.shape[1:] == (*spec.image_size, spec.channels)
    size = spec.image_size
    for number, group in enumerate(spec.groups, 1):
        for _ in range(group.convolutions):
            size = group.convolved(size)
        size = group.pooled(size)
        if group.pooling != "none":
            assert model.get_layer(f"group_{number}_pool").output.shape[1:3] == size
    names = [layer.name for layer in model.layers]
    assert any(name.endswith("_relu") for name in names) is (spec.activation == "relu")
    assert any(name.endswith("_convolution") for name in names) is spec.shared
    assert any(name.endswith("_local") for name in names) is not spec.shared
