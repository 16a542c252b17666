"""``hubel anatomy``, called in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.anatomy_typed import document, run

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.geometry import receptive_fields
from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.classifier.answering import Calibration
from hubel.classifier.classifier import Classifier
from hubel.cli.main import find_command
from hubel.cli.show.anatomy import human, human_bytes
from hubel.cli.wording import worded
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing
from hubel.workflows.looking.anatomy_warnings import MeasuredNetwork, find_doubts


def doubts_of(spec: CnnSpec) -> dict[str, str]:
    with without_weights():
        return doubts_of_model(build_model(Blueprint("own", spec)))


def doubts_of_model(model: keras.Model) -> dict[str, str]:
    graph = walk(model)
    return {
        doubt.name: worded(doubt.text, find_command("anatomy"))
        for doubt in find_doubts(MeasuredNetwork(graph, receptive_fields(graph), layer_rows(graph)))
    }


def test_the_parameter_explosion_of_the_course(capsys: pytest.CaptureFixture[str]):
    found = document(capsys, "dense", "--input", "100x100x1", "--units", "10000")
    hidden = next(layer for layer in found["layers"] if layer["kind"] == "Dense")
    assert hidden["parameters"] == hidden["dense_parameters"] == 100_010_000
    assert hidden["output"] == [1, 1, 10_000]
    assert found["input"] == [100, 100, 1]
    _, out, _ = run(capsys, "dense", "--input", "100x100x1", "--units", "10000")
    assert "holds 100,010,000 of all 100,110,010 parameters" in out


def test_the_document_has_the_names_of_the_contract_and_its_sums(capsys: pytest.CaptureFixture[str]):
    found = document(capsys, "small-cnn", "--input", "32x48", "--classes", "7")
    assert list(found) == ["input", "layers", "total", "warnings"]
    assert found["input"] == [32, 48, 3]
    keys = (
        "number name kind output kernel stride padding parameters macs activation_bytes receptive_field "
        "receptive_field_stride receptive_field_without_gates dense_parameters"
    )
    assert {tuple(layer) for layer in found["layers"]} == {tuple(keys.split())}
    assert list(found["total"]) == ["parameters", "macs", "activation_bytes", "dense_parameters"]
    assert found["warnings"] == []
    for key, total in found["total"].items():
        assert total == sum(layer[key] or 0 for layer in found["layers"])
    assert found["total"]["parameters"] == build_model(make_blueprint("small-cnn", (32, 48), classes=7)).count_params()
    first = next(layer for layer in found["layers"] if layer["kind"] == "Conv2D")
    assert (first["kernel"], first["stride"], first["padding"]) == ([3, 3], [1, 1], "same")
    assert first["dense_parameters"] == 32 * 48 * 3 * 32 * 48 * 32 + 32 * 48 * 32


def test_the_table_fits_120_columns_and_is_short_for_deep_networks(capsys: pytest.CaptureFixture[str]):
    for words in (("small-cnn",), ("mobilenet",), ("mobilenet", "--all"), ("resnet50-v2",)):
        code, out, _ = run(capsys, *words)
        assert code == 0
        table = out.splitlines()[1 : next(n for n, line in enumerate(out.splitlines()) if line.startswith("In all"))]
        assert max(len(line) for line in table) <= 120
        assert ("--all shows every layer" in out) == (words[0] != "small-cnn" and "--all" not in words)
    assert "dense layers instead: " in out


def test_a_keras_file_is_read_also_at_another_size(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    image = keras.Input((None, None, 1))
    maps = keras.layers.Conv2D(2, 3, padding="same")(image)
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(maps))
    model.save(tmp_path / "open.keras")
    code, _, err = run(capsys, str(tmp_path / "open.keras"))
    assert code == 3
    assert "Give one: --input" in err
    found = document(capsys, str(tmp_path / "open.keras"), "--input", "20x30")
    assert found["input"] == [20, 30, 1]
    assert found["total"]["macs"] == 20 * 30 * 9 * 2
    keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Reshape((16,))]).save(tmp_path / "fixed.keras")
    code, _, err = run(capsys, str(tmp_path / "fixed.keras"), "--input", "5x4")
    assert code == 3
    assert "cannot take images of 5x4" in err


def test_a_nested_model_of_open_size_is_measured_where_it_is_called(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    inner_image = keras.Input((None, None, 3))
    inner = keras.Model(inner_image, keras.layers.Conv2D(4, 3, padding="same", name="maps")(inner_image), name="inner")
    image = keras.Input((10, 12, 3))
    keras.Model(image, keras.layers.GlobalAveragePooling2D()(inner(image))).save(tmp_path / "nested.keras")
    found = document(capsys, str(tmp_path / "nested.keras"))
    assert found["layers"][0]["name"] == "inner/maps"
    assert found["layers"][0]["output"] == [10, 12, 4]
    assert found["total"]["macs"] == 10 * 12 * 27 * 4
    _, out, err = run(capsys, str(tmp_path / "nested.keras"))
    assert "sees 0" not in out + err
    assert "0×0" not in out + err
    larger = document(capsys, str(tmp_path / "nested.keras"), "--input", "20x12")
    assert larger["total"]["macs"] == 20 * 12 * 27 * 4


def test_an_unbuilt_sequential_file_is_measured_at_a_given_size(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    file = tmp_path / "unbuilt.keras"
    with pytest.warns(UserWarning, match="has not yet been built"):
        keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(2)]).save(file)
    code, _, err = run(capsys, str(file))
    assert code == 3
    assert "is not built" in err
    assert "--input 224x224" in err
    found = document(capsys, str(file), "--input", "10x8x1")
    assert found["input"] == [10, 8, 1]
    assert found["total"]["macs"] == 8 * 6 * 9 * 4 + 8 * 6 * 4 * 2
    assert document(capsys, str(file), "--input", "10x8")["input"] == [10, 8, 3]
    code, _, err = run(capsys, str(file), "--input", "2x8")
    assert code == 3
    assert "cannot take images of 2x8x3" in err
    assert "Give another --input" in err


def test_work_that_is_not_counted_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    image = keras.Input((8, 8, 2))
    rows = keras.layers.Reshape((8, 16))(keras.layers.PReLU()(image))
    found = keras.ops.trapezoid(rows, axis=1)
    keras.Model(image, keras.layers.Dense(2)(found)).save(tmp_path / "rows.keras")
    code, out, err = run(capsys, str(tmp_path / "rows.keras"))
    assert code == 0
    assert "(Trapezoid) is not counted: Hubel has no rule for it" in " ".join((out + err).split())
    _, out, err = run(capsys, "resnet50-v2")
    assert "is not counted" not in out + err


def test_a_run_is_looked_at_as_it_was_trained(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    blueprint = make_blueprint("small-cnn", (12, 16), classes=3)
    model = build_model(blueprint)
    classifier = Classifier(
        KerasEngine(model), blueprint, ("a", "b", "c"), Preprocessing(12, 16, "pad"), Calibration(), {}
    )
    save_classifier(classifier, tmp_path / "run/classifier", made_by="hubel test")
    found = document(capsys, str(tmp_path / "run"))
    assert found["input"] == [12, 16, 3]
    assert found["total"]["parameters"] == model.count_params()
    code, _, err = run(capsys, str(tmp_path / "run"), "--input", "8x8")
    assert (code, "A run has its own value for --input" in err) == (2, True)


def test_a_folder_does_not_hide_the_architecture_of_its_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dense").mkdir()
    assert document(capsys, "dense", "--input", "8x8x1")["input"] == [8, 8, 1]
    code, _, err = run(capsys, "./dense")
    assert (code, "holds no classifier" in err) == (3, True)


def test_a_network_of_ones_own_is_read_from_a_toml_file(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "mine.toml").write_text('dense_units = [8]\n[[groups]]\nfilters = 4\npooling = "max"\n')
    found = document(capsys, str(tmp_path / "mine.toml"), "--input", "16x16x1")
    assert next(layer["kind"] for layer in found["layers"] if layer["parameters"]) == "Conv2D"


def test_the_image_is_written_and_said(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, _ = run(capsys, "lenet5", "-o", str(tmp_path / "net.svg"))
    assert code == 0
    assert "The image is in" in out
    assert (tmp_path / "net.svg").read_text().startswith("<svg")
    code, _, err = run(capsys, "lenet5", "-o", str(tmp_path / "net.png"))
    assert (code, "-o takes a file that ends in .svg" in err) == (2, True)


def test_the_stack_calculator(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    code, out, _ = run(capsys, "--stacks", "--channels", "64", "-o", str(tmp_path / "stacks.svg"))
    assert code == 0
    assert "102,464" in out
    assert "The image is in" in out
    assert "102,464" in (tmp_path / "stacks.svg").read_text()
    stacks = document(capsys, "--stacks", "--kernel", "3")["stacks"]
    assert [stack["sees"] for stack in stacks] == [3, 5, 7, 9, 11]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("small-cn",), 2, "Did you mean 'small-cnn'"),
        (("small-cnn", "--input", "32"), 2, "HEIGHTxWIDTHxCHANNELS, such as 100x100x1. Received: '32'"),
        (("small-cnn", "--input", "0x32"), 2, "each from 1 to"),
        (("small-cnn", "--units", "3"), 2, "Use hubel anatomy dense --units N"),
        (("small-cnn", "--classes", "1"), 2, "classes must be a whole number from 2"),
        (("mobilenet", "--input", "16x16"), 2, "needs images of at least 32 pixels"),
        (("missing.keras",), 3, "There is no file 'missing.keras'"),
        (("folder/missing.h5",), 3, "There is no file 'folder/missing.h5'"),
        (("missing.keras", "--classes", "3"), 2, "has its own value for --classes"),
        (("--stacks", "--channels", "0"), 2, "channels must be a number from 1"),
        (("--stacks", "small-cnn"), 2, "Leave TARGET out, or --stacks"),
        (("--stacks", "--input", "32x32"), 2, "Leave --input out, or --stacks"),
        (("small-cnn", "--kernel", "5"), 2, "--kernel belongs to --stacks"),
        ((), 2, "Say what to look at"),
        ((".",), 3, "holds no classifier"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_type(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
):
    left, _, err = run(capsys, *words)
    assert said in err
    assert left == code
    assert "Traceback" not in err


def test_a_spec_that_pools_too_often_says_which_group_and_how_deep_it_may_be(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    (tmp_path / "deep.toml").write_text("[[groups]]\nfilters = 4\n" * 4)
    code, _, err = run(capsys, str(tmp_path / "deep.toml"), "--input", "8x8x1")
    assert code == 2
    assert "Group 4 would shrink a 1 x 1 map" in err
    assert "at most 3 groups" in err


def test_a_map_that_sees_little_of_the_image_is_warned_of():
    group = Group(4, convolutions=2)
    text = doubts_of(CnnSpec((96, 96), 3, groups=(group, group), head="average"))["sees-little"]
    # 3, 5, pool 6, then steps of 2: 10, 14, and the second pooling 16
    assert text.startswith("Each position of the last feature map sees 16 of 96 pixels")
    assert "sees-little" not in doubts_of(CnnSpec((32, 32), 3, groups=(group, group), head="average"))


def test_a_kernel_over_a_map_of_one_pixel_is_warned_of():
    groups = (Group(4), Group(4), Group(4, pooling="none"))
    text = doubts_of(CnnSpec((4, 4), 3, groups=groups))["map-of-one"]
    assert "8 of its 9 taps only ever see padding" in text
    assert "map-of-one" not in doubts_of(CnnSpec((8, 8), 3, groups=groups))


def test_a_dense_layer_that_holds_nearly_everything_is_warned_of():
    spec = CnnSpec((64, 64), 3, groups=(Group(4),), dense_units=(500,))
    assert "holds 2,048,500 of all 2,050,1" in doubts_of(spec)["one-layer-holds-most"]
    assert "one-layer-holds-most" not in doubts_of(CnnSpec((8, 8), 3, groups=(Group(32), Group(32)), dense_units=(4,)))


def test_pixels_that_no_position_sees_are_warned_of():
    groups = (Group(4, kernel_size=1, window=8),)
    text = doubts_of(CnnSpec((30, 30), 3, groups=groups))["misses-the-edge"]
    assert "sees nothing of 6 of 30 rows" in text
    assert "--input 32x32" in text
    assert "misses-the-edge" not in doubts_of(CnnSpec((32, 32), 3, groups=groups))


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (448, "448"), (1_143_786, "1.14 M"), (999_700, "1.00 M"), (100_010_000, "100 M"), (None, "-")],
)
def test_units_for_people(count: int | None, words: str):
    assert human(count) == words
    if count is not None:
        assert human_bytes(count).replace(" ", "") == f"{words}B".replace(" ", "")


def squeezed(x: Any) -> Any:
    """Every place times numbers that are pooled over all places."""
    layers = keras.layers
    gates = layers.Reshape((1, 1, x.shape[-1]))(layers.GlobalAveragePooling2D()(x))
    return layers.Multiply()([x, layers.Dense(x.shape[-1], activation="sigmoid")(gates)])


@pytest.mark.parametrize(
    ("end", "seen"),
    [
        (keras.layers.GlobalAveragePooling2D(), 3),
        (lambda x: keras.ops.mean(x, (1, 2)), 3),
        (lambda x: keras.ops.mean(squeezed(x), (1, 2)), None),
        (lambda x: keras.layers.Flatten()(keras.layers.Conv2D(5, 32)(x)), None),
        (lambda x: keras.layers.Flatten()(keras.layers.Dense(5)(keras.layers.Reshape((1024, 4))(x))), None),
    ],
)
def test_the_last_map_is_the_one_that_no_map_follows(end: Any, seen: int | None):
    image = keras.Input((32, 32, 3))
    with without_weights():
        maps = keras.layers.Conv2D(4, 3, padding="same")(image)
        found = doubts_of_model(keras.Model(image, keras.layers.Dense(2)(end(maps)))).get("sees-little")
    assert found is None if seen is None else found is not None and f"sees {seen} of 32 pixels" in found


def test_what_is_seen_without_gates_stands_beside_all(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    image = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same", name="first")(image)
    gated = keras.layers.Conv2D(4, 3, padding="same", name="second")(squeezed(maps))
    keras.Model(image, keras.layers.GlobalAveragePooling2D()(gated)).save(tmp_path / "gated.keras")
    rows = {row["name"]: row for row in document(capsys, str(tmp_path / "gated.keras"))["layers"]}
    assert rows["first"]["receptive_field"] == rows["first"]["receptive_field_without_gates"] == [3, 3]
    assert rows["second"]["receptive_field_stride"] == [0, 0]
    assert rows["second"]["receptive_field_without_gates"] == [5, 5]
    assert "all (5)" in run(capsys, str(tmp_path / "gated.keras"), "--all")[1]
