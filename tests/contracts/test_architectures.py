"""What every architecture of the catalogue must keep, at every size a user may ask for."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from hubel.architectures.build import build_model, weight_name
from hubel.architectures.catalogue import ARCHITECTURES, FAMILIES, Blueprint, blueprint_from_json, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.families.dense_mlp import dense_spec
from hubel.architectures.families.pretrained import PRETRAINED, PretrainedSpec
from hubel.architectures.families.residual import ResidualSpec
from hubel.architectures.layer_table import as_map, count_macs, layer_table
from hubel.architectures.spec import LOGITS, Spec
from hubel.architectures.whitening import whiten, whitening_kernel
from hubel.backends.framework import keras
from hubel.errors import UnknownName, WrongRequest
from hubel.training.recipe import Recipe

pytestmark = pytest.mark.backend

QUICK = [name for name in ARCHITECTURES if name == "mobilenet" or not ARCHITECTURES[name].pretrained]
"""Those that are built and run at several sizes; the large backbones are built once, without room for weights."""
CASES = [
    (name, size)
    for name in QUICK
    for size in ((8, 8), (28, 28), (32, 48), (96, 96))
    if min(size) >= ARCHITECTURES[name].smallest
]


def assert_counted(spec: Spec, model: keras.Model) -> None:
    """A spec knows how many weights its network has: of a backbone within a factor of 2, else exactly."""
    if isinstance(spec, PretrainedSpec):
        assert 0.5 < spec.count_parameters() / model.count_params() < 2
    else:
        assert spec.count_parameters() == model.count_params()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_smallest_image_gives_logits_and_one_smaller_is_refused(name: str):
    smallest = ARCHITECTURES[name].smallest
    blueprint = make_blueprint(name, (smallest, smallest + 3), classes=5)
    with keras.StatelessScope(initialize_variables=False):
        model, twin = build_model(blueprint), build_model(blueprint)
    assert model.input.shape == (None, smallest, smallest + 3, 3)
    assert model.output.shape == (None, 5)
    assert_counted(blueprint.spec, model)
    assert blueprint_from_json(json.loads(json.dumps(blueprint.to_json()))) == blueprint
    names = [weight_name(weight) for weight in model.weights]
    assert len(set(names)) == len(names)
    assert [weight_name(weight) for weight in twin.weights] == names
    with pytest.raises(WrongRequest, match=f"at least {smallest} pixels"):
        make_blueprint(name, (smallest - 1, smallest - 1), classes=5)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_images_in_logits_out_and_the_spec_makes_the_same_network_again(name: str, size: tuple[int, int]):
    blueprint = make_blueprint(name, size, classes=3)
    model = build_model(blueprint)
    images = np.random.default_rng(0).integers(0, 256, (2, *size, 3)).astype(np.float32)
    logits = np.asarray(keras.ops.convert_to_numpy(model(images)))
    assert logits.shape == (2, 3)
    assert model.layers[-1].name == "logits"
    again = blueprint_from_json(json.loads(json.dumps(blueprint.to_json())))
    assert again == blueprint
    copy = build_model(again)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(np.asarray(keras.ops.convert_to_numpy(copy(images))), logits, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_the_layer_table_counts_what_keras_counts(name: str, size: tuple[int, int]):
    model = build_model(make_blueprint(name, size, classes=3))
    table = layer_table(model)
    assert sum(row.parameters for row in table) == model.count_params()
    spec = make_blueprint(name, size, classes=3).spec
    assert_counted(spec, model)
    macs, largest = spec.count_work()
    assert 0.4 < macs / count_macs(model) < 2.5 if isinstance(spec, PretrainedSpec) else macs == count_macs(model)
    if not isinstance(spec, PretrainedSpec):
        assert largest >= max(math.prod(row.output) for row in table if row.macs)
    assert count_macs(model) == multiplications(model)


def multiplications(model: keras.Model) -> int:
    """Each weight of a convolution is used once for each output position, each weight of a dense layer once."""
    return sum(
        int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]) if len(layer.output.shape) == 4 else 1)
        for layer in model._flatten_layers(include_self=False)
        if hasattr(layer, "kernel")
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_layer_table_has_the_shapes_and_counts_of_keras_also_of_the_large_ones(name: str):
    size = max(ARCHITECTURES[name].smallest, 48), max(ARCHITECTURES[name].smallest, 65)
    with keras.StatelessScope(initialize_variables=False):
        model = build_model(make_blueprint(name, size, classes=3))
    table = layer_table(model)
    assert sum(row.parameters for row in table) == model.count_params()
    assert count_macs(model) == multiplications(model)
    layers = {layer.name: layer for layer in model._flatten_layers(include_self=False)}
    known = [row for row in table if row.name.rpartition("/")[2] in layers]
    assert len(known) >= 0.7 * len(table)  # the others are bare operations
    for row in known:
        layer = layers[row.name.rpartition("/")[2]]
        assert row.output == as_map(layer.output.shape[1:])
        assert row.parameters == layer.count_params()


@pytest.mark.parametrize(("size", "groups"), [(8, 2), (16, 3), (32, 4), (64, 5), (224, 5)])
def test_small_cnn_is_as_deep_as_the_image_allows(size: int, groups: int):
    spec = make_blueprint("small-cnn", (size, size), classes=10).spec
    assert isinstance(spec, CnnSpec)
    assert len(spec.groups) == groups


@pytest.mark.parametrize(("size", "widths"), [(8, 1), (12, 2), (20, 2), (24, 3), (32, 3), (96, 4), (128, 5)])
def test_residual_ends_at_a_small_map(size: int, widths: int):
    spec = make_blueprint("residual", (size, size), classes=10).spec
    assert isinstance(spec, ResidualSpec)
    assert len(spec.widths) == widths


def test_an_unknown_architecture_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no architecture named 'mobilnet'. Did you mean 'mobilenet'"):
        make_blueprint("mobilnet", (32, 32), classes=2)


def test_an_image_too_small_for_an_architecture_says_what_to_use():
    with pytest.raises(
        WrongRequest,
        match="at least 32 pixels. Received: 16. Use larger images: image_size=32. Or use another network: architecture=",
    ):
        make_blueprint("mobilenet", (16, 16), classes=2)


def test_alpha_is_for_pretrained_backbones():
    with pytest.raises(WrongRequest, match="small-cnn comes in one width"):
        make_blueprint("small-cnn", (16, 16), classes=2, alpha=0.5)
    spec = make_blueprint("mobilenet", (32, 32), classes=2, alpha=0.5).spec
    assert isinstance(spec, PretrainedSpec)
    assert spec.alpha == 0.5


@pytest.mark.parametrize(
    ("alpha", "stem", "widths"), [(0.5, 16, (16, 32, 64)), (1, 32, (32, 64, 128)), (1.5, 48, (48, 96, 192))]
)
def test_alpha_is_the_width_of_residual(alpha: float, stem: int, widths: tuple[int, ...]):
    spec = make_blueprint("residual", (32, 32), classes=10, alpha=alpha).spec
    assert isinstance(spec, ResidualSpec)
    assert (spec.stem_filters, spec.widths, spec.alpha) == (stem, widths, alpha)


@pytest.mark.parametrize("alpha", [0.2, 8.5, -1.0])
def test_a_width_of_residual_has_bounds(alpha: float):
    with pytest.raises(WrongRequest, match=r"alpha must be a number from 0.25 to 8.0"):
        make_blueprint("residual", (32, 32), classes=10, alpha=alpha)


def test_a_backbone_of_one_width_has_no_alpha():
    with pytest.raises(WrongRequest, match=r"resnet50-v2 comes in one width. Received: alpha 0.5. Leave alpha out"):
        make_blueprint("resnet50-v2", (32, 32), classes=2, alpha=0.5)
    with pytest.raises(WrongRequest, match="red, green and blue: channels=3. Received: 1"):
        PretrainedSpec((32, 32), 2, channels=1)


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_backbone_has_its_usual_width_unless_told(name: str):
    spec = make_blueprint(name, (64, 64), classes=2).spec
    assert isinstance(spec, PretrainedSpec)
    assert (spec.backbone, spec.alpha) == (name, PRETRAINED[name].alpha)
    assert spec.alpha in ARCHITECTURES[name].alphas


@pytest.mark.parametrize(
    ("name", "module"),
    [("mobilenet", "mobilenet"), ("mobilenet-v2", "mobilenet_v2"), ("resnet50-v2", "resnet_v2")],
)
def test_pixels_are_scaled_as_keras_scales_them(name: str, module: str):
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 4, 5, 3)).astype(np.float32)
    expected = getattr(keras.applications, module).preprocess_input(pixels.copy())
    np.testing.assert_allclose(scaled(name, pixels), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("mobilenet-v3-small", "MobileNetV3Small"),
        ("mobilenet-v3-large", "MobileNetV3Large"),
        ("efficientnet-v2-b0", "EfficientNetV2B0"),
        ("convnext-tiny", "ConvNeXtTiny"),
    ],
)
def test_pixels_are_scaled_as_the_network_itself_would_scale_them(name: str, network: str):
    with keras.StatelessScope(initialize_variables=False):
        whole = getattr(keras.applications, network)(input_shape=(32, 32, 3), include_top=False, weights=None)
    scaling = [layer for layer in whole.layers if type(layer).__name__ in ("Rescaling", "Normalization")]
    pixels = x = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    for layer in scaling:
        x = layer(x)
    np.testing.assert_allclose(
        scaled(name, pixels), np.asarray(keras.ops.convert_to_numpy(x)), rtol=1e-4, atol=1e-5
    )  # fmt: skip


def scaled(name: str, pixels: np.ndarray) -> np.ndarray:
    backbone = PRETRAINED[name]
    layer = keras.layers.Rescaling(backbone.scale, offset=backbone.offset)
    return np.asarray(keras.ops.convert_to_numpy(layer(pixels)))


@pytest.mark.parametrize(
    ("size", "groups", "words"),
    [
        (
            (28, 28),
            (Group(4),) * 5,
            (
                r"Group 5 would shrink a 1 x 1 map to 0 x 0 \(its 2 x 2 pooling window needs 1 pixel more\): use at most "
                "4 groups at 28 x 28 pixels, or use images of at least 32 x 32 pixels, or give group 5 pooling 'none'"
            ),
        ),
        (
            (28, 28),
            (Group(4, kernel_size=5, padding="valid"),) * 3,
            (
                "Group 3's 5 x 5 kernel with padding 'valid' does not fit a 4 x 4 map, 1 pixel too small: use at most 2 "
                "groups at 28 x 28 pixels, or use images of at least 36 x 36 pixels, or give group 3 padding 'same'"
            ),
        ),
        (
            (9, 20),
            (Group(4, window=12, pooling="sum"),),
            (
                r"Group 1 would shrink a 9 x 20 map to 0 x 1 \(its 12 x 12 pooling window needs 3 pixels more\): use images "
                "of at least 12 x 12 pixels"
            ),
        ),
        ((9, 9), (Group(4), Group(4, kernel_size=9, padding="valid")), "use at most 1 group at 9 x 9 pixels"),
    ],
)
def test_a_network_too_deep_for_its_image_says_where_and_what_to_change(
    size: tuple[int, int], groups: tuple[Group, ...], words: str
):
    with pytest.raises(WrongRequest, match=words):
        CnnSpec(size, 2, groups=groups)


def test_the_smallest_size_that_is_named_is_the_smallest_that_works():
    groups = (
        Group(4, convolutions=2, kernel_size=3, padding="valid"),
        Group(4, kernel_size=5, padding="valid", window=3),
    )
    with pytest.raises(WrongRequest) as refusal:
        CnnSpec((6, 6), 2, groups=groups)
    found = re.search(r"images of at least (\d+) x", str(refusal.value))
    assert found is not None
    side = int(found[1])
    assert CnnSpec((side, side), 2, groups=groups).groups == groups
    with pytest.raises(WrongRequest):
        CnnSpec((side - 1, side - 1), 2, groups=groups)


@pytest.mark.parametrize(("size", "maps"), [(32, [28, 14, 10, 5]), (28, [28, 14, 14, 7]), (8, [8, 4, 4, 2])])
def test_lenet5_has_the_maps_of_the_paper_at_32_pixels(size: int, maps: list[int]):
    with keras.StatelessScope(initialize_variables=False):
        model = build_model(make_blueprint("lenet5", (size, size), classes=10))
    layers = [
        model.get_layer(name)
        for name in ("group_1_1_convolution", "group_1_pool", "group_2_1_convolution", "group_2_pool")
    ]
    assert [layer.output.shape[1] for layer in layers] == maps
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [120, 84, 10]


def test_lenet5_counts_as_a_textbook_counts():
    # 1 channel, 32 x 32, every map connected: 156 + 2,416 + 48,120 + 10,164 + 850
    assert replace(make_blueprint("lenet5", (32, 32), classes=10).spec, channels=1).count_parameters() == 61_706


def test_dense_is_one_long_vector():
    with keras.StatelessScope(initialize_variables=False):
        model = build_model(make_blueprint("dense", (28, 28), classes=10))
    assert [layer.name for layer in model.layers] == ["image", "scale_pixels", "flatten", "dense_1", "logits"]
    assert model.count_params() == (28 * 28 * 3 + 1) * 256 + 257 * 10
    assert dense_spec((4, 4), 2, units=(5, 6)).dense_units == (5, 6)


@pytest.mark.parametrize(("size", "groups"), [(4, 1), (8, 2), (28, 3), (32, 4), (64, 5), (224, 5)])
def test_vgg_style_pools_until_its_map_is_small(size: int, groups: int):
    spec = make_blueprint("vgg-style", (size, size), classes=10).spec
    assert isinstance(spec, CnnSpec)
    assert len(spec.groups) == groups
    assert all(group.convolutions == 2 and group.kernel_size == 3 for group in spec.groups)


def test_what_was_written_before_there_were_more_choices_is_read_with_their_defaults():
    old = {
        "name": "small-cnn",
        "family": "cnn",
        "spec": {
            "image_size": [8, 8],
            "classes": 3,
            "groups": [{"filters": 4, "convolutions": 2, "kernel_size": 3, "pooling": "max"}],
            "dense_units": [128],
            "batch_normalisation": True,
            "dropout": 0.3,
        },
    }
    expected = CnnSpec((8, 8), 3, groups=(Group(4, convolutions=2),), dense_units=(128,), dropout=0.3)
    assert blueprint_from_json(old) == Blueprint("small-cnn", expected)
    assert (expected.channels, expected.activation, expected.shared, expected.head) == (3, "relu", True, "flatten")


SPEC = make_blueprint("small-cnn", (16, 16), classes=3).to_json()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "lambda"}, "no architecture family named 'lambda'"),
        ({"spec": {**SPEC["spec"], "dense_units": [2_000_000_000]}}, "dense_units must be a whole number"),
        ({"spec": {**SPEC["spec"], "dropout": 1e400}}, "dropout must be a number"),
        ({"spec": {**SPEC["spec"], "groups": [{"filters": 1}] * 1000}}, "number of groups"),
        ({"spec": {**SPEC["spec"], "classes": True}}, "classes must be a whole number"),
        ({"spec": {**SPEC["spec"], "code": "print()"}}, "no field 'code'"),
        ({"spec": {**SPEC["spec"], "channels": 0}}, "channels must be a whole number from 1 to 1024"),
        ({"spec": {**SPEC["spec"], "head": "lambda"}}, "head must be one of flatten, average, max"),
        ({"spec": {**SPEC["spec"], "activation": ["relu"]}}, "activation must be one of relu, none"),
        ({"spec": {**SPEC["spec"], "shared": 1}}, "shared must be true or false"),
        ({"spec": {**SPEC["spec"], "groups": [{"filters": 1, "window": 99}]}}, "window must be a whole number"),
        ({"spec": {**SPEC["spec"], "groups": [{"filters": 1, "padding": "full"}]}}, "padding must be one of"),
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
    assert spec.count_parameters() == model.count_params()


def test_whitening_makes_patches_uncorrelated_and_of_equal_size():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 20, 20, 3)) + rng.normal(size=(60, 1, 20, 1)) * 2  # columns are alike
    images = np.clip(noise * 30 + 128, 0, 255).astype(np.uint8)
    kernel = whitening_kernel(images, kernel_size=2, filters=24)
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])
    patches = np.lib.stride_tricks.sliding_window_view(images / 63.75 - 2, (2, 2), (1, 2)).transpose(0, 1, 2, 4, 5, 3)
    values = patches.reshape(-1, 12) @ kernel[..., :12].reshape(12, 12)
    np.testing.assert_allclose(np.cov(values.T), np.eye(12), atol=0.15)


def test_a_layer_wider_than_its_patches_keeps_the_kernels_that_whitening_has_none_for():
    images = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 3), np.uint8)
    layer = keras.layers.Conv2D(40, 2)
    layer.build((None, 12, 12, 3))
    before = layer.get_weights()[0]
    whiten(layer, images)
    kernel, bias = layer.get_weights()
    np.testing.assert_array_equal(kernel[..., :24], whitening_kernel(images, kernel_size=2, filters=40))
    np.testing.assert_array_equal(kernel[..., 24:], before[..., 24:])
    assert not bias.any()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_hints_at_a_recipe_that_can_be_made(name: str):
    kind = FAMILIES[name].load()
    assert kind.family == name  # of its spec, and of the module that holds it
    hints = kind.hints
    recipe = Recipe(1, optimizer=hints.optimizer, learning_rate=hints.learning_rate, weight_decay=hints.weight_decay)
    assert (recipe == Recipe(1)) == (name == "residual")  # the defaults of a recipe are those of this family
    entry = next(each for each in ARCHITECTURES.values() if each.kind.load() is kind)
    with keras.StatelessScope(initialize_variables=False):
        model = build_model(make_blueprint(entry, (32, 32), classes=3))
    if hints.whitened_layer:
        assert isinstance(model.get_layer(hints.whitened_layer), keras.layers.Conv2D)
    assert model.layers[-1].name == LOGITS
