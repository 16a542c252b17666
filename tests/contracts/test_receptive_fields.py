"""What each position sees, against what really reaches it.

Two probes: a pixel that is no number spoils all that depend on it, of every position; and gradients, of some.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.contracts.test_traces import randomise
from tests.made.receptive_fields import box_along

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import ARCHITECTURES, Blueprint, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.geometry import receptive_fields
from hubel.architectures.walk import Call, walk
from hubel.arithmetic.receptive_field import field_box
from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient

SIDES = (37, 41)  # odd: pooling leaves pixels over
PROBES = 5
"""Positions of each architecture whose gradient is taken."""


def values_reached(model: keras.Model, *, axis: int) -> dict[int, np.ndarray]:
    """place → [pixel, position] along one axis: does that row (or column) of pixels reach that position?"""
    graph = walk(model)
    count = graph.image_shape[axis] or 0
    images = np.random.default_rng(0).uniform(0, 255, (count, *graph.image_shape)).astype(np.float32)
    for pixel in range(count):
        images[(pixel, *([slice(None)] * axis), pixel)] = np.nan
    values = {graph.image: keras.ops.convert_to_tensor(images)}
    reached = {}
    for call in graph.calls:
        values.update(zip(call.outputs, apply(call, [values[place] for place in call.inputs]), strict=True))
        spoiled = np.isnan(keras.ops.convert_to_numpy(values[call.outputs[0]]))
        others = tuple(other for other in range(1, spoiled.ndim) if other != axis + 1 or spoiled.ndim < 4)
        reached[call.outputs[0]] = spoiled.any(axis=others).reshape(count, -1)
    return reached


def apply(call: Call, values: list) -> tuple:
    if call.kind == "MaxPooling2D":  # TensorFlow's maximum passes over what is no number, its average does not
        layer = call.layer
        return (keras.ops.average_pool(values[0], layer.pool_size, layer.strides, layer.padding, "channels_last"),)
    return call.apply(values)


def check_fields(model: keras.Model) -> None:
    graph = walk(model)
    fields = receptive_fields(graph)
    for axis in (0, 1):
        reached = values_reached(model, axis=axis)
        for call in graph.calls:
            assert call.outputs[0] in fields, f"{call.name} ({call.kind}): not known"
            for position, pixels in enumerate(reached[call.outputs[0]].T):
                seen = np.flatnonzero(pixels)
                if not len(seen):
                    assert call.kind == "ZeroPadding2D"  # a position of the frame itself
                    continue
                box = box_along(fields[call.outputs[0]][axis], position, axis=axis + 1, ndim=4)
                assert box == (seen[0], seen[-1] + 1), f"{call.name}, position {position}, axis {axis}"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_stated_field_is_what_really_reaches_each_position(name: str):
    side = ARCHITECTURES[name].smallest
    check_fields(build_model(make_blueprint(name, (max(side, SIDES[0]), max(side, SIDES[1])), classes=3)))


def gradient_box(model: keras.Model, call: Call, row: int, column: int) -> tuple[int, int, int, int] | None:
    """Where the gradient of one position with respect to any of some images is not 0; None where it is 0 everywhere.

    Several images, as a ReLU that is silent for one of them hides what lies behind it.
    """
    graph = walk(model)
    random = np.random.default_rng(1)
    images = random.uniform(0, 255, (8, *graph.image_shape))
    weights = random.uniform(0.5, 1.5, call.output_shapes[0][-1]).astype(np.float32)

    def score(given):
        values = {graph.image: given}
        for each in graph.calls:
            values.update(zip(each.outputs, apply(each, [values[place] for place in each.inputs]), strict=True))
            if each.name == call.name:
                break
        return keras.ops.sum(values[call.outputs[0]][:, row, column] * weights)

    seen = np.abs(compute_gradient(score, images)).sum(axis=(0, -1)) > 0
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if len(rows) else None


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_gradient_is_not_zero_in_the_stated_field_and_nowhere_else(name: str):
    size = max(ARCHITECTURES[name].smallest, 61), max(ARCHITECTURES[name].smallest, 75)
    model = build_model(make_blueprint(name, size, classes=3))
    randomise(model)
    graph = walk(model)
    fields, random = receptive_fields(graph), np.random.default_rng(2)
    maps = [call for call in graph.calls if len(call.output_shapes[0]) == 3 and call.kind != "ZeroPadding2D"]
    boxes = []
    for index in random.permutation(len(maps))[:PROBES]:
        row, column = (int(random.integers(side)) for side in maps[index].output_shapes[0][:2])
        stated = field_box(fields[maps[index].outputs[0]], row, column=column, image_size=size)
        found = gradient_box(model, maps[index], row, column)
        assert found in (stated, None), f"{maps[index].name}, row {row}, column {column}"
        boxes.append(found)
    assert len(boxes) - boxes.count(None) >= min(len(maps), PROBES) - 1  # 0 everywhere: ReLUs that are all silent


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("pooling", ["average", "sum", "max"])
def test_so_it_is_for_networks_of_ones_own(pooling: str, shared: bool):
    groups = (
        Group(2, convolutions=2, kernel_size=5, pooling=pooling, window=3, padding="valid"),
        Group(2, kernel_size=2, pooling=pooling, padding="same"),
    )
    check_fields(build_model(Blueprint("own", CnnSpec((29, 26), 2, groups=groups, shared=shared))))


def test_so_it_is_for_other_layers_too():
    layers = keras.layers
    image = keras.Input((30, 27, 2))
    x = layers.ZeroPadding2D(((1, 0), (1, 1)))(image)
    x = layers.SeparableConv2D(3, 3, strides=2, padding="same")(x)
    short = layers.Conv2D(4, 1)(layers.Cropping2D(((1, 1), (1, 1)))(x))
    x = layers.Concatenate()([layers.Conv2D(4, 3)(x), short])
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    maps = layers.LayerNormalization()(layers.Dense(8)(x))
    out = layers.Flatten()(layers.Multiply()([maps, gate]))
    check_fields(keras.Model(image, [out]))


def test_behind_a_dilated_kernel_the_field_is_exact_inside_and_never_too_small_at_the_edge():
    image = keras.Input((24, 24, 1))
    model = keras.Model(image, keras.layers.Conv2D(1, 3, dilation_rate=3, padding="same")(image))
    graph = walk(model)
    field = receptive_fields(graph)[graph.outputs[0]][0]
    for position, pixels in enumerate(values_reached(model, axis=0)[graph.outputs[0]].T):
        seen, (start, stop) = np.flatnonzero(pixels), box_along(field, position, ndim=4)
        assert start <= seen[0]
        assert seen[-1] < stop
        if 3 <= position < 21:
            assert (start, stop) == (seen[0], seen[-1] + 1)
