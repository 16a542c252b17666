"""The layer table, against loops that count every multiplication."""

from __future__ import annotations

import itertools

import pytest

from hubel.architectures.layer_table import LayerRow, count_macs, layer_table, total_of
from hubel.architectures.layers import LocallyConnected2D
from hubel.arithmetic.convolution import locally_connected_parameters, padding_amounts
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.errors import UnusableInput

pytestmark = pytest.mark.backend

layers = keras.layers


def model_of(*parts: keras.layers.Layer, image: tuple[int, ...] = (7, 6, 4)) -> keras.Model:
    return keras.Sequential([keras.Input(image), *parts])


def row_of(layer: keras.layers.Layer, image: tuple[int, ...] = (7, 6, 4)) -> LayerRow:
    return layer_table(model_of(layer, image=image))[0]


def products(row: LayerRow, in_channels: int, *, dilation: int = 1, per_channel: int | None = None) -> tuple[int, int]:
    """(multiplications, those with a pixel and not with padding) of a convolution over a 7 x 6 map, one by one."""
    assert row.kernel is not None
    assert row.stride is not None
    assert row.padding is not None
    before = [
        padding_amounts(size, row.kernel[axis], stride=row.stride[axis], padding=row.padding, dilation=dilation)[0]
        for axis, size in enumerate((7, 6))
    ]
    count = inside = 0
    inputs = in_channels if per_channel is None else per_channel
    for y, x, _ in itertools.product(*(range(size) for size in row.output)):
        for i, j, _ in itertools.product(range(row.kernel[0]), range(row.kernel[1]), range(inputs)):
            count += 1
            top = y * row.stride[0] - before[0] + i * dilation
            left = x * row.stride[1] - before[1] + j * dilation
            inside += 0 <= top < 7 and 0 <= left < 6
    return count, inside


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("options", [{}, {"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"strides": (1, 3)}])
def test_a_convolution_multiplies_as_often_as_a_loop(options: dict, padding: str):
    row = row_of(layers.Conv2D(6, (3, 2), padding=padding, **options))
    counted = products(row, 4, dilation=options.get("dilation_rate", 1), per_channel=4 // options.get("groups", 1))
    assert (row.macs, row.connections) == counted
    outputs = row.output[0] * row.output[1] * row.output[2]
    assert row.dense_parameters == 7 * 6 * 4 * outputs + outputs
    assert row.activation_bytes == outputs * 4


def test_depthwise_and_separable_convolutions_multiply_as_often_as_a_loop():
    depthwise = row_of(layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"))
    assert (depthwise.macs, depthwise.connections) == products(depthwise, 4, per_channel=1)
    separable = row_of(layers.SeparableConv2D(5, 3, depth_multiplier=2))
    places = separable.output[0] * separable.output[1]
    assert separable.macs == places * 4 * 2 * 9 + places * 8 * 5
    assert separable.connections == separable.macs  # without padding every tap is on a pixel


def test_a_transposed_convolution_multiplies_every_pixel_with_the_whole_kernel():
    row = row_of(layers.Conv2DTranspose(5, 3, strides=2))
    assert row.macs == sum(1 for _ in itertools.product(range(7), range(6), range(4), range(3), range(3), range(5)))
    assert (row.receptive_field, row.receptive_field_stride) == ((2, 2), (None, None))  # one pixel or two, in turns


def test_a_dense_layer_on_a_vector_and_on_a_map():
    assert row_of(layers.Dense(5), image=(9,)).macs == 45
    assert row_of(layers.Dense(5), image=(9,)).output == (1, 1, 5)
    assert row_of(layers.Dense(5), image=(9,)).parameters == 50
    on_map = row_of(layers.Dense(5))
    assert (on_map.macs, on_map.connections) == (7 * 6 * 4 * 5, 7 * 6 * 4 * 5)
    assert on_map.receptive_field == (1, 1)


def test_pooling_has_a_window_and_no_weights():
    row = row_of(layers.MaxPooling2D(3, strides=2, padding="same"))
    assert (row.kernel, row.stride, row.padding) == ((3, 3), (2, 2), "same")
    assert (row.macs, row.parameters, row.dense_parameters) == (0, 0, None)
    assert row.receptive_field == (3, 3)


def test_a_layer_that_is_used_twice_counts_its_weights_once_and_its_work_twice():
    image = keras.Input((8, 8, 3))
    shared = layers.Conv2D(3, 3, padding="same")
    model = keras.Model(image, shared(shared(image)))
    first, second = layer_table(model)
    assert (first.reused, second.reused) == (False, True)
    assert (first.parameters, second.parameters) == (model.count_params(), 0)
    assert first.macs == second.macs
    total = total_of([first, second])
    assert total.parameters == model.count_params() == 84
    assert total.macs == count_macs(model) == 2 * 64 * 81
    assert total.dense_parameters == 192 * 192 + 192


def test_an_unknown_kind_leaves_the_field_unknown_and_all_else_known():
    rows = layer_table(
        model_of(layers.TimeDistributed(layers.Dense(4)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2))
    )
    assert [row.receptive_field for row in rows] == [None] * 4
    assert rows[1].macs == 5 * 4 * 2 * 9 * 4


def test_channels_first_and_open_sizes_are_refused_with_what_to_do():
    if keras.config.backend() == "tensorflow":
        with pytest.raises(UnusableInput, match="channels before height and width"):
            layer_table(model_of(layers.MaxPooling2D(2, data_format="channels_first")))
    with pytest.raises(UnusableInput, match="Give one: input='224x224'"):
        layer_table(model_of(layers.Conv2D(2, 3), image=(None, None, 3)))


def test_a_network_too_large_for_any_memory_is_measured_without_it():
    with without_weights():
        model = model_of(layers.Flatten(), layers.Dense(1_000_000), layers.Dense(1_000_000), image=(1000, 1000, 1))
    assert total_of(layer_table(model)).parameters == 2 * (10**12 + 10**6)
    with keras.StatelessScope():
        pass  # as in every training: Keras makes the values of all variables that still wait for theirs
    assert "value=" not in repr(model.layers[-1].kernel)


def test_published_costs_of_well_known_networks():
    # MobileNetV2 1.0: 300 M MACs (Sandler et al. 2018, table 4); MobileNetV3-Small: 56 M (Howard et al. 2019, table 3).
    with without_weights():
        assert count_macs(keras.applications.MobileNetV2((224, 224, 3), weights=None)) == pytest.approx(300e6, rel=0.01)
        assert count_macs(keras.applications.MobileNetV3Small((224, 224, 3), weights=None)) == pytest.approx(
            56e6, rel=0.01
        )


def test_keras_and_the_arithmetic_count_the_same_parameters():
    local = layer_table(model_of(LocallyConnected2D(3, 2)))[0]
    assert local.parameters == locally_connected_parameters((2, 2), 4, filters=3, output_size=(6, 5))
    shared = row_of(layers.Conv2D(3, 2))
    assert (local.macs, local.connections) == (shared.macs, shared.connections)
    assert local.receptive_field == (2, 2)
