"""What positions see when gates are left out: as in the same network without squeeze-and-excitation."""

# ruff: noqa: PLW0108  (each test makes its layer anew)
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hubel.architectures.field_windows import MOST_POSITIONS
from hubel.architectures.geometry import image_size, receptive_fields
from hubel.architectures.walk import walk
from hubel.arithmetic.receptive_field import ReceptiveField
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights

pytestmark = pytest.mark.backend
layers, ops = keras.layers, keras.ops


def squeeze(x: Any) -> Any:
    return layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))


def convolved_squeeze(x: Any) -> Any:
    return layers.Conv2D(4, 1, activation="sigmoid")(ops.mean(x, axis=(1, 2), keepdims=True))


GATES: dict[str, Callable[[Any], Any]] = {
    "none": lambda x: x,
    "a Multiply layer": lambda x: layers.Multiply()([x, layers.Reshape((1, 1, 4))(squeeze(x))]),
    "a vector": lambda x: layers.Multiply()([squeeze(x), x]),
    "an operation": lambda x: x * convolved_squeeze(x),
    "two in a row": lambda x: ops.multiply(convolved_squeeze(x), x) * convolved_squeeze(x),
}


def fields_of(make: Callable[[Any], Any], image: Sequence[int], *, without_gates: bool) -> tuple[ReceptiveField, ...]:
    with without_weights():
        given = keras.Input(image)
        graph = walk(keras.Model(given, make(given)))
    return receptive_fields(graph, without_gates=without_gates)[graph.outputs[0]]


def network(gate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def make(image: Any) -> Any:
        x = gate(layers.Conv2D(4, 3, strides=2)(image))
        y = layers.DepthwiseConv2D(5, padding="same")(x)
        return layers.MaxPooling2D(2)(layers.Add()([x, gate(y)]))

    return make


@pytest.mark.parametrize("name", GATES)
def test_without_gates_every_position_sees_what_it_sees_in_the_network_that_has_none(name: str):
    plain = fields_of(network(GATES["none"]), (23, 30, 3), without_gates=False)
    gated = fields_of(network(GATES[name]), (23, 30, 3), without_gates=True)
    for expected, field in zip(plain, gated, strict=True):
        assert field.spacing == expected.spacing
        assert (field.reach == expected.reach).all()
    whole = fields_of(network(GATES[name]), (23, 30, 3), without_gates=False)
    assert [field.stride for field in whole] == ([4, 4] if name == "none" else [0, 0])


def test_a_gate_of_one_number_for_each_place_stays():
    def attend(image: Any) -> Any:
        x = layers.Conv2D(4, 3)(image)
        return x * layers.Conv2D(1, 7, padding="same", activation="sigmoid")(x)

    assert [field.size for field in fields_of(attend, (20, 20, 3), without_gates=True)] == [9, 9]


def composed(layout: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(size, stride) by the formula of Araujo, Norris & Sim 2019 for kernels and strides in a row."""
    size = stride = 1
    for kernel, step in layout:
        size, stride = size + (kernel - 1) * stride, stride * step
    return size, stride


def repeated(*blocks: tuple[int, int, int]) -> list[tuple[int, int]]:
    return [each for kernel, stride, count in blocks for each in [(kernel, stride), *[(kernel, 1)] * (count - 1)]]


# (kernel, stride, blocks): Howard et al. 2019, table 2, and Tan & Le 2019, table 1, the stems in front.
PUBLISHED = {
    "MobileNetV3Small": repeated((3, 2, 1), (3, 2, 1), (3, 2, 1), (3, 1, 1), (5, 2, 1), (5, 1, 4), (5, 2, 3)),
    "EfficientNetB0": repeated(
        (3, 2, 1), (3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_without_gates_published_networks_see_what_their_kernels_say(name: str):
    def make(image: Any) -> Any:
        return getattr(keras.applications, name)(input_tensor=image, weights=None, include_top=False).output

    for field in fields_of(make, (224, 224, 3), without_gates=True):
        assert (field.size, field.stride) == composed(PUBLISHED[name])
    assert [field.stride for field in fields_of(make, (224, 224, 3), without_gates=False)] == [0, 0]


# Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", the table of models.
@pytest.mark.parametrize(
    ("name", "side", "size"),
    [
        ("VGG16", 224, 212),
        ("MobileNet", 224, 315),
        ("ResNet50", 224, 483),
        ("InceptionV3", 299, 1311),
        ("InceptionResNetV2", 299, 3039),
    ],
)
def test_published_receptive_fields(name: str, side: int, size: int):
    def make(image: Any) -> Any:
        return getattr(keras.applications, name)(input_tensor=image, weights=None, include_top=False).output

    assert [field.size for field in fields_of(make, (side, side, 3), without_gates=False)] == [size, size]


def test_of_a_video_the_frames_are_not_taken_for_rows():
    def make(video: Any) -> Any:
        return layers.Conv3D(4, (5, 3, 7), strides=(1, 2, 2))(video)

    fields = fields_of(make, (16, 64, 48, 3), without_gates=False)
    assert [(field.size, field.stride, field.image_size) for field in fields] == [(3, 2, 64), (7, 2, 48)]
    with without_weights():
        graph = walk(keras.Sequential([keras.Input((16, 64, 48, 3)), layers.GlobalAveragePooling3D()]))
    assert image_size(graph) == (64, 48)


def test_a_layer_of_somebody_elses_stays_unknown_even_under_a_name_of_keras():
    class Rescaling(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return ops.roll(x, 1, 1)

    graph = walk(keras.Sequential([keras.Input((8, 8, 1)), Rescaling()]))
    assert graph.outputs[0] not in receptive_fields(graph)


def test_rows_that_are_put_into_the_batch_keep_their_places():
    given = keras.Input((4, 5, 3))
    graph = walk(keras.Model(given, ops.reshape(given, (-1, 5, 3))))
    fields = receptive_fields(graph)[graph.outputs[0]]
    assert [(field.size, field.stride, field.start) for field in fields] == [(1, 1, 0)] * 2


@pytest.mark.parametrize(
    "make",
    [
        lambda x: layers.UpSampling2D(MOST_POSITIONS)(x),
        lambda x: layers.Conv2D(1, 3_000_000, padding="same")(x),
        lambda x: layers.TimeDistributed(layers.Conv1D(2, 3))(x),
        lambda x: ops.mean(x, axis=0),
        lambda x: ops.transpose(x, (3, 1, 2, 0)),
        lambda x: ops.flip(x),
        lambda x: layers.RandomCrop(3, 3)(x),
    ],
    ids=["huge", "huge kernel", "wrapper", "mean of images", "transposed images", "all turned", "cut in training only"],
)  # fmt: skip
def test_what_cannot_be_followed_stays_unknown(make: Callable[[Any], Any]):
    with without_weights():
        given = keras.Input((4, 5, 3))
        graph = walk(keras.Model(given, make(given)))
    assert set(receptive_fields(graph)) == {graph.image}
