"""Every network of ``keras.applications``: numbers against Keras' own, a count of this file's own, and published ones.

Parameters are Keras' ``count_params()``. Multiply-accumulates are counted here from the kernels of the built layers and
Keras' output shapes. Published: parameters from the table at keras.io/api/applications, receptive fields from Araujo,
Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill 2019, multiply-accumulates from the
networks' papers.
"""

from __future__ import annotations

import inspect
import zipfile
from math import prod
from pathlib import Path

import pytest

from hubel.architectures.layer_table import LayerRow, layer_rows, total_of
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.workflows.looking.anatomy import AnatomyRequest, examine

layers, applications = keras.layers, keras.applications

PARAMETERS = {
    "DenseNet121": 8_062_504,
    "DenseNet169": 14_307_880,
    "DenseNet201": 20_242_984,
    "InceptionResNetV2": 55_873_736,
    "InceptionV3": 23_851_784,
    "MobileNet": 4_253_864,
    "MobileNetV2": 3_538_984,
    "NASNetLarge": 88_949_818,
    "NASNetMobile": 5_326_716,
    "ResNet101": 44_707_176,
    "ResNet101V2": 44_675_560,
    "ResNet152": 60_419_944,
    "ResNet152V2": 60_380_648,
    "ResNet50": 25_636_712,
    "ResNet50V2": 25_613_800,
    "VGG16": 138_357_544,
    "VGG19": 143_667_240,
    "Xception": 22_910_480,
}
MILLIONS = {
    "ConvNeXtBase": 88.6,
    "ConvNeXtLarge": 197.8,
    "ConvNeXtSmall": 50.2,
    "ConvNeXtTiny": 28.6,
    "ConvNeXtXLarge": 350.2,
    "EfficientNetB0": 5.3,
    "EfficientNetB1": 7.9,
    "EfficientNetB2": 9.2,
    "EfficientNetB3": 12.3,
    "EfficientNetB4": 19.5,
    "EfficientNetB5": 30.6,
    "EfficientNetB6": 43.3,
    "EfficientNetB7": 66.7,
    "EfficientNetV2B0": 7.2,
    "EfficientNetV2B1": 8.2,
    "EfficientNetV2B2": 10.2,
    "EfficientNetV2B3": 14.5,
    "EfficientNetV2L": 119.0,
    "EfficientNetV2M": 54.4,
    "EfficientNetV2S": 21.6,
}
BILLIONS_OF_MACS = {
    "ConvNeXtBase": 15.4,
    "ConvNeXtLarge": 34.4,
    "ConvNeXtSmall": 8.7,
    "ConvNeXtTiny": 4.5,
    "ConvNeXtXLarge": 60.9,
    "MobileNet": 0.569,
    "MobileNetV2": 0.300,
    "NASNetLarge": 23.8,
    "NASNetMobile": 0.564,
    "VGG16": 15.5,
    "VGG19": 19.6,
}
FIELDS = {
    "InceptionV3": 1311,
    "InceptionResNetV2": 3039,
    "MobileNet": 315,
    "ResNet101": 1027,
    "ResNet152": 1507,
    "ResNet50": 483,
    "VGG16": 212,
}
NAMES = [name for name, _ in inspect.getmembers(applications, inspect.isfunction)]
BACKBONES = ["ConvNeXtTiny", "EfficientNetV2B0", "MobileNetV2", "ResNet50V2"]
OTHER_SIZE = [name for name in NAMES if name.startswith(("ConvNeXt", "InceptionResNet", "MobileNetV3"))]
CORE = [*FIELDS, *BACKBONES, "DenseNet121", "InceptionResNetV2", "MobileNetV3Small", "NASNetMobile", "Xception"]
"""One of each family, and those of the published fields; their larger relatives are slow together."""
IMAGE = (160, 128, 3)


def slow_unless(names: list[str], core: list[str]) -> list:
    return [pytest.param(name, marks=[] if name in core else [pytest.mark.slow]) for name in names]


def build(name: str, **settings) -> keras.Model:
    with without_weights():
        return getattr(applications, name)(weights=None, **settings)


def brute_force(model: keras.Model) -> int:
    """MACs of a model of fixed size: each weight of a kernel is used once at each position of the output."""
    return sum(macs_of(layer) for layer in model._flatten_layers() if not isinstance(layer, keras.Model))


def macs_of(layer: keras.Layer) -> int:
    if not layer.weights or isinstance(layer, (layers.BatchNormalization, layers.Normalization)):
        return 0
    if isinstance(layer, layers.SeparableConv2D):
        kernels = [layer.depthwise_kernel, layer.pointwise_kernel]
    elif isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
        kernels = [layer.kernel]
    else:
        assert type(layer).__name__ in ("LayerNormalization", "LayerScale", "Resizing", "CustomScaleLayer"), layer
        return 0
    positions = prod(layer.output.shape[1:-1])  # `output` also says that the layer is called only once
    return sum(prod(kernel.shape) for kernel in kernels) * positions


def test_all_forty_constructors_are_looked_at():
    assert len(NAMES) == 40
    assert set(PARAMETERS) | set(MILLIONS) | {"MobileNetV3Large", "MobileNetV3Small"} == set(NAMES)
    assert not set(PARAMETERS) & set(MILLIONS)


@pytest.mark.parametrize("name", slow_unless(NAMES, CORE))
def test_parameters_and_work_are_keras_own_and_as_published(name: str):
    image = {"input_shape": (224, 224, 3)} if name.startswith("MobileNetV3") else {}
    model = build(name, **image)
    rows = layer_rows(walk(model))
    total = total_of(rows)
    assert total.parameters == model.count_params()
    assert total.macs == brute_force(model)
    assert total.parameters == PARAMETERS.get(name, total.parameters)
    assert total.parameters / 1e6 == pytest.approx(MILLIONS.get(name, total.parameters / 1e6), abs=0.051)
    assert total.macs / 1e9 == pytest.approx(BILLIONS_OF_MACS.get(name, total.macs / 1e9), rel=0.01)
    if name in FIELDS:
        last_map = [row for row in rows if row.output[0] > 1][-1]
        assert last_map.receptive_field == (FIELDS[name], FIELDS[name])


@pytest.mark.parametrize("name", slow_unless(OTHER_SIZE, CORE))
def test_another_image_size_gives_the_numbers_of_the_network_built_at_that_size(name: str):
    flat, given = build(name, input_shape=IMAGE), build(name)
    rows = layer_rows(walk(given, image_shape=IMAGE))
    assert total_of(rows).parameters == flat.count_params() == given.count_params()
    assert total_of(rows).macs == brute_force(flat)
    assert numbers_of(rows) == numbers_of(layer_rows(walk(flat)))


def numbers_of(rows: list[LayerRow]) -> list[tuple]:
    return [
        (row.kind, row.output, row.parameters, row.macs, row.receptive_field, row.receptive_field_start) for row in rows
    ]


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("form", ["functional", "sequential", "sequential of any size"])
def test_a_nested_backbone_of_open_size_has_the_numbers_of_the_flat_network(name: str, form: str):
    flat, inner = build(name, include_top=False, input_shape=IMAGE), build(name, include_top=False)
    assert inner.input_shape == (None, None, None, 3)
    with without_weights():
        head = [layers.GlobalAveragePooling2D(), layers.Dense(5)]
        if form == "functional":
            image = keras.Input(IMAGE)
            model = keras.Model(image, head[1](head[0](inner(image))))
        else:
            model = keras.Sequential([*([keras.Input(IMAGE)] if form == "sequential" else []), inner, *head])
    graph = walk(model, image_shape=IMAGE if form == "sequential of any size" else None)
    rows, expected = layer_rows(graph), layer_rows(walk(flat))
    assert numbers_of(rows[:-2]) == numbers_of(expected)
    assert [row.name for row in rows[:-2]] == names_in(inner, prefix=f"{inner.name}/")
    channels = flat.output_shape[-1]
    assert total_of(rows).macs == brute_force(flat) + channels * 5
    assert total_of(rows).parameters == model.count_params()


def names_in(model: keras.Model, *, prefix: str) -> list[str]:
    """In the order of computation, which Keras keeps by depth; behind the names of the models around them."""
    names = []
    by_depth = (getattr(model, "_functional", None) or model)._nodes_by_depth
    for operation in (node.operation for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
        if isinstance(operation, keras.Model):
            names += names_in(operation, prefix=f"{prefix}{operation.name}/")
        elif not isinstance(operation, layers.InputLayer):
            names.append(prefix + operation.name)
    return names


def test_a_transfer_network_saved_with_a_backbone_of_open_size_is_measured_from_its_file(tmp_path: Path):
    image = keras.Input((224, 224, 3))
    with without_weights():
        inner = applications.ResNet50(include_top=False, weights=None)
        model = keras.Model(image, layers.Dense(5)(layers.GlobalAveragePooling2D()(inner(image))))
    with zipfile.ZipFile(tmp_path / "transfer.keras", "w") as archive:  # as Keras writes it, but for the weights
        archive.writestr("config.json", model.to_json())
    anatomy = examine(AnatomyRequest(str(tmp_path / "transfer.keras")))
    assert anatomy.total.macs == 3_855_935_488
    assert anatomy.rows[-3].output == (7, 7, 2048)
