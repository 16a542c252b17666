"""A compiled graph is data of a stranger: each rule is broken once, with every checksum made to fit."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from made import forge, make_classifier
from onnx import TensorProto, helper, numpy_helper
from tests.made.saved import save_with_graph

from hubel.classifier.manifest import GRAPH, MANIFEST, WEIGHTS
from hubel.engines import onnx_engine
from hubel.engines.catalogue import load_classifier
from hubel.engines.held_out import HeldOut
from hubel.errors import DamagedArtefact

Change = Callable[[onnx.ModelProto], object]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled") / "classifier"
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    save_with_graph(make_classifier(), folder, held_out=HeldOut(images, np.arange(9)))
    return folder


@pytest.fixture
def saved(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "classifier"))


@pytest.fixture(autouse=True)
def no_session_of_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The graphs that reached ONNX Runtime."""
    made: list[bytes] = []
    make = onnx_engine.make_session
    monkeypatch.setattr(onnx_engine, "make_session", lambda graph: made.append(graph) or make(graph))
    return made


def write(folder: Path, data: bytes) -> None:
    (folder / GRAPH).write_bytes(data)
    described = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forge(folder, lambda document: document["graph"].update(described))


def node(model: onnx.ModelProto, kind: str) -> onnx.NodeProto:
    return next(each for each in model.graph.node if each.op_type == kind)


def tensor(model: onnx.ModelProto, ending: str) -> onnx.TensorProto:
    return next(each for each in model.graph.initializer if each.name.endswith(ending))


def attribute(of: onnx.NodeProto, name: str) -> onnx.AttributeProto:
    return next(each for each in of.attribute if each.name == name)


def set_ints(of: onnx.NodeProto, name: str, values: list[int]) -> None:
    attribute(of, name).ClearField("ints")
    attribute(of, name).ints.extend(values)


def external(model: onnx.ModelProto) -> None:
    kernel = tensor(model, "convolution/kernel")
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    kernel.external_data.add(key="location", value="/etc/passwd")


def subgraph(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    node(model, "Relu").attribute.append(helper.make_attribute("then_branch", inner))


def function(model: onnx.ModelProto) -> None:
    model.functions.append(helper.make_function("own", "f", ["x"], ["y"], [], []))


def change_weight(model: onnx.ModelProto) -> None:
    kernel = tensor(model, "logits/kernel")
    values = numpy_helper.to_array(kernel).copy()
    values[0, 0] += 1e-3
    kernel.raw_data = values.tobytes()


def bomb(model: onnx.ModelProto) -> None:
    """Maps beside themselves, again and again: each time twice as many."""
    relu, doubled = node(model, "Relu"), []
    value = relu.output[0]
    for number in range(25):
        doubled.append(helper.make_node("Concat", [value, value], [f"twice_{number}"], name=f"twice_{number}", axis=1))
        value = f"twice_{number}"
    place = list(model.graph.node).index(relu) + 1
    nodes = [*model.graph.node[:place], *doubled, *model.graph.node[place:]]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)


def many_outputs(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["batch", 3]))


def of_another_size(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9


def big_constant(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(10_000, np.float32), "constant/more"))


def stray_weight(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(3, np.float32), "weight/more"))


def lacks_a_weight(model: onnx.ModelProto) -> None:
    tensor(model, "logits/bias").name = "constant/bias"
    node(model, "Gemm").input[2] = "constant/bias"


def not_a_number(model: onnx.ModelProto) -> None:
    tensor(model, "scale_pixels/scale").raw_data = np.array([np.nan], np.float32).tobytes()


BROKEN: dict[str, tuple[Change, str]] = {
    "external data": (external, "has a field 1[34], which Hubel does not write"),
    "a subgraph": (subgraph, "has a field 6, which Hubel does not write"),
    "a function": (function, "the file has a field 25, which Hubel does not write"),
    "training": (lambda model: model.training_info.add(), "the file has a field 20"),
    "metadata": (lambda model: model.metadata_props.add(key="a", value="b"), "the file has a field 14"),
    "a sparse tensor": (lambda model: model.graph.sparse_initializer.add(), "has a field 15"),
    "another domain": (lambda model: setattr(node(model, "Relu"), "domain", "com.microsoft"), "has a field 7"),
    "another operator": (lambda model: setattr(node(model, "Relu"), "op_type", "Loop"), r"\(Loop\) is not one that"),
    "another attribute": (
        lambda model: node(model, "Relu").attribute.append(helper.make_attribute("size", 10**9)), r"\(Relu\) is not one"
    ),
    "another operator set": (lambda model: setattr(model.opset_import[0], "version", 9), "not of ONNX's operator set 20"),
    "a second operator set": (lambda model: model.opset_import.add(domain="ai.onnx.ml", version=1), "operator set 20"),
    "another version": (lambda model: setattr(model, "ir_version", 3), "operator set 20 alone"),
    "another weight": (change_weight, "tensor 'weight/logits/kernel' is not the weight of that name"),
    "one more weight": (stray_weight, "tensor 'weight/more' is no weight of this classifier"),
    "one weight less": (lacks_a_weight, "it lacks the weight 'logits/bias'"),
    "a large constant": (big_constant, "tensor 'constant/more' is no weight"),
    "no number": (not_a_number, "scale_pixels/scale' holds values that are not finite"),
    "a tensor of doubles": (lambda model: setattr(tensor(model, "logits/bias"), "data_type", 11), "numbers of type 11"),
    "a short tensor": (lambda model: setattr(tensor(model, "logits/bias"), "raw_data", b"1234"), "has 4 bytes, not 12"),
    "an impossible shape": (lambda model: tensor(model, "logits/bias").dims.__setitem__(0, -3), "impossible shape"),
    "a tensor twice": (
        lambda model: model.graph.initializer.append(tensor(model, "logits/bias")), "two tensors have one name"
    ),
    "another input": (of_another_size, "its input is not image, uint8"),
    "two inputs": (lambda model: model.graph.input.append(model.graph.input[0]), "it has 2 inputs; 1 are allowed"),
    "a nameless output": (lambda model: setattr(model.graph.output[1], "name", "other"), "its output features is not"),
    "an output of another width": (
        lambda model: setattr(model.graph.output[0].type.tensor_type.shape.dim[1], "dim_value", 4), "its output logits"
    ),
    "an output more": (many_outputs, "it has 4 outputs; 3 are allowed"),
    "an output less": (lambda model: model.graph.output.pop(), "it has 2 outputs; the manifest describes 3"),
    "a value from nowhere": (
        lambda model: node(model, "Relu").input.__setitem__(0, "nowhere"), "takes a value that is not there yet"
    ),
    "a value made twice": (
        lambda model: node(model, "Relu").output.__setitem__(0, "image"), "does not make one new value"
    ),
    "shapes that do not fit": (
        lambda model: attribute(node(model, "Conv"), "group").__setattr__("i", 3), r"\(Conv\) does not fit"
    ),
    "huge padding": (lambda model: set_ints(node(model, "Conv"), "pads", [0, 0, 2**40, 0]), r"\(Conv\) does not fit"),
    "no stride": (lambda model: set_ints(node(model, "Conv"), "strides", [0, 1]), r"\(Conv\) does not fit"),
    "a memory bomb": (bomb, r"'twice_\d+' \(Concat\) makes [\d,]+ numbers; [\d,]+ are allowed"),
    "a long name": (lambda model: setattr(node(model, "Relu"), "name", "x" * 301), "or too long"),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_a_graph_that_breaks_a_rule_is_refused_before_it_is_run(
    saved: Path, rule: str, no_session_of_what_is_refused: list[bytes]
):
    change, words = BROKEN[rule]
    model = onnx.load_from_string((saved / GRAPH).read_bytes())
    change(model)
    write(saved, model.SerializeToString())
    with pytest.raises(DamagedArtefact, match=words) as refusal:
        load_classifier(saved, engine="onnx")
    assert str(saved / GRAPH) in str(refusal.value)
    assert no_session_of_what_is_refused == []


def test_what_no_rule_is_broken_in_is_run(saved: Path, no_session_of_what_is_refused: list[bytes]):
    model = onnx.load_from_string((saved / GRAPH).read_bytes())
    write(saved, model.SerializeToString())
    load_classifier(saved, engine="onnx")
    assert len(no_session_of_what_is_refused) == 1


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"not a graph", b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\xff" * 99]
)
def test_what_is_no_graph_is_refused(saved: Path, data: bytes):
    write(saved, data)
    with pytest.raises(DamagedArtefact, match=GRAPH):
        load_classifier(saved)


def test_a_graph_cut_off_anywhere_is_refused(saved: Path, no_session_of_what_is_refused: list[bytes]):
    whole = (saved / GRAPH).read_bytes()
    for length in range(1, len(whole), 97):
        write(saved, whole[:length])
        with pytest.raises(DamagedArtefact):
            load_classifier(saved)
    assert no_session_of_what_is_refused == []


@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_a_bit_changed_anywhere_is_noticed(saved: Path, engine: str):
    whole = (saved / GRAPH).read_bytes()
    for place in range(0, len(whole), 499):
        (saved / GRAPH).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DamagedArtefact, match=f"{GRAPH} has changed since it was written"):
            load_classifier(saved, engine=engine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda graph: graph.update(file="../model.onnx"), f"does not fit {WEIGHTS}"),
        (lambda graph: graph.update(bytes=10**12), f"describes a {GRAPH} that does not fit"),
        (lambda graph: graph.update(bytes="many"), f"describes a {GRAPH} that does not fit"),
        (lambda graph: graph.update(bytes=graph["bytes"] - 1), r"has [\d,]+ bytes, [\d,]+ were written"),
        (lambda graph: graph.update(sha256="0"), "its checksum does not match"),
        (lambda graph: graph.update(more=1), f"does not describe {GRAPH}"),
        (lambda graph: graph.pop("opset"), f"does not describe {GRAPH}"),
        (lambda graph: graph.update(outputs=["logits"]), f"does not describe {GRAPH}"),
        (lambda graph: graph.update(outputs={"logits": 2**62, "features": 16}), "does not describe its outputs"),
        (lambda graph: graph.update(outputs={"features": 16, "logits": 3}), "does not describe its outputs"),
        (lambda graph: graph.update(outputs={"logits": 3, "features": 17, "maps": 8}), "its output features is not"),
        (lambda graph: graph.update(opset=21), "operator set 20 alone"),
    ],
)
def test_a_manifest_that_describes_another_graph_is_refused(
    saved: Path, change: Callable[[dict[str, Any]], object], words: str
):
    forge(saved, lambda document: change(document["graph"]))
    with pytest.raises(DamagedArtefact, match=words):
        load_classifier(saved)


def test_a_graph_that_is_missing_linked_or_not_described_is_refused(saved: Path, tmp_path: Path):
    (saved / GRAPH).rename(tmp_path / GRAPH)
    with pytest.raises(DamagedArtefact, match=f"{GRAPH} cannot be read"):
        load_classifier(saved)
    (saved / GRAPH).symlink_to(tmp_path / GRAPH)
    with pytest.raises(DamagedArtefact, match="is a link"):
        load_classifier(saved)
    (saved / GRAPH).unlink()
    shutil.copy(tmp_path / GRAPH, saved / GRAPH)
    forge(saved, lambda document: (document.pop("graph"), document.update(format=4)))
    with pytest.raises(DamagedArtefact, match=f"holds '{GRAPH}', which is not part of a classifier"):
        load_classifier(saved)
    assert (saved / MANIFEST).is_file()
