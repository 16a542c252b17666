"""A run without a compiled graph is given one: it answers as before, and by the engine that needs no framework."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.commands import typed

import hubel
from hubel.classifier.artefact import read_parts
from hubel.classifier.manifest import GRAPH, MANIFEST, OFF_CORPUS, WEIGHTS
from hubel.classifier.saving import write_artefact
from hubel.engines import compiling
from hubel.engines.catalogue import load_classifier
from hubel.errors import ClaimFailed, WrongRequest


@pytest.fixture
def old(run: hubel.Run, tmp_path: Path) -> Path:
    """The run as a version without compiled graphs would have left it."""
    folder = shutil.copytree(run.path, tmp_path / "old")
    classifier = load_classifier(folder, engine="keras")
    stored = read_parts(folder / "classifier").tensors
    tensors = {name: values for name, values in stored.items() if not name.startswith(OFF_CORPUS)}
    write_artefact(classifier, tensors, folder=folder / "classifier", made_by="hubel 0.5.0")
    assert sorted(each.name for each in (folder / "classifier").iterdir()) == [MANIFEST, WEIGHTS]
    return folder


def test_a_run_is_given_its_graph_and_all_else_stays(old: Path, run: hubel.Run):
    weights = (old / "classifier" / WEIGHTS).read_bytes()
    images = sorted((run.path.parent / "photos").rglob("*.png"))[::7]
    before = hubel.load(old).predict(images)
    done = typed("export", old, "--into-run", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["format"], made["folder"]) == ("onnx", str(old / "classifier"))
    assert [each["path"] for each in made["files"]] == [MANIFEST, GRAPH, WEIGHTS]
    assert made["parity"]["passed"]
    assert (old / "classifier" / WEIGHTS).read_bytes() == weights
    manifest = json.loads((old / "classifier" / MANIFEST).read_text())
    assert (manifest["format"], manifest["made_by"]) == (5, "hubel 0.5.0")
    after = hubel.load(old, engine="onnx").predict(images)
    for one, other in zip(before, after, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
    assert hubel.verify(old).holds


def test_a_graph_that_answers_otherwise_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch):
    def refuses(*_: object, **__: object) -> None:
        raise ClaimFailed("An image is given another class.")

    monkeypatch.setattr(compiling, "check_probabilities", refuses)
    before = {each.name: each.read_bytes() for each in (old / "classifier").iterdir()}
    with pytest.raises(ClaimFailed, match="An image is given another class"):
        hubel.export(old, into_run=True)
    assert {each.name: each.read_bytes() for each in (old / "classifier").iterdir()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"out": "exports"},
            "The compiled graph goes into the run itself. Leave one of these out: into_run=True, out=",
        ),
        ({"quantize": "float16"}, "Leave this out: quantize='float16'"),
        ({"format": "keras"}, "A run keeps its compiled graph as onnx, in no other format. Received: format='keras'"),
    ],
)
def test_what_has_no_place_in_a_run_is_refused(run: hubel.Run, words: dict[str, str], said: str):
    with pytest.raises(WrongRequest) as caught:
        hubel.export(run, into_run=True, **words)
    assert said in str(caught.value)
