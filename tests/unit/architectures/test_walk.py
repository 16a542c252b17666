"""Walking a model: every call once, in order, with the values the model itself computes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hubel.architectures.geometry import receptive_fields
from hubel.architectures.walk import compute_batch, compute_values, walk
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

pytestmark = pytest.mark.backend

layers = keras.layers


def nested() -> keras.Model:
    inner_image = keras.Input((8, 8, 4))
    convolved = layers.Conv2D(4, 3, padding="same", name="inside")(inner_image)
    inner = keras.Model(inner_image, [convolved, layers.ReLU(name="relu")(convolved)], name="inner")
    image = keras.Input((8, 8, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(image)
    before, after = inner(first)
    again = layers.Add(name="sum")([before, after, first]) + 1.0
    return keras.Model(image, layers.Flatten(name="flatten")(again))


def test_nested_models_stand_in_their_place_under_their_name():
    names = [call.name for call in walk(nested()).calls]
    assert names[:4] == ["first", "inner/inside", "inner/relu", "sum"]
    assert names[-1] == "flatten"


def test_the_values_are_those_of_the_model():
    model = nested()
    graph = walk(model)
    image = np.random.default_rng(0).normal(size=(8, 8, 3)).astype(np.float32)
    values = compute_values(graph, image)
    expected = keras.ops.convert_to_numpy(model(image[None]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(values[graph.outputs[0]]), expected, rtol=1e-5, atol=1e-5)
    assert all(tuple(values[call.outputs[0]].shape[1:]) == call.output_shapes[0] for call in graph.calls)


def test_each_call_finds_its_inputs_made():
    graph = walk(nested())
    made = {graph.image}
    for call in graph.calls:
        assert set(call.inputs) <= made
        made |= set(call.outputs)
    assert set(graph.outputs) <= made


def test_computing_stops_behind_the_call_that_is_needed():
    graph = walk(nested())
    values = compute_values(graph, np.zeros((8, 8, 3), np.float32), until=graph.calls[1])
    assert set(values) == {graph.image, *graph.calls[0].outputs, *graph.calls[1].outputs}


def test_a_layer_that_is_called_twice_is_there_twice():
    image = keras.Input((4, 4, 2))
    shared = layers.Conv2D(2, 1, name="shared")
    calls = walk(keras.Model(image, shared(shared(image)))).calls
    assert [call.name for call in calls] == ["shared", "shared"]
    assert calls[0].outputs == calls[1].inputs


def test_a_sequential_model_is_walked_too():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    assert [call.kind for call in walk(model).calls] == ["Flatten", "Dense"]


def test_several_inputs_and_models_of_python_code_are_refused():
    images = [keras.Input((4, 4, 1)), keras.Input((4, 4, 1))]
    with pytest.raises(UnusableInput, match="this one has 2 inputs"):
        walk(keras.Model(images, layers.Add()(images)))

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(UnusableInput, match="computes in its own Python code"):
        walk(Own())


def open_backbone(name: str = "backbone") -> keras.Model:
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="first")(image)
    x = keras.ops.relu(layers.BatchNormalization(name="norm")(x))
    return keras.Model(image, layers.Conv2D(5, 3, name="second")(x), name=name)


def functional_form() -> keras.Model:
    image = keras.Input((33, 20, 3))
    return keras.Model(image, layers.GlobalAveragePooling2D()(open_backbone()(image)))


def sequential_form() -> keras.Model:
    return keras.Sequential([keras.Input((33, 20, 3)), open_backbone(), layers.Reshape((-1, 5)), layers.Flatten()])


def sequential_in_functional_in_sequential() -> keras.Model:
    image = keras.Input((None, None, 3))
    inner = keras.Sequential([open_backbone(), layers.UpSampling2D(2)], name="stack")
    middle = keras.Model(image, inner(layers.ZeroPadding2D(1)(image)), name="middle")
    return keras.Sequential([keras.Input((20, 16, 3)), middle, layers.Flatten()])


def called_at_two_sizes() -> keras.Model:
    image = keras.Input((32, 24, 3))
    backbone, pool = open_backbone(), layers.GlobalMaxPooling2D()
    return keras.Model(image, layers.Concatenate()([pool(backbone(image)), pool(backbone(image[:, ::2, ::2]))]))


def windows() -> keras.Model:
    """Cut into four windows that stand in the batch, as shifted-window transformers do."""
    image = keras.Input((8, 8, 3))
    x = keras.ops.transpose(keras.ops.reshape(image, (-1, 2, 4, 2, 4, 3)), (0, 1, 3, 2, 4, 5))
    x = layers.Dense(7)(keras.ops.reshape(x, (-1, 16, 3)))
    x = keras.ops.transpose(keras.ops.reshape(x, (-1, 2, 2, 4, 4, 7)), (0, 1, 3, 2, 4, 5))
    return keras.Model(image, layers.GlobalAveragePooling2D()(keras.ops.reshape(x, (-1, 8, 8, 7))))


@pytest.mark.parametrize(
    "form", [functional_form, sequential_form, sequential_in_functional_in_sequential, called_at_two_sizes, windows]
)
def test_each_stated_shape_is_that_of_the_computed_value(form: Callable[[], keras.Model]):
    model = form()
    graph = walk(model)
    image = np.random.default_rng(0).normal(size=model.input_shape[1:]).astype(np.float32)
    values = compute_values(graph, image)
    for call in graph.calls:
        for place, stated in zip(call.outputs, call.output_shapes, strict=True):
            found = tuple(values[place].shape)
            assert stated == (found[1:] if found[0] == 1 else found), call.name
    expected = keras.ops.convert_to_numpy(model(image[None]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(values[graph.outputs[0]]), expected, rtol=1e-5, atol=1e-5)


def test_a_backbone_called_twice_has_a_row_for_each_size():
    sizes = [call.output_shapes[0][:2] for call in walk(called_at_two_sizes()).calls if call.name == "backbone/second"]
    assert sorted(sizes) == [(6, 4), (14, 10)]


def test_windows_in_the_batch_are_told_from_places_of_a_map():
    calls = walk(windows()).calls
    assert [call.entries for call in calls if call.kind == "Dense"] == [4]
    assert {call.entries for call in calls if call.kind == "GlobalAveragePooling2D"} == {1}


def test_walking_leaves_the_model_as_it_was():
    model = functional_form()
    inner = model.get_layer("backbone")
    before = [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in inner.layers]
    walk(model)
    walk(model, image_shape=(40, 41))
    assert [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in inner.layers] == before


def test_another_image_size_is_walked_with_the_models_own_channels_or_those_given():
    model = open_backbone()
    for shape in ((15, 22), (15, 22, 3)):
        graph = walk(model, image_shape=shape)
        assert graph.image_shape == (15, 22, 3)
        assert [call.output_shapes[0] for call in graph.calls][-1] == (6, 9, 5)
    assert walk(model).calls[-1].output_shapes == ((None, None, 5),)


def one_layer(layer: Callable, *, shape: tuple[int, ...] = (4, 4, 3)) -> keras.Model:
    image = keras.Input(shape)
    return keras.Model(image, layer(image))


@pytest.mark.parametrize(
    ("model", "image", "said"),
    [
        (
            lambda: one_layer(layers.Reshape((48,), name="flat")),
            (5, 8),
            r"images of 5x8x3: the layer flat \(Reshape\) cannot take an input of 5x8x3: The total size .* unchanged\. Leave",
        ),
        (
            lambda: keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(2, name="end")]),
            (8, 8),
            r"the layer end \(Dense\) cannot take an input of 192: its weights are 48x2 and 2, .* need 192x2 and 2",
        ),
        (
            lambda: one_layer(layers.LayerNormalization(axis=[1, 2, 3], name="norm")),
            (8, 8),
            "norm .* its weights are 4x4x3 and 4x4x3, and it would need 8x8x3 and 8x8x3",
        ),
        (lambda: one_layer(layers.Conv2D(2, 1, name="conv")), (8, 8, 1), "weights are 1x1x3x2 and 2, .* need 1x1x1x2"),
        (lambda: one_layer(layers.MaxPooling2D(3)), (2, 9), "2x9x3: Computed output size would be zero or negative"),
        (lambda: one_layer(lambda x: keras.ops.reshape(x, (-1, 48))), (8, 8), "it would give 4 answers to each"),
        (windows, (16, 16), "it would give 4 answers to each"),
        (lambda: one_layer(layers.Dense(2), shape=(16,)), (4, 4), "takes 16, not images. Leave input out"),
    ],
)
def test_a_size_that_does_not_fit_is_refused_with_the_layer_and_the_reason(
    model: Callable[[], keras.Model], image: tuple[int, ...], said: str
):
    with pytest.raises(UnusableInput, match=said) as refused:
        walk(model(), image_shape=image)
    assert "Leave input out" in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_what_has_no_size_is_refused_by_name():
    with pytest.raises(UnusableInput, match=r"the size of what the layer nonzero\w* \(Nonzero\) makes, \?, depends on"):
        walk(one_layer(lambda x: keras.ops.nonzero(x)[0]))
    with pytest.raises(
        UnusableInput, match=r"Nothing is left of an image of 4x4x3 .* 0x4x3\. Use larger images: input\."
    ):
        walk(one_layer(lambda x: x[:, 4:]))


def test_an_unbuilt_sequential_model_is_refused_with_the_cure():
    with pytest.raises(UnusableInput, match="is not built: .* input='224x224'"):
        walk(keras.Sequential([layers.Conv2D(2, 3), layers.Flatten()]))
    with pytest.raises(UnusableInput, match="has no layers"):
        walk(keras.Sequential())


def test_models_that_call_models_again_and_again_come_to_an_end():
    model = one_layer(layers.ReLU())
    for _ in range(40):
        image = keras.Input((4, 4, 3))
        model = keras.Model(image, model(model(image)))
    with pytest.raises(UnusableInput, match=r"more than 20,000 times"):
        walk(model)


def branched() -> keras.Model:
    """Two paths that meet, and a nested model behind them."""
    image = keras.Input((12, 10, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(image)
    left = layers.Conv2D(4, 3, padding="same", activation="relu", name="left")(first)
    met = layers.BatchNormalization(name="norm")(layers.Add(name="met")([first, left]))
    inner_image = keras.Input((12, 10, 4))
    inner = keras.Model(inner_image, layers.Conv2D(5, 3, strides=2, name="inside")(inner_image), name="inner")
    x = layers.Dropout(0.5, name="dropout")(inner(met))
    return keras.Model(image, layers.Dense(3, name="logits")(layers.GlobalMaxPooling2D(name="pool")(x)))


@pytest.mark.parametrize(
    ("behind", "calls"),
    [
        ("first", ["left", "met", "norm", "inner/inside", "dropout", "pool", "logits"]),
        ("met", ["norm", "inner/inside", "dropout", "pool", "logits"]),
        ("dropout", ["pool", "logits"]),
        ("pool", ["logits"]),
    ],
)
def test_a_walk_behind_a_layer_computes_what_keras_own_part_of_the_model_computes(behind: str, calls: list[str]):
    keras.utils.set_random_seed(4)
    model = branched()
    part = keras.Model(model.get_layer(behind).output, model.output)
    graph = walk(model, behind=behind)
    assert [call.name for call in graph.calls] == calls
    assert graph.image_shape == model.get_layer(behind).output.shape[1:]
    given = np.random.default_rng(1).normal(size=(2, *graph.image_shape)).astype(np.float32)
    values = compute_batch(graph, given)
    assert set(values) == {graph.image, *(place for call in graph.calls for place in call.outputs)}
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(values[graph.outputs[0]]),
        keras.ops.convert_to_numpy(part(given)),
        rtol=1e-5,
        atol=1e-5,
    )


def test_a_walk_behind_a_layer_of_a_nested_model_ends_as_the_whole_does():
    model = branched()
    image = np.random.default_rng(2).normal(size=(1, 12, 10, 3)).astype(np.float32)
    whole = walk(model)
    values = compute_batch(whole, image)
    graph = walk(model, behind="inner/inside")
    made = compute_batch(graph, values[graph.image])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(made[graph.outputs[0]]), keras.ops.convert_to_numpy(model(image)), rtol=1e-5
    )


def test_fields_behind_a_layer_are_counted_in_its_places():
    graph = walk(branched(), behind="first")
    fields = receptive_fields(graph)
    by_name = {call.name: fields[call.outputs[0]][0] for call in graph.calls}
    assert (by_name["left"].size, by_name["inner/inside"].size, by_name["inner/inside"].stride) == (3, 5, 2)


def test_a_walk_cannot_begin_where_a_path_leads_past_the_layer():
    with pytest.raises(UnusableInput, match="after the layer 'left': another path leads past it to the outputs"):
        walk(branched(), behind="left")
    with pytest.raises(UnusableInput, match="There is no layer 'no-such' to start after"):
        walk(branched(), behind="no-such")


def test_a_walk_cannot_begin_among_the_windows_of_an_image():
    model = windows()
    calls = walk(model).calls
    dense = next(call for call in calls if call.kind == "Dense")
    before = next(call.name for call in calls if call.outputs == dense.inputs)
    with pytest.raises(UnusableInput, match=f"after the layer '{before}': it cuts an image into several windows"):
        walk(model, behind=before)
