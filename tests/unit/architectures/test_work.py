"""The work of a layer, against products counted by hand, and against what layers of ones add up."""

# ruff: noqa: PLW0108  (each model gets a layer of its own)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import ARCHITECTURES, make_blueprint
from hubel.architectures.layer_table import count_macs, layer_table, least_macs, total_of, uncounted
from hubel.architectures.no_work import NO_WORK_LAYERS, NO_WORK_OPS
from hubel.architectures.work import LAYER_RULES
from hubel.architectures.work_of_ops import OP_RULES
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.errors import UnusableInput

pytestmark = pytest.mark.backend

layers, ops = keras.layers, keras.ops
Build = Callable[[Any], Any]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def twice(layer: Any) -> Build:
    """The layer on the same value two times, as two inputs in a list."""
    return lambda x: layer([x, x])


SEQUENCE, IMAGE, VIDEO, VECTOR = (5, 8), (7, 6, 4), (4, 7, 6, 2), (9,)
ONE_PRODUCT: dict[str, tuple[tuple[int, ...], Build, int]] = {
    "dense on a vector": (VECTOR, lambda x: layers.Dense(5)(x), 9 * 5),
    "dense on a map": (IMAGE, lambda x: layers.Dense(5)(x), 7 * 6 * 4 * 5),
    "einsum dense": (SEQUENCE, lambda x: layers.EinsumDense("btd,dhk->bthk", (5, 2, 3))(x), 5 * 8 * 2 * 3),
    "einsum dense, places left open": (SEQUENCE, lambda x: layers.EinsumDense("btd,de->bte", (None, 3))(x), 5 * 8 * 3),
    "einsum dense over places": (SEQUENCE, lambda x: layers.EinsumDense("btd,ts->bsd", (6, 8))(x), 5 * 8 * 6),
    "einsum dense with dots": (IMAGE, lambda x: layers.EinsumDense("...x,xy->...y", 3)(x), 7 * 6 * 4 * 3),
    "convolution over a sequence": (SEQUENCE, lambda x: layers.Conv1D(3, 2)(x), 4 * 2 * 8 * 3),
    "causal and grouped": (SEQUENCE, lambda x: layers.Conv1D(4, 1, padding="causal", groups=2)(x), 5 * 4 * 4),
    "convolution over a map": (IMAGE, lambda x: layers.Conv2D(3, (3, 2), strides=2)(x), 3 * 3 * 6 * 4 * 3),
    "convolution over a video": (VIDEO, lambda x: layers.Conv3D(5, (2, 3, 3))(x), 3 * 5 * 4 * 18 * 2 * 5),
    "depthwise over a sequence": (SEQUENCE, lambda x: layers.DepthwiseConv1D(3, depth_multiplier=2)(x), 3 * 16 * 3),
    "depthwise over a map": (IMAGE, lambda x: layers.DepthwiseConv2D(3)(x), 5 * 4 * 4 * 9),
    "transposed over a sequence": (SEQUENCE, lambda x: layers.Conv1DTranspose(3, 2, strides=2)(x), 5 * 8 * 2 * 3),
    "transposed over a map": (IMAGE, lambda x: layers.Conv2DTranspose(5, 3, strides=2)(x), 7 * 6 * 4 * 9 * 5),
    "transposed over a video": (VIDEO, lambda x: layers.Conv3DTranspose(3, 2)(x), 4 * 7 * 6 * 2 * 8 * 3),
    "dense at each time": (SEQUENCE, lambda x: layers.TimeDistributed(layers.Dense(3))(x), 5 * 8 * 3),
    "convolution at each time": (VIDEO, lambda x: layers.TimeDistributed(layers.Conv2D(3, 3))(x), 4 * 20 * 18 * 3),
    "dot of vectors": (VECTOR, twice(layers.Dot(axes=1)), 9),
    "dot over channels": (SEQUENCE, twice(layers.Dot(axes=2)), 5 * 5 * 8),
    "dot over places": (SEQUENCE, twice(layers.Dot(axes=(-2, -2))), 8 * 8 * 5),
    "matmul of two values": (SEQUENCE, lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))), 5 * 5 * 8),
    "matmul with an array": (SEQUENCE, lambda x: ops.matmul(x, ones(8, 3)), 5 * 8 * 3),
    "array times value": (SEQUENCE, lambda x: ops.matmul(ones(3, 5), x), 3 * 5 * 8),
    "ops.dot": (SEQUENCE, lambda x: ops.dot(x, ones(8, 3)), 5 * 8 * 3),
    "ops.tensordot": (IMAGE, lambda x: ops.tensordot(x, ones(6, 4, 3), axes=2), 7 * 6 * 4 * 3),
    "ops.tensordot of axes": (IMAGE, lambda x: ops.tensordot(x, ones(7, 3), axes=[[1], [0]]), 7 * 6 * 4 * 3),
    "ops.inner": (SEQUENCE, lambda x: ops.inner(x, ones(3, 8)), 5 * 8 * 3),
    "ops.einsum": (SEQUENCE, lambda x: ops.einsum("bqd,bkd->bqk", x, x), 5 * 5 * 8),
    "ops.einsum with dots": (IMAGE, lambda x: ops.einsum("...d,de->...e", x, ones(4, 3)), 7 * 6 * 4 * 3),
    "ops.conv over a map": (IMAGE, lambda x: ops.conv(x, ones(3, 3, 4, 5)), 5 * 4 * 9 * 4 * 5),
    "ops.conv over a sequence": (SEQUENCE, lambda x: ops.conv(x, ones(2, 8, 3)), 4 * 2 * 8 * 3),
    "ops.depthwise_conv": (IMAGE, lambda x: ops.depthwise_conv(x, ones(3, 3, 4, 2)), 5 * 4 * 9 * 4 * 2),
}
"""Name → (input, what is done with it, its multiply-accumulates counted by hand), where each output is one sum."""


def mha(x: Any, **options: Any) -> Any:
    return layers.MultiHeadAttention(2, 3, **options)(x, x)


def crossed(x: Any) -> Any:
    """3 queries of width 6, 5 values of width 8, 5 keys of width 7; named in an order that is not the parameters'."""
    query, key = layers.Dense(6)(x[:, :3]), layers.Dense(7)(x)
    return layers.MultiHeadAttention(2, 4, value_dim=3, output_shape=10)(query, key=key, value=x)


def vit(x: Any) -> Any:
    """16 patches of 4 x 4 as a convolution, a block with two heads, a dense layer; layer normalisation between."""
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4)(x))
    y = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(y, y)])
    y = layers.Dense(8)(layers.Dense(32, activation="gelu")(layers.LayerNormalization()(x)))
    return layers.Dense(10)(ops.mean(layers.Add()([x, y]), axis=1))


def vit_of_patches(x: Any) -> Any:
    """The patches by reshaping and a dense layer, attention by hand."""
    x = ops.reshape(ops.transpose(ops.reshape(x, (-1, 4, 4, 4, 4, 3)), (0, 1, 3, 2, 4, 5)), (-1, 16, 48))
    q, k, v = (layers.Dense(8)(x) for _ in range(3))
    weights = ops.softmax(ops.divide(ops.matmul(q, ops.swapaxes(k, 1, 2)), 8.0), axis=-1)
    return layers.Dense(10)(ops.matmul(weights, v)[:, 0])


COUNTED: dict[str, tuple[tuple[int, ...], Build, int]] = {
    "ops.conv_transpose": (IMAGE, lambda x: ops.conv_transpose(x, ones(2, 2, 3, 4), strides=2), 7 * 6 * 4 * 4 * 3),
    "same padding counts its taps": (IMAGE, lambda x: layers.Conv2D(3, 3, padding="same")(x), 42 * 9 * 4 * 3),
    "separable over a sequence": (SEQUENCE, lambda x: layers.SeparableConv1D(3, 2)(x), 4 * (2 * 8 + 8 * 3)),
    "separable over a map": (
        IMAGE, lambda x: layers.SeparableConv2D(5, 3, depth_multiplier=2)(x), 20 * (9 * 8 + 8 * 5),
    ),
    "ops.separable_conv": (
        IMAGE, lambda x: ops.separable_conv(x, ones(3, 3, 4, 2), ones(1, 1, 8, 5)), 20 * (9 * 8 + 8 * 5),
    ),
    "attention": (SEQUENCE, twice(layers.Attention()), 5 * 5 * 8 + 5 * 5 * 8),
    "attention with a key": (
        SEQUENCE,
        lambda x: layers.Attention()([x, layers.Dense(3)(x), layers.Dense(8)(x)]),
        5 * 8 * 3 + 5 * 8 * 8 + 5 * 5 * (8 + 3),
    ),
    "attention by concatenation": (SEQUENCE, twice(layers.Attention(score_mode="concat")), 5 * 5 * 8),
    "additive attention": (SEQUENCE, twice(layers.AdditiveAttention()), 2 * 5 * 5 * 8),
    "additive without a scale": (SEQUENCE, twice(layers.AdditiveAttention(use_scale=False)), 5 * 5 * 8),
    "several heads": (SEQUENCE, mha, 4 * (5 * 8 * 2 * 3) + 2 * (2 * 5 * 5 * 3)),
    "several heads with a gate": (SEQUENCE, lambda x: mha(x, use_gate=True), 5 * (5 * 8 * 6) + 2 * (2 * 5 * 5 * 3)),
    "grouped queries with a gate": (
        SEQUENCE, lambda x: layers.GroupQueryAttention(3, 4, 2, use_gate=True)(x, x),
        3 * (5 * 8 * 12) + 2 * (5 * 8 * 6) + 2 * (4 * 5 * 5 * 3),
    ),
    "recurrent convolution of a sequence": (
        (4, 9, 2), lambda x: layers.ConvLSTM1D(3, 2, strides=2, padding="same")(x), 4 * 5 * 2 * (2 + 3) * 4 * 3,
    ),
    "recurrent convolution, channels first": (
        (4, 2, 7, 6), lambda x: layers.ConvLSTM2D(3, (3, 2), data_format="channels_first")(x),
        4 * (5 * 5) * 6 * (2 + 3) * 4 * 3,
    ),
    "several heads with names": (
        SEQUENCE,
        crossed,
        3 * 8 * 6 + 5 * 8 * 7 + 3 * 6 * 8 + 5 * 7 * 8 + 5 * 8 * 6 + 2 * 3 * 5 * 4 + 2 * 3 * 5 * 3 + 3 * 6 * 10,
    ),
    "several heads along the width": (
        IMAGE, lambda x: mha(x, attention_axes=(2,)), 4 * (42 * 4 * 6) + 2 * (2 * 7 * 6 * 6 * 3),
    ),
    "several heads over a map": (IMAGE, mha, 4 * (42 * 4 * 6) + 2 * (2 * 42 * 42 * 3)),
    "grouped queries": (
        SEQUENCE, lambda x: layers.GroupQueryAttention(3, 4, 2)(x, x),
        2 * (5 * 8 * 12) + 2 * (5 * 8 * 6) + 2 * (4 * 5 * 5 * 3),
    ),
    "ops.dot_product_attention": (
        (5, 2, 3), lambda x: ops.dot_product_attention(x, x, x), 2 * (2 * 5 * 5 * 3),
    ),
    "LSTM": (SEQUENCE, lambda x: layers.LSTM(3)(x), 5 * 4 * (8 * 3 + 3 * 3)),
    "GRU": (SEQUENCE, lambda x: layers.GRU(3, return_sequences=True)(x), 5 * 3 * (8 * 3 + 3 * 3)),
    "simple recurrent": (SEQUENCE, lambda x: layers.SimpleRNN(3)(x), 5 * (8 * 3 + 3 * 3)),
    "cells in a stack": (
        SEQUENCE,
        lambda x: layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])(x),
        5 * (4 * (8 * 3 + 3 * 3) + 3 * (3 * 2 + 2 * 2)),
    ),
    "both directions": (SEQUENCE, lambda x: layers.Bidirectional(layers.LSTM(3))(x), 2 * 5 * 4 * (8 * 3 + 3 * 3)),
    "recurrent convolution": (
        VIDEO, lambda x: layers.ConvLSTM2D(3, (3, 2))(x), 4 * (5 * 5) * 6 * (2 + 3) * 4 * 3,
    ),
    "a model at each time": (
        VIDEO,
        lambda x: layers.TimeDistributed(
            keras.Sequential([keras.Input((7, 6, 2)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(2)])
        )(x),
        4 * (20 * 9 * 2 * 3 + 60 * 2),
    ),
    "a convolution with its norm": (
        IMAGE, lambda x: layers.SpectralNormalization(layers.Conv2D(3, 3))(x), 20 * 9 * 4 * 3,
    ),
    "channels first": (SEQUENCE, lambda x: layers.Conv1D(3, 2, data_format="channels_first")(x), 7 * 2 * 5 * 3),
    "a table of words": ((6,), lambda x: layers.Dense(2)(layers.Embedding(50, 4)(x)), 6 * 4 * 2),
    "a table in reverse": (
        (6,), lambda x: (table := layers.ReversibleEmbedding(50, 4))(table(x), reverse=True), 6 * 4 * 50,
    ),
    "a mean with weights": (SEQUENCE, lambda x: ops.average(x, axis=1, weights=ones(5)), 5 * 8),
    "colours to grey": ((4, 5, 3), lambda x: ops.image.rgb_to_grayscale(x), 4 * 5 * 3),
    "a mean without": (SEQUENCE, lambda x: ops.average(x, axis=1), 0),
    "recurrent convolution of a volume": (
        (2, 4, 5, 6, 3), lambda x: layers.ConvLSTM3D(2, (2, 3, 3))(x), 2 * (3 * 3 * 4) * 18 * (3 + 2) * 4 * 2,
    ),
    "an outer product": (SEQUENCE, lambda x: ops.einsum("btd,e->btde", x, ones(3)), 0),
    "a weight for each number": (SEQUENCE, lambda x: ops.einsum("btd,d->btd", x, ones(8)), 0),
    "normalisation over all axes": (IMAGE, lambda x: layers.LayerNormalization(axis=(1, 2, 3))(x), 0),
    "normalisation and gates": (
        IMAGE, lambda x: layers.Multiply()([layers.RMSNormalization()(x), layers.PReLU()(x)]), 0,
    ),
    "a transformer over an image": (
        (16, 16, 3), vit, 16 * 48 * 8 + 4 * 16 * 8 * 8 + 2 * 2 * 16 * 16 * 4 + 2 * 16 * 8 * 32 + 8 * 10,
    ),
    "a transformer by hand": ((16, 16, 3), vit_of_patches, 3 * 16 * 48 * 8 + 2 * 16 * 16 * 8 + 8 * 10),
}  # fmt: skip
"""The same, where sums follow on sums."""


def model_of(shape: tuple[int, ...], build: Build) -> keras.Model:
    image = keras.Input(shape)
    return keras.Model(image, build(image))


@pytest.mark.parametrize("name", [*ONE_PRODUCT, *COUNTED])
def test_the_work_is_what_is_counted_by_hand(name: str):
    shape, build, expected = (ONE_PRODUCT | COUNTED)[name]
    with without_weights():
        model = model_of(shape, build)
    rows = layer_table(model)
    assert [row.name for row in uncounted(rows)] == []
    assert total_of(rows).macs == count_macs(model) == expected


def test_every_rule_is_used_by_one_of_the_models():
    used = set()
    for shape, build, _ in (ONE_PRODUCT | COUNTED).values():
        with without_weights():
            model = model_of(shape, build)
        used |= {row.kind for row in layer_table(model)}
    assert (set(LAYER_RULES) | set(OP_RULES)) - used == {"LocallyConnected2D"}  # in test_layer_table


@pytest.mark.parametrize("name", ONE_PRODUCT)
def test_a_layer_of_ones_adds_up_as_many_products_as_are_counted(name: str):
    shape, build, expected = ONE_PRODUCT[name]
    model = model_of(shape, build)
    model.set_weights([np.ones(weight.shape) * ("kernel" in weight.path) for weight in model.weights])
    assert np.sum(ops.convert_to_numpy(model(ones(1, *shape)))) == expected


def own_cell() -> Any:
    class Cell(layers.SimpleRNNCell):
        """One of somebody's own."""

    return Cell(3)


def own_layer(x: Any) -> Any:
    class Own(layers.Dense):
        """Could do anything."""

    return Own(3)(x)


def with_lora(x: Any) -> Any:
    dense = layers.Dense(3)
    dense.build(x.shape)
    dense.enable_lora(2)
    return dense(x)


UNKNOWN: dict[str, tuple[tuple[int, ...], Build]] = {
    "a cell of one's own": (SEQUENCE, lambda x: layers.RNN(own_cell())(x)),
    "a layer of one's own": (SEQUENCE, own_layer),
    "the same at each time": (SEQUENCE, lambda x: layers.TimeDistributed(own_model())(x)),
    "adapters": (SEQUENCE, with_lora),
    "a cell in a stack": (SEQUENCE, lambda x: layers.RNN([layers.GRUCell(2), own_cell()])(x)),
    "an integral": (SEQUENCE, lambda x: ops.trapezoid(x, axis=1)),
    "a kernel that is computed": (
        (3, 4, 2), lambda x: ops.conv(x, ops.reshape(layers.Dense(4)(layers.Flatten()(x)), (1, 1, 2, 2))),
    ),
    "three factors": (SEQUENCE, lambda x: ops.einsum("btd,de,ef->btf", x, ones(8, 3), ones(3, 2))),
    "summed over the batch": (SEQUENCE, lambda x: ops.einsum("btd,bte->de", x, x)),
    "matrices of the batch": (VECTOR, lambda x: ops.matmul(ones(3, 1), x)),
    "the first image": (SEQUENCE, lambda x: layers.Dense(2)(x[0])),
    "images side by side": (VECTOR, lambda x: layers.Dense(2)(layers.Concatenate(axis=0)([x, x]))),
    "a spectrum": (SEQUENCE, lambda x: ops.fft((x, x))[0]),
}  # fmt: skip


def own_model() -> keras.Model:
    return model_of((8,), own_layer)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_has_no_rule_makes_the_total_unknown_and_not_small(name: str):
    shape, build = UNKNOWN[name]
    model = model_of(shape, build)
    rows = layer_table(model)
    assert uncounted(rows)
    assert total_of(rows).macs is None
    assert least_macs(rows) == sum(row.macs for row in rows if row.macs is not None)
    with pytest.raises(
        UnusableInput, match=f"'{uncounted(rows)[0].name}' cannot be counted. hubel.anatomy\\(RUN\\) shows"
    ):
        count_macs(model)


def test_places_that_are_made_images_are_counted_whole_or_not_at_all():
    with without_weights():
        model = model_of(SEQUENCE, lambda x: layers.Dense(2)(ops.reshape(x, (-1, 8))))
    assert total_of(layer_table(model)).macs in (None, 5 * 8 * 2)


def test_our_own_architectures_are_counted_whole():
    for name in ARCHITECTURES:
        side = max(ARCHITECTURES[name].smallest, 48)
        with without_weights():
            rows = layer_table(build_model(make_blueprint(name, (side, side), classes=3)))
        assert total_of(rows).macs == least_macs(rows) > 0, name


def test_every_listed_kind_is_one_of_keras_and_in_one_list():
    bare = {name for name in dir(keras.src.ops.numpy) if name[0].isupper()}
    for module in ("nn", "math", "core", "image", "einops"):
        bare |= {name for name in dir(getattr(keras.src.ops, module)) if name[0].isupper()}
    assert NO_WORK_OPS | set(OP_RULES) <= bare
    assert not NO_WORK_OPS & set(OP_RULES)
    public = {getattr(layers, name).__name__ for name in dir(layers) if name[0].isupper()}
    elsewhere = {"CustomScaleLayer", "LayerScale", "StochasticDepth", "SumPooling2D", "LocallyConnected2D"}
    assert (NO_WORK_LAYERS | set(LAYER_RULES)) - public == elsewhere
    assert not NO_WORK_LAYERS & set(LAYER_RULES)
