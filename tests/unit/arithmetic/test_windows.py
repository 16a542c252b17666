"""Convolution and pooling, against loops over plain numbers, and against Keras."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubel.arithmetic.windows import (
    MODES,
    WindowOptions,
    calculate_convolution,
    calculate_pooling,
    convolve,
    pool,
    window_step,
)
from hubel.errors import WrongRequest

GOLDEN = [[1.0, 1.2, 1.1, 0.9], [2.1, 2.7, 2.5, 1.9], [1.0, 2.1, 2.4, 1.4], [1.0, 1.8, 2.0, 1.8]]
MATRIX = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0.2, 0.8, 0, 0.3, 0.6, 0],
        [0.2, 0.9, 0, 0.3, 0.8, 0],
        [0.3, 0.8, 0.7, 0.8, 0.9, 0],
        [0, 0, 0, 0.2, 0.8, 0],
        [0, 0, 0, 0.2, 0.2, 0],
    ]
)
CROSS = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])


def pairs(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, most), st.integers(1, most))


OPTIONS = st.builds(
    WindowOptions, pairs(4), stride=pairs(3), padding=st.sampled_from(["valid", "same"]), dilation=pairs(3)
)


def fits(options: WindowOptions, size: tuple[int, int]) -> bool:
    return options.padding == "same" or all(
        (taps - 1) * gap < length for taps, gap, length in zip(options.kernel_size, options.dilation, size, strict=True)
    )


def taps_by_hand(options: WindowOptions, size: tuple[int, int]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Position of the result → the (row, column) of each tap in the matrix, which may be outside of it."""
    starts = []
    for axis in (0, 1):
        reach = (options.kernel_size[axis] - 1) * options.dilation[axis] + 1
        if options.padding == "valid":
            starts.append([at for at in range(0, size[axis], options.stride[axis]) if at + reach <= size[axis]])
        else:
            count = len(range(0, size[axis], options.stride[axis]))
            missing = max(0, (count - 1) * options.stride[axis] + reach - size[axis])
            starts.append([place * options.stride[axis] - missing // 2 for place in range(count)])
    return {
        (row, column): [
            (top + down * options.dilation[0], left + across * options.dilation[1])
            for down in range(options.kernel_size[0])
            for across in range(options.kernel_size[1])
        ]
        for row, top in enumerate(starts[0])
        for column, left in enumerate(starts[1])
    }


def inside(at: tuple[int, int], size: tuple[int, int]) -> bool:
    return 0 <= at[0] < size[0] and 0 <= at[1] < size[1]


def test_the_worked_example_to_the_last_digit():
    result = calculate_convolution(MATRIX[..., None], CROSS, options=WindowOptions((3, 3))).result
    np.testing.assert_allclose(result[..., 0], GOLDEN, rtol=0, atol=1e-12)


@given(options=OPTIONS, size=pairs(9), channels=st.integers(1, 3), filters=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_convolution_is_the_sum_of_products_at_every_position(
    options: WindowOptions, size: tuple[int, int], channels: int, filters: int, seed: int
):
    assume(fits(options, size))
    rng = np.random.default_rng(seed)
    maps, bias = rng.normal(size=(*size, channels)), rng.normal(size=filters)
    kernel = rng.normal(size=(*options.kernel_size, channels, filters))
    by_hand = taps_by_hand(options, size)
    result = convolve(maps, kernel, options=options, bias=bias)
    assert result.shape == (max(by_hand)[0] + 1, max(by_hand)[1] + 1, filters)
    weights = kernel.reshape(-1, channels, filters)
    for at, taps in by_hand.items():
        for index in range(filters):
            expected = bias[index] + sum(
                maps[tap][channel] * weights[place, channel, index]
                for place, tap in enumerate(taps)
                if inside(tap, size)
                for channel in range(channels)
            )
            assert result[at][index] == pytest.approx(expected, abs=1e-12)


@given(options=OPTIONS, size=pairs(9), channels=st.integers(1, 3), mode=st.sampled_from(MODES), seed=st.integers(0, 99))
def test_pooling_looks_at_the_real_pixels_of_each_channel(
    options: WindowOptions, size: tuple[int, int], channels: int, mode: str, seed: int
):
    options = WindowOptions(options.kernel_size, stride=options.stride, padding=options.padding)
    assume(fits(options, size))
    maps = np.random.default_rng(seed).normal(size=(*size, channels)) - 3  # negative: a zero of padding would win
    reckon = {"max": max, "average": lambda values: sum(values) / len(values), "sum": sum}[mode]
    result = pool(maps, mode, options)
    by_hand = taps_by_hand(options, size)
    assert result.shape == (max(by_hand)[0] + 1, max(by_hand)[1] + 1, channels)
    for at, taps in by_hand.items():
        for channel in range(channels):
            expected = reckon([maps[tap][channel] for tap in taps if inside(tap, size)])
            assert result[at][channel] == pytest.approx(expected, abs=1e-12)


@given(options=OPTIONS, size=pairs(7), channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_steps_are_the_windows_in_reading_order(
    options: WindowOptions, size: tuple[int, int], channels: int, seed: int
):
    assume(fits(options, size))
    rng = np.random.default_rng(seed)
    maps, kernel = rng.normal(size=(*size, channels)), rng.normal(size=(*options.kernel_size, channels))
    result = convolve(maps, kernel[..., None], options=options)
    by_hand = taps_by_hand(options, size)
    steps = [window_step(maps, kernel, options=options, at=at) for at in np.ndindex(*result.shape[:2])]
    assert [(step.row, step.column) for step in steps] == list(by_hand)
    for step, taps in zip(steps, by_hand.values(), strict=True):
        assert (step.top, step.left) == taps[0]
        expected = [maps[tap] if inside(tap, size) else np.zeros(channels) for tap in taps]
        np.testing.assert_array_equal(step.window.reshape(-1, channels), expected)
        np.testing.assert_array_equal(step.inside.ravel(), [inside(tap, size) for tap in taps])
        np.testing.assert_array_equal(step.products, step.window * kernel)
        assert step.sum == pytest.approx(result[step.row, step.column, 0], abs=1e-12)


def test_without_a_kernel_the_products_are_the_pixels():
    step = window_step(np.array([[[1.0], [2.0]]]), options=WindowOptions((1, 2)), at=(0, 0))
    assert step.products.ravel().tolist() == [1, 2]
    assert step.sum == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (WindowOptions((7, 3)), "7x3 covers 7x3 pixels and does not fit the matrix of 6x6: 1 too few in height. Pad"),
        (WindowOptions((3, 3), dilation=(3, 4)), "covers 7x9 .* 1 too few in height and 3 too few in width.*dilation"),
    ],
)
def test_a_kernel_that_does_not_fit_says_by_how_much_and_what_to_change(options: WindowOptions, message: str):
    with pytest.raises(WrongRequest, match=message):
        convolve(MATRIX[..., None], np.zeros((*options.kernel_size, 1, 1)), options=options)


def test_wrong_options_are_refused_when_they_are_made():
    with pytest.raises(WrongRequest, match="The stride must be 1 or more.* Received: 0,1"):
        WindowOptions((3, 3), stride=(0, 1))
    with pytest.raises(WrongRequest, match="The kernel size must be 1 or more"):
        WindowOptions((0, 3))
    with pytest.raises(WrongRequest, match="'valid' or 'same'. Received: 'full'"):
        WindowOptions((3, 3), padding="full")


def test_what_pooling_and_convolution_cannot_do_is_refused():
    with pytest.raises(WrongRequest, match="one of max, average, sum. Received: 'median'"):
        pool(MATRIX[..., None], "median", WindowOptions((2, 2)))
    with pytest.raises(WrongRequest, match="Pooling takes no dilation. Received: 2x1"):
        pool(MATRIX[..., None], "max", WindowOptions((2, 2), dilation=(2, 1)))
    with pytest.raises(WrongRequest, match="3x3 for 1 channels. Received: 3x3 for 2"):
        convolve(MATRIX[..., None], np.zeros((3, 3, 2, 1)), options=WindowOptions((3, 3)))


def test_the_json_of_a_convolution_says_what_was_reckoned():
    maps = np.stack([MATRIX, 2 * MATRIX], axis=-1)
    calculation = calculate_convolution(maps, -CROSS, options=WindowOptions((3, 3)), bias=3.5, relu=True)
    document = json.loads(json.dumps(calculation.to_json()))
    assert {"matrix", "kernel", "result", "steps"} <= set(document)
    assert document["matrix"][1][0] == [0.2, 0.4]
    step = document["steps"][4]
    assert (step["row"], step["column"]) == (1, 0)
    assert step["sum"] == pytest.approx(-3 * 2.1)
    assert step["value"] == document["result"][1][0] == 0  # 3.5 - 6.3 is negative
    assert document["result"][0][0] == pytest.approx(3.5 - 3)


def test_the_json_of_pooling_marks_the_padding():
    document = calculate_pooling(
        MATRIX[..., None], "max", options=WindowOptions((4, 4), stride=(4, 4), padding="same")
    ).to_json()
    assert set(document) >= {"matrix", "window", "mode", "result", "steps"}
    assert document["steps"][0]["window"][:2] == [[None] * 4, [None, 0, 0, 0]]
    assert document["steps"][0]["value"] == 0.9
    assert document["matrix"] == MATRIX.tolist()


def test_too_many_windows_to_write_out_are_refused():
    with pytest.raises(WrongRequest, match="40,000 windows over 200x200 .* region='0,0,28,28', or a larger stride"):
        calculate_pooling(np.zeros((200, 200, 1)), "max", options=WindowOptions((1, 1))).to_json()


PADDINGS = st.sampled_from(["valid", "same"])
STRIDED = st.builds(WindowOptions, pairs(4), stride=pairs(3), padding=PADDINGS)
DILATED = st.builds(WindowOptions, pairs(4), padding=PADDINGS, dilation=pairs(3))
"""Keras refuses a stride and a dilation at once."""
SIZES = st.tuples(st.integers(4, 12), st.integers(4, 12))


@pytest.mark.backend
@settings(max_examples=30, deadline=None)
@given(
    options=STRIDED | DILATED,
    size=SIZES,
    channels=st.integers(1, 3),
    filters=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_keras_convolves_to_the_same_numbers(
    options: WindowOptions, size: tuple[int, int], channels: int, filters: int, seed: int
):
    from hubel.backends.framework import keras

    assume(fits(options, size))
    rng = np.random.default_rng(seed)
    maps, bias = rng.normal(size=(*size, channels)), rng.normal(size=filters)
    kernel = rng.normal(size=(*options.kernel_size, channels, filters))
    layer = keras.layers.Conv2D(
        filters, options.kernel_size, strides=options.stride, padding=options.padding, dilation_rate=options.dilation
    )
    layer.build((1, *maps.shape))
    layer.set_weights([kernel, bias])
    expected = keras.ops.convert_to_numpy(layer(maps[None].astype("float32")))[0]
    np.testing.assert_allclose(convolve(maps, kernel, options=options, bias=bias), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=15, deadline=None)
@given(options=STRIDED, size=SIZES, channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_keras_pools_to_the_same_numbers(
    mode: str, options: WindowOptions, size: tuple[int, int], channels: int, seed: int
):
    from hubel.architectures.layers import SumPooling2D
    from hubel.backends.framework import BACKEND, keras

    if mode == "average" and BACKEND == "torch":  # there Keras 3.15 repeats the border and counts it
        options = replace(options, padding="valid")
    maps = np.random.default_rng(seed).normal(size=(*size, channels))
    layers = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D, "sum": SumPooling2D}
    layer = layers[mode](options.kernel_size, strides=options.stride, padding=options.padding)
    expected = keras.ops.convert_to_numpy(layer(maps[None].astype("float32")))[0]
    np.testing.assert_allclose(pool(maps, mode, options), expected, rtol=1e-4, atol=1e-5)
