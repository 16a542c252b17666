"""A stranger's Keras file: looked at without its weights, and refused where it could do harm."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubel.architectures import foreign, keras_config
from hubel.architectures.foreign import load_foreign_model, read_foreign
from hubel.architectures.layers import SumPooling2D
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

layers = keras.layers


def good_model() -> keras.Model:
    image = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="first")(image)
    x = SumPooling2D(2)(x) + 1.0
    x = keras.ops.relu(x)
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(x)))
    model.compile(loss="mse", optimizer="adam")
    return model


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.keras"
    good_model().save(path)
    return path


def with_config(good: Path, change: Any) -> Path:
    """The same file with another config."""
    with zipfile.ZipFile(good) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    text = change(config)
    members["config.json"] = text if isinstance(text, bytes) else json.dumps(config).encode()
    path = good.with_name("changed.keras")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_the_architecture_is_read_and_no_weight_is(good: Path):
    path = with_config(good, lambda config: None)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
    model = read_foreign(path).model
    assert model.count_params() == good_model().count_params()
    assert [layer.name for layer in model.layers][1] == "first"


def test_with_its_weights_it_predicts_as_before(tmp_path: Path):
    model = good_model()
    model.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).normal(size=(2, 12, 12, 3)).astype(np.float32)
    loaded = load_foreign_model(tmp_path / "m.keras")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(loaded(images)), keras.ops.convert_to_numpy(model(images)), rtol=1e-5, atol=1e-6
    )


def test_a_lambda_layer_is_refused_by_name_with_the_reason(tmp_path: Path):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Lambda(lambda x: x * 2, name="twice"), layers.Flatten()])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(
        UnusableInput, match="has a Lambda layer .named 'twice'., and it runs code that the file brings"
    ):
        read_foreign(tmp_path / "lambda.keras")


def test_custom_code_is_refused_by_name(tmp_path: Path):
    @keras.saving.register_keras_serializable(package="mine")
    class Odd(layers.Layer):
        def call(self, x):
            return x

    keras.Sequential([keras.Input((4, 4, 1)), Odd(name="odd")]).save(tmp_path / "odd.keras")
    with pytest.raises(UnusableInput, match="needs 'mine>Odd' .named 'odd'. .*code that is not Keras' own"):
        read_foreign(tmp_path / "odd.keras")


@pytest.mark.parametrize(
    "part",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": "hubel>system"},
        {"module": "hubel.architectures.layers", "class_name": "keras", "config": {}, "registered_name": "hubel>keras"},
        {"module": "keras.utils", "class_name": "get_file", "config": {}, "registered_name": "get_file"},
        {"module": "keras.src.saving.saving_lib", "class_name": "load_model", "config": {}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "os", "class_name": "__numpy__", "config": {}},
        {"class_name": "system", "config": {}},
        {"module": "os.path", "config": {}},
    ],
)
def test_names_outside_of_keras_layers_are_refused_before_anything_is_built(good: Path, part: dict):
    path = with_config(good, lambda config: config["config"]["layers"][1]["config"].update(activation=part))
    with pytest.raises(UnusableInput, match="code that is not Keras' own"):
        read_foreign(path)


@pytest.mark.parametrize("kind", ["StringLookup", "TextVectorization", "TFSMLayer", "Lambda"])
def test_layers_that_read_files_or_run_code_are_refused_wherever_they_are_nested(good: Path, kind: str):
    part = {"module": "keras.layers", "class_name": kind, "config": {"vocabulary": "/etc/passwd"}}
    path = with_config(good, lambda config: config["config"]["layers"][3]["inbound_nodes"].append([{"deep": part}]))
    with pytest.raises(UnusableInput, match=f"has a {kind} layer"):
        read_foreign(path)


def test_what_belongs_to_training_is_not_looked_at(good: Path):
    path = with_config(good, lambda config: config["compile_config"].update(loss={"module": "os", "class_name": "x"}))
    assert read_foreign(path).model.count_params() > 0


def test_a_config_nested_too_deep_or_too_long_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch):
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    with pytest.raises(UnusableInput, match="not readable"):
        read_foreign(with_config(good, lambda config: deep))
    shallow = b'{"a":' * 90 + b"1" + b"}" * 90
    with pytest.raises(UnusableInput, match="nested more than 60 deep"):
        read_foreign(with_config(good, lambda config: shallow))
    monkeypatch.setattr(keras_config, "MAX_NODES", 50)
    with pytest.raises(UnusableInput, match="of more than 50 values"):
        read_foreign(good)
    monkeypatch.setattr(foreign, "MAX_CONFIG_BYTES", 50)
    with pytest.raises(UnusableInput, match="reads up to 50"):
        read_foreign(good)


def test_a_zip_bomb_is_refused_by_its_stated_sizes(tmp_path: Path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(50_000_000))
    with pytest.raises(UnusableInput, match="would unpack from .* to 50,000,000 bytes, as only zip bombs do"):
        read_foreign(path)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is not a .keras file"), (b"HDF", "is not a .keras file"), (None, "no file")]
)
def test_what_is_no_keras_file_is_refused(tmp_path: Path, content: bytes | None, words: str):
    if content is not None:
        (tmp_path / "x.keras").write_bytes(content)
    with pytest.raises(UnusableInput, match=words):
        read_foreign(tmp_path / "x.keras")


def test_a_zip_without_a_config_and_a_config_without_a_model_are_refused(good: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(UnusableInput, match="is not a .keras file, nor any other kind of model that Hubel knows"):
        read_foreign(tmp_path / "empty.keras")
    for text in (b"[]", b"{}", b"3", b'{"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}'):
        with pytest.raises(UnusableInput, match="holds no model|a model that Keras cannot build|not a model"):
            read_foreign(with_config(good, lambda config, text=text: text))


def test_an_impossible_network_is_refused_with_keras_words(good: Path):
    path = with_config(good, lambda config: config["config"]["layers"][1]["config"].update(filters=-3))
    with pytest.raises(UnusableInput, match="describes a model that Keras cannot build.*filters"):
        read_foreign(path)


def test_a_description_larger_than_its_weights_is_not_loaded(good: Path):
    path = with_config(good, lambda config: config["config"]["layers"][-1]["config"].update(units=10**6))
    assert read_foreign(path).model.count_params() > 10**8
    with pytest.raises(UnusableInput, match="describes 101,000,112 parameters but holds .* bytes of them"):
        load_foreign_model(path)


def test_an_array_of_long_texts_is_refused_before_it_takes_memory(good: Path):
    part = {"class_name": "__numpy__", "config": {"value": ["a"] * 1000, "dtype": "S2000000000"}}
    path = with_config(good, lambda config: config["config"]["layers"][3]["inbound_nodes"].append([part]))
    with pytest.raises(UnusableInput, match="holds an array of the type 'S2000000000', not of numbers"):
        read_foreign(path)
