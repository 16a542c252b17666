"""Every format of the catalogue: written twice it is the same, and its own program gives the classifier's answers."""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.unit.exports.conftest import CLASSES, run_here

from hubel.architectures.build import KIT
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import UnusableInput
from hubel.exports import gate
from hubel.exports.catalogue import FORMATS, Target, program_file
from hubel.exports.folder import Export, write_export
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model

EVERY = [Target(name, weights) for name, entry in FORMATS.items() if name != "torch" for weights in entry.limits]
"""PyTorch has an environment of its own, where no run is trained for this: see test_torch_program.py."""
OF_TENSORFLOW = ("saved-model", "litert")


@pytest.fixture(scope="module", params=EVERY, ids=lambda target: f"{target.name} {target.weights}")
def target(request: pytest.FixtureRequest) -> Target:
    """What is exported to, where its packages are installed."""
    if request.param.name in OF_TENSORFLOW and os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        pytest.skip("Keras runs on another backend")
    missing = [name for name in request.param.entry.packages if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    return request.param


@pytest.fixture(scope="module")
def made(target: Target, model: Model, files: HeldOutFiles, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """The export, whose program has named the test images in a process of its own."""
    with pytest.MonkeyPatch.context() as patch:
        if target.name == "saved-model":  # that of Keras starts TensorFlow once already, which takes longest of all
            patch.setattr(gate, "run_program", run_here)
            patch.setattr(sys, "dont_write_bytecode", True)
        return write_export(model, target, files=files, out=tmp_path_factory.mktemp("formats") / "export")


def test_fewer_bits_take_less_room(target: Target, made: Export, model: Model):
    weights = sum(each.size for each in read_parts(find_artefact(model.run)).tensors.values())
    size = sum(each.bytes for each in made.files if each.path.startswith((target.entry.model, *target.entry.beside)))
    per_weight = {"float32": 4, "float16": 2, "int8": 1}[target.weights]
    assert size < 1.3 * per_weight * weights + 60_000  # OpenVINO's list of operations


def test_written_twice_it_is_the_same_to_the_byte(target: Target, made: Export, model: Model, tmp_path: Path):
    target.entry.write(model, tmp_path / target.entry.model, weights=target.weights)
    again = content(tmp_path)
    assert {name.partition("/")[0] for name in again} == {target.entry.model, *target.entry.beside}
    whole = content(made.folder)
    assert set(whole) - set(again) == {"README.md", "classifier.json", "classify.py", "network.py", "parity.json"}
    for name, data in again.items():
        assert data == whole[name], name


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_its_program_gives_the_answers_of_the_classifier(
    target: Target, made: Export, model: Model, files: HeldOutFiles
):
    assert made.parity.examples == len(files.paths)
    assert made.to_json()["quantize"] == (None if target.weights == "float32" else target.weights)
    assert made.parity.max_probability_difference <= (0.1 if target.weights == "int8" else target.limit.difference)
    assert made.parity.agreement == 1
    readme = (made.folder / "README.md").read_text()
    assert f"pip install {target.entry.needs}\n" in readme
    assert f"as {target.name} with {target.weights} weights" in readme
    assert (made.folder / "network.py").read_bytes() == program_file(target.entry.network).read_bytes()
    secret = re.compile(re.escape(str(Path.home())) + "|" + re.escape(str(model.run)))
    for each in made.files:
        assert not secret.search((made.folder / each.path).read_bytes().decode("latin-1")), each.path


@pytest.mark.parametrize("target", [Target("litert", "int8")], indirect=True)
def test_a_file_of_litert_says_what_its_numbers_mean(made: Export):
    with zipfile.ZipFile(made.folder / "model.tflite") as inside:  # other readers of such files look there, too
        assert inside.read("labels.txt").decode().splitlines() == list(CLASSES)
        assert json.loads(inside.read("classifier.json")) == json.loads((made.folder / "classifier.json").read_text())


def test_layers_that_keras_alone_does_not_know_are_named(model: Model, tmp_path: Path):
    network = CnnSpec((16, 16), 3, (Group(4, pooling="sum"),)).build(KIT)
    own = replace(model, classifier=replace(model.classifier, engine=KerasEngine(network)))
    with pytest.raises(UnusableInput, match=r"without Hubel: SumPooling2D. Take another format: format='onnx'"):
        FORMATS["keras"].write(own, tmp_path / "model.keras", weights="float32")
    assert list(tmp_path.iterdir()) == []
