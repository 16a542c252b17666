"""The compiled graph of every architecture answers as Keras does: the same rule as at the end of a training."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.made.chance_networks import LARGE, OWN, trained_by_chance, varied_images

from hubel.architectures.build import weight_name
from hubel.architectures.catalogue import ARCHITECTURES, Blueprint, make_blueprint
from hubel.backends.framework import keras
from hubel.classifier.answering import softmax
from hubel.engines.compiling import check_probabilities, compile_model, plain_graph
from hubel.engines.keras_engine import KerasEngine
from hubel.engines.onnx_engine import make_engine
from hubel.errors import ClaimFailed, UnusableInput
from hubel.graphs.keras_graph import read_graph
from hubel.graphs.network_graph import KINDS

pytestmark = pytest.mark.backend


def assert_alike(blueprint: Blueprint, count: int) -> None:
    model = trained_by_chance(blueprint)
    tensors = {weight_name(each): np.asarray(keras.ops.convert_to_numpy(each)) for each in model.weights}
    graph = compile_model(model)
    engine = make_engine(blueprint, tensors, Path("weights.safetensors"), graph=graph)
    pixels = varied_images(count, blueprint.spec.image_size)
    expected, found = (each.compute(pixels, wanted="maps") for each in (KerasEngine(model), engine))
    probabilities = softmax(expected.logits, temperature=1.0)
    assert np.ptp(probabilities, axis=0).max() > 1e-3  # what answers everything alike would agree with anything
    check_probabilities(probabilities, softmax(found.logits, temperature=1.0))
    for name in ("logits", "features", "maps"):
        one, other = getattr(expected, name), getattr(found, name)
        assert one.shape == other.shape
        np.testing.assert_allclose(other, one, atol=1e-4 * max(1.0, np.abs(one).max(initial=0)), rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in LARGE])
def test_an_architecture_answers_alike_through_its_compiled_graph(name: str):
    side = max(ARCHITECTURES[name].smallest, 40)
    assert_alike(make_blueprint(name, (side, side + 5), classes=5), 256)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_large_backbone_answers_alike_through_its_compiled_graph(name: str):
    assert_alike(make_blueprint(name, (64, 71), classes=5), 32)


@pytest.mark.parametrize("name", OWN)
def test_a_network_of_ones_own_answers_alike_through_its_compiled_graph(name: str):
    assert_alike(Blueprint("own", OWN[name]), 256)


def test_equal_models_give_equal_files_that_onnx_itself_finds_right():
    blueprint = make_blueprint("residual", (32, 40), classes=5)
    one, other = (compile_model(trained_by_chance(blueprint)) for _ in range(2))
    assert one.data == other.data
    # the last maps before they shrink have 32, 64 and 128 channels, of which the first 64 count: twice 160
    assert one.outputs == {"logits": 5, "features": 128, "maps": 320}
    read = onnx.load_from_string(one.data)
    onnx.checker.check_model(read, full_check=True)
    assert {each.domain for each in read.opset_import} == {""}
    changed = trained_by_chance(blueprint)
    first, *rest = changed.get_weights()
    changed.set_weights([first + 1e-3, *rest])
    assert compile_model(changed).data != one.data


def test_a_graph_is_plain_data_whose_steps_find_their_inputs_made():
    graph = plain_graph(trained_by_chance(make_blueprint("mobilenet-v3-small", (32, 32), classes=3)))
    document = json.loads(json.dumps(graph.to_json()))
    made, used = {"image"}, set()
    for step in document["steps"]:
        assert step["kind"] in KINDS
        assert set(step["inputs"]) <= made
        assert step["name"] not in made
        made.add(step["name"])
        used |= set(step["weights"].values())
    assert set(document["outputs"].values()) <= made
    assert used == set(graph.weights)
    assert graph.shape_of(graph.outputs["logits"]) == (3,)


def test_borders_of_padding_are_written_down_in_numbers():
    keras.utils.set_random_seed(1)
    image = keras.Input((8, 9, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="odd")(image)
    vector = keras.layers.Flatten()(x)
    graph = read_graph(keras.Model(image, keras.layers.Dense(2)(vector)), features=vector, maps=[], most_channels=64)
    (odd,) = (step for step in graph.steps if step.name == "odd")
    # of 8 rows a kernel of 3 with stride 2 makes 4, which reach 9: one row of zeros, below; of 9 columns 5, reaching 11
    assert odd.attributes["padding"] == [[0, 1], [1, 1]]
    assert odd.shape == (4, 5, 4)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            keras.layers.GaussianNoise(0.1, name="noise"),
            r"layer noise \(GaussianNoise\) cannot be compiled: no operation",
        ),
        (keras.layers.ReLU(negative_slope=0.1, name="leaky"), "layer leaky .* only a ReLU that is 0 below 0"),
        (keras.layers.Activation("elu", name="bent"), "layer bent .* the activation 'elu' is not known"),
        (keras.layers.BatchNormalization(axis=1, name="rows"), "layer rows .* another axis than the channels"),
    ],
)
def test_a_layer_that_is_not_known_is_named(layer: keras.layers.Layer, words: str):
    image = keras.Input((4, 4, 3))
    vector = keras.layers.Flatten()(layer(image))
    model = keras.Model(image, keras.layers.Dense(2)(vector))
    with pytest.raises(UnusableInput, match=words):
        plain_graph(model)


def test_answers_that_differ_too_much_are_noticed():
    expected = np.array([[0.6, 0.4], [0.50001, 0.49999]])
    check_probabilities(
        expected, expected + np.array([[5e-5, -5e-5], [-5e-5, 5e-5]])
    )  # another class, of two as probable
    with pytest.raises(ClaimFailed, match=r"A probability differs by 2.0e-04"):
        check_probabilities(expected, expected + np.array([[2e-4, -2e-4], [0, 0]]))
    with pytest.raises(ClaimFailed, match="A probability differs by nan"):
        check_probabilities(expected, np.full((2, 2), np.nan))
