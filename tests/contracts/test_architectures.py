"""What every architecture of the catalogue must keep, at every size a user may ask for."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hubel.architectures.build import BUILDERS, build_model
from hubel.architectures.catalogue import ARCHITECTURES, FAMILIES, Blueprint, blueprint_from_json, make_blueprint
from hubel.architectures.layer_table import count_macs, layer_table
from hubel.architectures.parameters import count_parameters
from hubel.architectures.spec import CnnSpec, Group, PretrainedSpec, ResidualSpec
from hubel.architectures.whitening import whitening_kernel
from hubel.backends.framework import keras
from hubel.errors import UnknownName, WrongRequest

pytestmark = pytest.mark.backend

CASES = [
    (name, size)
    for name, entry in ARCHITECTURES.items()
    for size in ((8, 8), (28, 28), (32, 48), (96, 96))
    if min(size) >= entry.smallest
]


@pytest.mark.parametrize(("name", "size"), CASES)
def test_images_in_logits_out_and_the_spec_makes_the_same_network_again(name: str, size: tuple[int, int]):
    blueprint = make_blueprint(name, size, 3)
    model = build_model(blueprint)
    images = np.random.default_rng(0).integers(0, 256, (2, *size, 3)).astype(np.float32)
    logits = np.asarray(keras.ops.convert_to_numpy(model(images)))
    assert logits.shape == (2, 3)
    assert model.layers[-1].name == "logits"
    again = blueprint_from_json(json.loads(json.dumps(blueprint.to_json())))
    assert again == blueprint
    copy = build_model(again)
    assert [weight.path for weight in copy.weights] == [weight.path for weight in model.weights]
    assert len({weight.path for weight in model.weights}) == len(model.weights)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(np.asarray(keras.ops.convert_to_numpy(copy(images))), logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_the_layer_table_counts_what_keras_counts(name: str, size: tuple[int, int]):
    model = build_model(make_blueprint(name, size, 3))
    table = layer_table(model)
    assert sum(row.parameters for row in table) == model.count_params()
    assert count_parameters(make_blueprint(name, size, 3).spec) in (model.count_params(), None)
    # Each weight of a convolution is used once for each output position, each weight of a dense layer once.
    expected = sum(
        int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]) if len(layer.output.shape) == 4 else 1)
        for layer in model._flatten_layers(include_self=False)
        if hasattr(layer, "kernel")
    )
    assert count_macs(model) == expected


@pytest.mark.parametrize(("size", "groups"), [(8, 2), (16, 3), (32, 4), (64, 5), (224, 5)])
def test_small_cnn_is_as_deep_as_the_image_allows(size: int, groups: int):
    spec = make_blueprint("small-cnn", (size, size), 10).spec
    assert isinstance(spec, CnnSpec)
    assert len(spec.groups) == groups


@pytest.mark.parametrize(("size", "widths"), [(8, 1), (32, 3), (96, 4), (128, 5)])
def test_residual_ends_at_a_small_map(size: int, widths: int):
    spec = make_blueprint("residual", (size, size), 10).spec
    assert isinstance(spec, ResidualSpec)
    assert len(spec.widths) == widths


def test_every_family_has_a_builder():
    assert set(BUILDERS) == set(FAMILIES)


def test_an_unknown_architecture_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no architecture named 'mobilnet'. Did you mean 'mobilenet'"):
        make_blueprint("mobilnet", (32, 32), 2)


def test_an_image_too_small_for_an_architecture_says_what_to_use():
    with pytest.raises(WrongRequest, match="at least 32 pixels. Received: 16. Use --image-size"):
        make_blueprint("mobilenet", (16, 16), 2)


def test_alpha_is_for_pretrained_backbones():
    with pytest.raises(WrongRequest, match="small-cnn has none"):
        make_blueprint("small-cnn", (16, 16), 2, alpha=0.5)
    spec = make_blueprint("mobilenet", (32, 32), 2, alpha=0.5).spec
    assert isinstance(spec, PretrainedSpec)
    assert spec.alpha == 0.5


def test_pooling_to_nothing_says_how_deep_it_may_be():
    with pytest.raises(
        WrongRequest, match="Group 3 would pool a 1 x 1 map to nothing: use at most 2 pooling groups at 4 x 4"
    ):
        CnnSpec((4, 4), 2, groups=(Group(4), Group(4), Group(4)))


SPEC = make_blueprint("small-cnn", (16, 16), 3).to_json()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "lambda"}, "no architecture family named 'lambda'"),
        ({"spec": {**SPEC["spec"], "dense_units": [2_000_000_000]}}, "dense_units must be a whole number"),
        ({"spec": {**SPEC["spec"], "dropout": 1e400}}, "dropout must be a number"),
        ({"spec": {**SPEC["spec"], "groups": [{"filters": 1}] * 1000}}, "number of groups"),
        ({"spec": {**SPEC["spec"], "classes": True}}, "classes must be a whole number"),
        ({"spec": {**SPEC["spec"], "code": "print()"}}, "no field 'code'"),
        ({"spec": []}, "must be an object"),
        ({"more": 1}, "must have the fields"),
    ],
)
def test_a_hostile_description_is_refused_before_anything_is_built(change: dict[str, object], words: str):
    with pytest.raises((WrongRequest, UnknownName), match=words):
        blueprint_from_json({**SPEC, **change})


def test_a_cnn_may_pool_by_average_or_not_at_all():
    spec = CnnSpec((8, 8), 2, groups=(Group(4, pooling="average"), Group(4, pooling="none")), batch_normalisation=False)
    model = build_model(Blueprint("mine", spec))
    assert [type(layer).__name__ for layer in model.layers].count("AveragePooling2D") == 1
    assert model.get_layer("flatten").output.shape == (None, 4 * 4 * 4)
    assert count_parameters(spec) == model.count_params()


def test_whitening_makes_patches_uncorrelated_and_of_equal_size():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 20, 20, 3)) + rng.normal(size=(60, 1, 20, 1)) * 2  # columns are alike
    images = np.clip(noise * 30 + 128, 0, 255).astype(np.uint8)
    kernel = whitening_kernel(images, kernel_size=2, filters=24)
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])
    patches = np.lib.stride_tricks.sliding_window_view(images / 63.75 - 2, (2, 2), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    values = patches.reshape(-1, 12) @ kernel[..., :12].reshape(12, 12)
    np.testing.assert_allclose(np.cov(values.T), np.eye(12), atol=0.15)
