"""The program for PyTorch computes what ONNX Runtime computes of the same graph, and can be trained on."""

from __future__ import annotations

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image
from tests.contracts.test_compiled_graphs import OWN, trained_by_chance, varied_images
from tests.unit.exports.conftest import loaded

from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.classifier.classifier import Classifier
from hubel.engines.compiling import compile_model
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.exports.catalogue import FORMATS, Target, program_file
from hubel.exports.description import describe
from hubel.exports.folder import write_export
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model
from hubel.exports.onnx_model import with_outputs
from hubel.exports.torch_model import write_network
from hubel.graphs.onnx_shapes import OPERATIONS
from hubel.images.preprocessing import Preprocessing

PROGRAM = program_file("torch_network.py")
NETWORKS = {
    **{name: make_blueprint(name, (40, 45), classes=5) for name in ("residual", "lenet5", "mobilenet-v3-small")},
    **{name: Blueprint("own", spec) for name, spec in OWN.items()},
}


def test_every_operation_that_hubel_writes_is_known():
    (known,) = (
        node.value
        for node in ast.walk(ast.parse(PROGRAM.read_text()))
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "OPERATIONS"
    )
    assert isinstance(known, ast.Dict)
    assert {ast.literal_eval(key) for key in known.keys if key is not None} == set(OPERATIONS)


@pytest.fixture(scope="module")
def program() -> ModuleType:
    if find_spec("torch") is None:
        pytest.skip("torch is not installed")
    return loaded(PROGRAM)


def written(blueprint: Blueprint, folder: Path) -> onnxruntime.InferenceSession:
    """Both files in the folder; and the graph in ONNX Runtime."""
    graph = with_outputs(
        onnx.load_from_string(compile_model(trained_by_chance(blueprint)).data), ("logits", "features")
    )
    data = graph.SerializeToString(deterministic=True)
    write_network(data, folder / "model.json")
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


@pytest.mark.backend
@pytest.mark.parametrize("name", NETWORKS)
def test_it_computes_what_onnx_runtime_computes(name: str, program: ModuleType, tmp_path: Path):
    session = written(NETWORKS[name], tmp_path)
    pixels = varied_images(24, NETWORKS[name].spec.image_size)
    expected = dict(zip(("logits", "features"), session.run(["logits", "features"], {"image": pixels}), strict=True))
    torch: Any = importlib.import_module("torch")
    with torch.inference_mode():
        found = program.TorchNetwork(tmp_path).outputs(torch.from_numpy(pixels))
    assert np.ptp(expected["logits"], axis=0).max() > 1e-2
    for part, values in expected.items():
        assert found[part].shape == values.shape
        np.testing.assert_allclose(found[part], values, atol=1e-4 * max(1.0, np.abs(values).max()), rtol=1e-4)


@pytest.mark.backend
def test_an_export_to_pytorch_is_written_alike_and_its_program_gives_the_answers_of_the_classifier(
    program: ModuleType, tmp_path: Path
):
    blueprint = NETWORKS["residual"]
    names = ("a", "b", "c", "d", "e")
    classifier = Classifier(KerasEngine(trained_by_chance(blueprint)), blueprint, names, Preprocessing(40, 45))
    save_classifier(classifier, tmp_path / "classifier", made_by="a test")
    model = Model(tmp_path, classifier, describe(classifier), lambda: np.zeros((0, 40, 45, 3), np.uint8))
    paths = [tmp_path / f"{number}.png" for number in range(24)]
    for path, pixels in zip(paths, varied_images(24, (40, 45)), strict=True):
        Image.fromarray(pixels).save(path)
    files = HeldOutFiles(tuple(paths), tuple(each.class_name for each in classifier.predict(paths)))
    made = write_export(model, Target("torch"), files=files, out=tmp_path / "out")
    assert (made.parity.examples, made.parity.agreement, made.parity.accuracy) == (24, 1, 1)
    assert "pip install numpy pillow torch\n" in (tmp_path / "out/README.md").read_text()
    again = tmp_path / "again" / "model.json"
    again.parent.mkdir()
    FORMATS["torch"].write(model, again, weights="float32")
    for name in ("model.json", "model.safetensors"):
        assert (again.parent / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.backend
def test_it_can_be_trained_on(program: ModuleType, tmp_path: Path):
    written(NETWORKS["residual"], tmp_path)
    torch: Any = importlib.import_module("torch")
    torch.manual_seed(1)
    network, images = program.TorchNetwork(tmp_path), torch.from_numpy(varied_images(16, (40, 45)))
    labels, optimiser = torch.arange(16) % 5, torch.optim.Adam(network.parameters(), 1e-3)
    losses = []
    for _ in range(4):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        losses.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses == sorted(losses, reverse=True)
    assert all(each.grad is not None for each in network.parameters())
    assert not any("moving" in name for name, _ in network.named_parameters())
    assert sum("moving" in name for name, _ in network.named_buffers()) > 0
    assert set(network.state_dict()) == {name for name, _ in program.read_tensors(tmp_path / "model.safetensors")}
