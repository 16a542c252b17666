"""Which parts of a stranger's model the door lets in: all of Keras' own that run no code of the file, and no others."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubel.architectures.foreign import load_foreign_model, read_foreign
from hubel.architectures.keras_config import checked_description
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.errors import UnusableInput

layers = keras.layers
tf = pytest.importorskip("tensorflow")
RUNS_CODE = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
READS_FILES = {"StringLookup", "IntegerLookup", "TextVectorization"}
TYPICAL: dict[str, Any] = {
    "activation": "relu", "output_size": 2, "rate": 0.5, "height": 8, "width": 8, "filters": 4, "kernel_size": 3,
    "units": 3, "axes": 1, "equation": "ab,bc->ac", "output_shape": 3, "input_dim": 5, "output_dim": 2, "stddev": 0.1,
    "head_dim": 4, "num_query_heads": 2, "num_key_value_heads": 2, "num_bins": 4, "max_number": 3, "num_heads": 2,
    "key_dim": 4, "dims": (2, 1), "factor": 0.2, "height_factor": 0.1, "width_factor": 0.1, "n": 2, "scale": 2.0,
    "target_shape": (4,), "pool_size": 2,
}  # fmt: skip
"""Arguments without a default → a value that every layer with such an argument takes."""


def a_dense() -> Any:
    return layers.Dense(3, kernel_regularizer="l2", kernel_constraint=keras.constraints.MaxNorm(2.0))


def made_of_others(name: str) -> Any:
    """The layers whose arguments are layers."""
    made = {
        "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(3)),
        "SpectralNormalization": lambda: layers.SpectralNormalization(a_dense()),
        "TimeDistributed": lambda: layers.TimeDistributed(a_dense()),
        "Wrapper": lambda: layers.Wrapper(a_dense()),
        "Pipeline": lambda: layers.Pipeline([layers.RandomFlip(), layers.Rescaling(2.0)]),
        "RNN": lambda: layers.RNN(layers.GRUCell(3)),
        "StackedRNNCells": lambda: layers.StackedRNNCells([layers.LSTMCell(3), layers.LSTMCell(2)]),
        "RandomPosterization": lambda: layers.RandomPosterization(4),
        "Discretization": lambda: layers.Discretization(bin_boundaries=[0.0, 1.0]),
        "CategoryEncoding": lambda: layers.CategoryEncoding(num_tokens=3),
        "InputLayer": lambda: layers.InputLayer((3,)),
    }
    return made[name]() if name in made else None


def typical(name: str) -> Any:
    made = made_of_others(name)
    if made is not None:
        return made
    kind = getattr(layers, name)
    wanted = [
        p for p in inspect.signature(kind.__init__).parameters.values() if p.name in TYPICAL and p.default is p.empty
    ]
    return kind(**{p.name: TYPICAL[p.name] for p in wanted})


def public_layers() -> list[str]:
    found = [name for name in dir(layers) if isinstance(getattr(layers, name), type)]
    return [name for name in found if issubclass(getattr(layers, name), layers.Layer)]


def as_text(thing: Any) -> bytes:
    return json.dumps(keras.saving.serialize_keras_object(thing)).encode()


def test_every_layer_of_keras_gets_in_but_those_that_run_code_or_read_files():
    names = public_layers()
    assert len(names) > 150
    refused: dict[str, str] = {}
    for name in names:
        if name in RUNS_CODE | READS_FILES:
            text = json.dumps({"module": "keras.layers", "class_name": name, "config": {}}).encode()
        else:
            text = as_text(typical(name))
        try:
            described = checked_description(text, "it", legacy=False)
        except UnusableInput as error:
            refused[name] = str(error)
            continue
        assert described.notes == (), name
        with without_weights():
            assert isinstance(keras.saving.deserialize_keras_object(described.config), layers.Layer), name
    assert refused.keys() == RUNS_CODE | READS_FILES
    assert all("it runs code that the file brings along" in refused[name] for name in RUNS_CODE)
    assert all("it can read other files on this machine" in refused[name] for name in READS_FILES)


def test_the_layers_that_keras_keeps_to_its_applications_get_in():
    for name, module in (("LayerScale", "convnext"), ("CustomScaleLayer", "inception_resnet_v2")):
        kind = getattr(__import__(f"keras.src.applications.{module}", fromlist=[name]), name)
        layer = kind(0.5, 4) if name == "LayerScale" else kind(0.5)
        described = checked_description(as_text(layer), "it", legacy=False)
        assert type(keras.saving.deserialize_keras_object(described.config)) is kind


def test_an_application_with_layers_of_its_own_is_read(tmp_path: Path):
    with without_weights():
        model = keras.applications.ConvNeXtTiny(weights=None)
    path = tmp_path / "application.json"
    path.write_text(model.to_json())
    assert read_foreign(path).model.count_params() == model.count_params()


@pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a .quantize. method")
@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_a_quantised_model_is_read_and_answers_as_before(mode: str, tmp_path: Path):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(4)])
    model.quantize(mode)
    model.save(tmp_path / "small.keras")
    rows = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    loaded = load_foreign_model(tmp_path / "small.keras")
    np.testing.assert_allclose(loaded.predict(rows, verbose=0), model.predict(rows, verbose=0), rtol=1e-5, atol=1e-6)
    assert read_foreign(tmp_path / "small.keras").model.count_params() == model.count_params()


def test_a_seed_generator_is_keras_own(tmp_path: Path):
    start = keras.initializers.GlorotUniform(seed=keras.random.SeedGenerator(3))
    keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_initializer=start)]).save(tmp_path / "seed.keras")
    found = read_foreign(tmp_path / "seed.keras")
    assert (found.model.count_params(), found.notes) == (10, ())


def test_code_that_matters_in_training_only_is_left_out_and_said(tmp_path: Path):
    @keras.saving.register_keras_serializable(package="mine")
    class Odd(keras.regularizers.Regularizer):
        def __call__(self, x: Any) -> Any:
            return keras.ops.sum(x)

        def get_config(self) -> dict:
            return {}

    def halved(x: Any) -> Any:
        return x / 2

    def ones(shape: Any, dtype: Any = None) -> Any:
        return keras.ops.ones(shape, dtype)

    def loss(true: Any, found: Any) -> Any:
        return keras.ops.mean(keras.ops.square(true - found))

    dense = layers.Dense(
        2, name="head", kernel_regularizer=Odd(), bias_constraint=halved, kernel_initializer=ones, bias_regularizer="l2"
    )
    model = keras.Sequential([keras.Input((4,)), dense])
    model.compile(loss=loss, optimizer="sgd", metrics=[loss])
    model.save(tmp_path / "mine.keras")
    assert sorted(read_foreign(tmp_path / "mine.keras").notes) == [
        f"The {part} of the layer head is {code}, code that is not in the file: left out. It matters in training only."
        for part, code in (
            ("bias constraint", "'halved'"), ("kernel initializer", "'ones'"), ("kernel regularizer", "'mine>Odd'")
        )
    ]  # fmt: skip
    loaded = load_foreign_model(tmp_path / "mine.keras")
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    expected = rows @ np.ones((4, 2))  # the initializer's kernel came as weights
    np.testing.assert_allclose(loaded.predict(rows, verbose=0), expected, rtol=1e-5)
    assert loaded.layers[0].kernel_regularizer is None
    assert loaded.layers[0].bias_regularizer is not None


def test_an_unknown_name_of_a_regularizer_is_left_out_too():
    text = as_text(layers.Dense(2, name="head", kernel_regularizer="l2")).replace(
        b'"bias_regularizer": null', b'"bias_regularizer": "mine"'
    )
    described = checked_description(text, "it", legacy=False)
    assert len(described.notes) == 1
    assert "The bias regularizer of the layer head is 'mine'" in described.notes[0]


@pytest.mark.parametrize("function", [tf.nn.swish, tf.nn.softmax, tf.sin])
def test_a_function_of_tensorflow_is_named_with_a_cure_that_works(function: Any, tmp_path: Path):
    def build(activation: Any) -> keras.Model:
        return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation=activation, name="inner")])

    model = build(function)
    model.save(tmp_path / "tf.keras")
    with pytest.raises(UnusableInput) as refused:
        read_foreign(tmp_path / "tf.keras")
    text = str(refused.value)
    assert f"uses the function '{function.__name__}' as activation of the layer 'inner'" in text
    cure = {"swish": "silu", "softmax_v2": "softmax", "sin": "relu"}[function.__name__]
    assert f"activation='{cure}', copy the weights with set_weights" in text
    mended = build(cure)
    mended.set_weights(model.get_weights())
    mended.save(tmp_path / "mended.keras")
    loaded = load_foreign_model(tmp_path / "mended.keras")
    if function is not tf.sin:  # of which Keras has no activation
        rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
        np.testing.assert_allclose(
            loaded.predict(rows, verbose=0), model.predict(rows, verbose=0), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("function", [tf.nn.relu, tf.tanh, "gelu", keras.ops.relu, keras.activations.silu])
def test_functions_that_keras_knows_by_name_get_in(function: Any):
    described = checked_description(as_text(layers.Dense(3, activation=function)), "it", legacy=False)
    keras.saving.deserialize_keras_object(described.config)
    assert described.notes == ()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.models", "load_model"), ("keras.utils", "get_file"), ("keras.applications", "ResNet50"),
        ("keras.src.saving.saving_lib", "load_model"), ("builtins", "eval"), ("builtins", "get"),
        ("keras.layers", "deserialize"), ("keras.activations", "deserialize"), ("keras.src.ops", "no_such"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_function", [True, False])
def test_functions_that_do_more_than_arithmetic_are_refused(module: str, name: str, as_function: bool):
    part = {"module": module, "class_name": "function" if as_function else name, "config": name if as_function else {}}
    text = json.dumps({"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "activation": part}})
    with pytest.raises(UnusableInput, match=f"'{name}'.*layer 'd'.*not Keras' own|'{name}' .named 'd'.*not Keras' own"):
        checked_description(text.encode(), "it", legacy=False)


def test_a_model_of_keras_hub_is_refused_with_a_cure_that_works(tmp_path: Path):
    @keras.saving.register_keras_serializable(package="keras_hub")
    class Backbone(keras.Model):
        def __init__(self, width: int, **kwargs: Any) -> None:
            image = keras.Input((8, 8, 3))
            super().__init__(inputs=image, outputs=layers.Flatten()(layers.Conv2D(width, 3)(image)), **kwargs)
            self.width = width

        def get_config(self) -> dict:
            return {"width": self.width}

    model = Backbone(4)
    model.save(tmp_path / "hub.keras")
    with pytest.raises(UnusableInput, match="needs 'keras_hub>Backbone'.*belongs to KerasHub") as refused:
        read_foreign(tmp_path / "hub.keras")
    assert "keras.Model(model.inputs, model.outputs).save('name.keras')" in str(refused.value)
    keras.Model(model.inputs, model.outputs).save(tmp_path / "name.keras")
    assert load_foreign_model(tmp_path / "name.keras").count_params() == model.count_params() == 3 * 3 * 3 * 4 + 4
