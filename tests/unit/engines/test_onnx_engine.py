"""The compiled engine: what it gives, when it is chosen, and that a graph that does not agree is left out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.made.saved import save_with_graph

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.backends.framework import keras
from hubel.classifier.artefact import read_parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.manifest import GRAPH, read_manifest
from hubel.classifier.mirrored import MirroredEngine
from hubel.engines import catalogue, compiling
from hubel.engines.catalogue import choose_engine, find_runtime, load_classifier
from hubel.engines.held_out import FEWEST_PROVEN, MOST_PROVEN, HeldOut
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.engines.onnx_engine import OnnxEngine
from hubel.errors import BackendNotAvailable, DamagedArtefact, UnknownName, UnusableInput, WrongRequest
from hubel.events import Message
from hubel.images.preprocessing import Preprocessing
from hubel.workflows.verify import verify_artefact

pytestmark = pytest.mark.backend
IMAGES = np.random.default_rng(0).integers(0, 256, (150, 12, 10, 3), dtype=np.uint8)
HELD_OUT = HeldOut(IMAGES, np.arange(len(IMAGES)))


def made_classifier(*, mirrored: bool = False) -> Classifier:
    keras.utils.set_random_seed(0)
    blueprint = Blueprint("tiny", CnnSpec((12, 10), 3, (Group(4, kernel_size=2),)))
    engine = KerasEngine(build_model(blueprint))
    return Classifier(MirroredEngine(engine) if mirrored else engine, blueprint, ("a", "b", "c"), Preprocessing(12, 10))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "classifier"
    save_with_graph(made_classifier(), folder, held_out=HELD_OUT)
    return folder


@pytest.mark.parametrize(("side", "together"), [(12, 64), (100, 43), (224, 8), (1024, 1)])
def test_large_images_are_computed_a_few_at_a_time(side: int, together: int):
    sizes = []

    class Session:
        def run(self, names: list[str], given: dict[str, np.ndarray]) -> list[np.ndarray]:
            sizes.append(len(given["image"]))
            return [np.zeros((len(given["image"]), 2), np.float32)] * len(names)

    engine = OnnxEngine(Session(), {"logits": 2}, make_keras_engine=made_classifier)  # type: ignore[arg-type]
    assert engine.compute(np.zeros((2 * together + 1, side, side, 3), np.uint8)).logits.shape == (2 * together + 1, 2)
    assert sizes == [together, together, 1]


def test_every_output_is_that_of_keras_in_any_number_of_images(compiled: Path):
    onnx, reference = (load_classifier(compiled, engine=name).engine for name in ("onnx", "keras"))
    assert isinstance(onnx, OnnxEngine)
    for count in (0, 1, 64, 65, 150):
        for wanted in ("logits", "features", "maps"):
            found, expected = (each.compute(IMAGES[:count], wanted=wanted) for each in (onnx, reference))
            for name in ("logits", "features", "maps")[: ("logits", "features", "maps").index(wanted) + 1]:
                one, other = getattr(found, name), getattr(expected, name)
                assert one.shape == other.shape
                assert one.dtype == np.float32
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    assert onnx.compute(IMAGES[:5]).features.shape == (0, 0)  # nobody asked for them


def test_a_network_without_maps_gives_none(tmp_path: Path):
    blueprint = make_blueprint("dense", (12, 10), classes=3)
    classifier = replace(made_classifier(), engine=KerasEngine(build_model(blueprint)), blueprint=blueprint)
    save_with_graph(classifier, tmp_path / "c", held_out=HELD_OUT)
    engine = load_classifier(tmp_path / "c", engine="onnx").engine
    assert engine.compute(IMAGES[:7], wanted="maps").maps.shape == (7, 0)


def test_pixels_that_are_no_bytes_are_refused(compiled: Path):
    engine = load_classifier(compiled, engine="onnx").engine
    with pytest.raises(WrongRequest, match="pixels as uint8. Received: float32"):
        engine.compute(IMAGES.astype(np.float32))


def test_the_model_is_built_when_somebody_asks_for_it(compiled: Path):
    classifier = load_classifier(compiled, engine="onnx")
    expected = classifier.compute_logits(IMAGES[:3])
    model = classifier.model
    assert isinstance(model, keras.Model)
    assert classifier.model is model
    logits = np.asarray(keras.ops.convert_to_numpy(model(IMAGES[:3].astype(np.float32))))
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_mirrored_answers_go_on_above_the_engine(tmp_path: Path):
    save_with_graph(made_classifier(mirrored=True), tmp_path / "c", held_out=HELD_OUT)
    engine = load_classifier(tmp_path / "c").engine
    assert isinstance(engine, MirroredEngine)
    assert isinstance(engine.plain, OnnxEngine)
    expected = made_classifier(mirrored=True).compute_logits(IMAGES[:9])
    np.testing.assert_allclose(engine.compute(IMAGES[:9]).logits, expected, rtol=1e-4, atol=1e-4)


def test_the_graph_is_read_once_and_saved_again_the_same(compiled: Path, tmp_path: Path):
    parts = read_parts(compiled)
    assert parts.graph is not None
    engine = find_runtime("onnx", parts.graph).make_engine(
        load_classifier(compiled).blueprint, parts.tensors, tmp_path / "nowhere"
    )
    assert engine.compute(IMAGES[:2]).logits.shape == (2, 3)  # no file is there
    save_with_graph(load_classifier(compiled), tmp_path / "again", held_out=HELD_OUT)
    for name in ("manifest.json", "weights.safetensors", GRAPH):
        assert (tmp_path / "again" / name).read_bytes() == (compiled / name).read_bytes()


def test_auto_takes_the_graph_where_there_is_one_and_something_to_run_it(
    compiled: Path, monkeypatch: pytest.MonkeyPatch
):
    graph = read_parts(compiled).graph
    assert choose_engine(graph) == "onnx"
    assert choose_engine(None) == "keras"
    assert isinstance(load_classifier(compiled).engine, OnnxEngine)
    assert isinstance(load_classifier(compiled, engine="keras").engine, KerasEngine)
    monkeypatch.setattr(catalogue, "is_installed", lambda name: False)
    assert choose_engine(graph) == "keras"
    with pytest.raises(BackendNotAvailable, match="'onnx' needs onnxruntime, which is not installed.*engine='keras'"):
        load_classifier(compiled, engine="onnx")


def test_an_engine_that_is_not_there_is_named(compiled: Path, tmp_path: Path):
    with pytest.raises(UnknownName, match="no engine named 'onyx'. Did you mean 'onnx'"):
        load_classifier(compiled, engine="onyx")
    save_classifier(made_classifier(), tmp_path / "plain", made_by="hubel test")
    assert not (tmp_path / "plain" / GRAPH).exists()
    assert read_manifest(tmp_path / "plain").document["format"] == 3
    with pytest.raises(UnusableInput, match="this classifier has none.*Use the other engine: engine='keras'"):
        load_classifier(tmp_path / "plain", engine="onnx")


def saved_with_events(folder: Path) -> list[str]:
    heard: list[str] = []

    def hear(event: object) -> None:
        assert isinstance(event, Message)
        heard.append(str(event.text))

    save_with_graph(made_classifier(), folder, held_out=HELD_OUT, on_event=hear)
    return heard


def test_a_graph_that_does_not_answer_alike_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    right = OnnxEngine.compute

    def wrong(engine: OnnxEngine, pixels: np.ndarray, *, wanted: str = "logits") -> object:
        made = right(engine, pixels, wanted=wanted)  # type: ignore[arg-type]
        return replace(made, logits=made.logits + np.array([0, 0, 0.01], np.float32))

    monkeypatch.setattr(OnnxEngine, "compute", wrong)
    (heard,) = saved_with_events(tmp_path / "c")
    assert "saved without a compiled graph" in heard
    assert "A probability differs by" in heard
    assert not (tmp_path / "c" / GRAPH).exists()
    assert isinstance(load_classifier(tmp_path / "c").engine, KerasEngine)


def test_what_cannot_be_compiled_is_saved_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(model: object) -> CompiledGraph:
        raise UnusableInput("The layer odd (Odd) cannot be compiled: no operation is known for this kind.")

    monkeypatch.setattr(compiling, "compile_model", refuse)
    (heard,) = saved_with_events(tmp_path / "c")
    assert "The layer odd (Odd) cannot be compiled" in heard
    assert load_classifier(tmp_path / "c").class_names == ("a", "b", "c")


def test_without_the_packages_a_classifier_is_saved_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "hubel.engines.compiling")
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "hubel.graphs.onnx_file")
    (heard,) = saved_with_events(tmp_path / "c")
    assert "This needs onnx, which is not installed" in heard
    assert not (tmp_path / "c" / GRAPH).exists()


def test_images_are_compared_in_number_by_what_the_network_costs():
    pixels = np.arange(1000, dtype=np.uint8).repeat(3).reshape(1000, 1, 1, 3)
    held_out = HeldOut(pixels, np.arange(0, 1000, 2))
    small = held_out.sample(make_blueprint("small-cnn", (16, 16), classes=3).spec)
    large = held_out.sample(make_blueprint("resnet50-v2", (224, 224), classes=3).spec)
    assert (len(small), len(large)) == (MOST_PROVEN, FEWEST_PROVEN)
    assert set(np.unique(large)) <= set(np.unique(pixels[::2]))
    assert len(HeldOut(pixels, np.arange(3)).sample(make_blueprint("dense", (16, 16), classes=3).spec)) == 3


def test_verify_runs_the_self_test_through_both_engines(compiled: Path, monkeypatch: pytest.MonkeyPatch):
    found = verify_artefact(compiled)
    assert [(each.name, each.result) for each in found.checks] == [
        ("files", "holds"), ("structure", "holds"), ("self-test", "holds"), ("graph", "holds"),
    ]  # fmt: skip
    right = OnnxEngine.compute
    monkeypatch.setattr(
        OnnxEngine,
        "compute",
        lambda *args, **words: replace(made := right(*args, **words), logits=made.logits[:, ::-1]),
    )
    found = verify_artefact(compiled)
    assert [each.result for each in found.checks] == ["holds", "holds", "holds", "fails"]
    assert not found.holds
    assert not found.damaged  # the files are as they were written


def test_verify_names_a_graph_that_breaks_a_rule(compiled: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(blueprint: object, tensors: object, path: Path, *, graph: object) -> OnnxEngine:
        raise DamagedArtefact("model.onnx: a rule")

    monkeypatch.setattr("hubel.engines.onnx_engine.make_engine", refuse)
    found = verify_artefact(compiled)
    assert [each.result for each in found.checks] == ["holds", "holds", "holds", "fails"]
    assert found.damaged
    assert str(found.checks[-1].text) == "model.onnx: a rule"
