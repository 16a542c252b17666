"""Every format of the catalogue: written twice it is the same, and its own program gives the classifier's answers."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from hubel.architectures.build import KIT
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import UnusableInput
from hubel.exports.catalogue import FORMATS, Target, program_file
from hubel.exports.folder import write_export
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model

EVERY = [Target(name, weights) for name, entry in FORMATS.items() for weights in entry.limits]


@pytest.fixture(params=EVERY, ids=lambda target: f"{target.name} {target.weights}")
def target(request: pytest.FixtureRequest) -> Target:
    """What is exported to, where its packages are installed."""
    if request.param.name == "saved-model" and os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        pytest.skip("Keras runs on another backend")
    missing = [name for name in request.param.entry.packages if find_spec(name) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    return request.param


def test_written_twice_it_is_the_same_to_the_byte(target: Target, model: Model, tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        target.entry.write(model, tmp_path / name / target.entry.model, weights=target.weights)
    one, two = (content(tmp_path / name) for name in ("one", "two"))
    assert {name.partition("/")[0] for name in one} == {target.entry.model, *target.entry.beside}
    assert one.keys() == two.keys()
    for name, data in one.items():
        assert data == two[name], name


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_its_program_gives_the_answers_of_the_classifier(target: Target, model: Model, files: HeldOutFiles, out: Path):
    made = write_export(model, target, files=files, out=out)
    assert made.parity.examples == len(files.paths)
    assert made.parity.max_probability_difference <= target.limit
    readme = (out / "README.md").read_text()
    assert f"pip install {target.entry.needs}\n" in readme
    assert f"as {target.name} with {target.weights} weights" in readme
    assert (out / "network.py").read_bytes() == program_file(target.entry.network).read_bytes()
    secret = re.compile(re.escape(str(Path.home())) + "|" + re.escape(str(model.run)))
    for each in made.files:
        assert not secret.search((out / each.path).read_bytes().decode("latin-1")), each.path


def test_layers_that_keras_alone_does_not_know_are_named(model: Model, tmp_path: Path):
    network = CnnSpec((16, 16), 3, (Group(4, pooling="sum"),)).build(KIT)
    own = replace(model, classifier=replace(model.classifier, engine=KerasEngine(network)))
    with pytest.raises(UnusableInput, match=r"without Hubel: SumPooling2D. Take another format: format='onnx'"):
        FORMATS["keras"].write(own, tmp_path / "model.keras", weights="float32")
    assert list(tmp_path.iterdir()) == []
