"""What is loaded, and when: no framework before somebody asks for an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import environment

MUSEUM = Path(__file__).parents[1] / "museum"
FRAMEWORKS = {"keras", "tensorflow", "jax", "torch"}
AFTERWARDS = """
import json, sys
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(code: str, *words: str) -> list[str]:
    """Modules that a fresh process has after some lines of Python."""
    done = subprocess.run(
        [sys.executable, "-c", code + AFTERWARDS, *words],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def frameworks_in(modules: list[str]) -> set[str]:
    return FRAMEWORKS & {name.partition(".")[0] for name in modules}


def ours_in(modules: list[str], *, besides: str = "") -> list[str]:
    return [name for name in modules if name.partition(".")[0] == "hubel" and name != besides]


def test_an_artefact_of_any_format_is_read_and_verified_without_a_framework():
    code = """
import sys
from pathlib import Path
from hubel.classifier.artefact import find_artefact, read_parts
for folder in sys.argv[1:]:
    parts = read_parts(find_artefact(Path(folder)))
    assert parts.tensors and parts.manifest.document["class_names"]
"""
    loaded = loaded_by(code, *map(str, sorted(MUSEUM.iterdir())))
    assert "hubel.classifier.artefact" in loaded
    assert frameworks_in(loaded) == set()


def test_a_classifier_answers_with_any_engine_that_computes_and_without_a_framework():
    code = """
import sys
from pathlib import Path
import numpy as np
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.engine import Outputs
from hubel.classifier.self_test import make_self_test, run_self_test

class Means:  # an engine with nothing but `compute`
    def __init__(self, blueprint, tensors, path):
        self.classes = blueprint.spec.classes
        self.features = len(tensors["logits/kernel"])
        self.maps = MAPS
    def compute(self, pixels, *, wanted="logits"):
        mean = pixels.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]
        return Outputs(mean * np.linspace(-1, 1, self.classes, dtype=np.float32), mean.repeat(self.features, 1),
                       mean.repeat(self.maps, 1))

parts = read_parts(find_artefact(Path(sys.argv[1])))
MAPS = len(parts.tensors["off_corpus.maps.mean"])
from hubel.classifier.assembly import assemble
classifier, _ = assemble(parts.manifest.document, parts.tensors, folder=parts.folder, make_engine=Means)
images = [np.full((9, 9, 3), value, np.uint8) for value in (0, 200)]
dark, light = classifier.predict(images, coverage=0.9)
assert light.class_name == classifier.class_names[-1] and light.off_corpus_score is not None
assert classifier.embed(images).shape == (2, len(parts.tensors["logits/kernel"]))
assert run_self_test(classifier, make_self_test(classifier)).holds
"""
    assert frameworks_in(loaded_by(code, str(MUSEUM / "format-3"))) == set()


def test_fitting_a_calibration_loads_no_framework():
    loaded = loaded_by("import hubel.calibration.off_corpus, hubel.calibration.sets, hubel.calibration.temperature")
    assert frameworks_in(loaded) == set()


def test_a_framework_is_loaded_when_an_engine_is_asked_for():
    assert "keras" in loaded_by("from hubel.engines.catalogue import find_runtime; find_runtime()")


MOST_BEFORE_AN_ENGINE = 35
"""Modules of Hubel, of which 10 are empty folders, and two are of the engines: what a user may ask for, and the compiled
graph of an artefact. Version 0.6.0 loaded 171, and Keras."""
MOST_BEFORE_THE_LOOP = {"digits": 108, "folders": 110}
"""Of which 18 are empty folders."""
NOT_FOR_PREDICTION = (
    "hubel.training", "hubel.backends", "hubel.pipeline", "hubel.evaluation", "hubel.calibration", "hubel.explanation",
    "hubel.reports", "hubel.advice", "hubel.corpus", "hubel.images", "hubel.workflows.training",
)  # fmt: skip


def test_predict_loads_what_it_needs_and_no_framework_before_it_asks_for_an_engine(tmp_path: Path):
    Image.new("RGB", (9, 9)).save(tmp_path / "x.png")
    code = """
import json, sys
from types import SimpleNamespace
from hubel.cli.main import main

def stop():
    print(json.dumps(sorted(sys.modules)))
    raise SystemExit

sys.modules["hubel.engines.keras_artefact"] = SimpleNamespace(runtime=stop)  # as `hubel.engines.catalogue` names it
main(["predict", *sys.argv[1:]])
raise AssertionError("no engine was asked for")
"""
    loaded = loaded_by(code, str(MUSEUM / "format-3"), str(tmp_path / "x.png"))
    assert "hubel.classifier.artefact" in loaded
    assert frameworks_in(loaded) == set()
    ours = ours_in(loaded, besides="hubel.engines.keras_artefact")
    assert [name for name in ours if name.startswith(NOT_FOR_PREDICTION)] == []
    assert len(ours) <= MOST_BEFORE_AN_ENGINE


AT_THE_LOOP = """
import importlib.util, json, os, sys
from hubel.cli.main import main

def stop(*_, **__):
    print(json.dumps(sorted(sys.modules)), flush=True)
    os._exit(0)

class Hook:  # puts `stop` in the place of the loop when its module is loaded, and not before
    def find_spec(self, name, path, target=None):
        if name != "hubel.training.fit":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        def exec_module(module):
            load(module)
            module.fit_model = stop
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Hook())
main(["train", *sys.argv[1:]])
"""
NOT_FOR_TRAINING = (
    "hubel.advice", "hubel.reports", "hubel.drawing", "hubel.explanation", "hubel.calibration", "hubel.classifier.artefact",
    "hubel.architectures.foreign", "hubel.architectures.families.residual", "hubel.architectures.hdf5_files",
    "hubel.evaluation", "hubel.images.tiff", "hubel.images.deep", "hubel.workflows.training.learning_curve", "hubel.workflows.training.write_run",
    "hubel.workflows.training.warm_start", "hubel.workflows.comparing", "hubel.corpus.trees.tar_archive",
    "hubel.corpus.formats.coco", "hubel.corpus.formats.manifest", "hubel.corpus.formats.webdataset",
)  # fmt: skip
"""What a training from scratch on plain images does without until its last epoch."""


@pytest.mark.backend
@pytest.mark.parametrize("kind", MOST_BEFORE_THE_LOOP)
def test_train_loads_what_it_needs_before_its_loop_begins(kind: str, tmp_path: Path):
    corpus = "digits"
    if kind == "folders":
        corpus = str(tmp_path / "corpus")
        for place in range(24):
            folder = tmp_path / "corpus" / "ab"[place % 2]
            folder.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(place).integers(0, 256, (24, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{place}.png")
    words = (corpus, "-o", str(tmp_path / "run"), "--epochs", "1", "--architecture", "small-cnn")
    ours = ours_in(loaded_by(AT_THE_LOOP, *words))
    assert "hubel.training.fit" in ours
    assert [name for name in ours if name.startswith(NOT_FOR_TRAINING)] == []
    formats = {name.rpartition(".")[2] for name in ours if name.startswith("hubel.corpus.formats.")} - {"catalogue"}
    assert formats == FORMATS_NEEDED[kind]
    assert len(ours) <= MOST_BEFORE_THE_LOOP[kind]


def test_the_framework_is_loaded_while_the_images_are_decoded(tmp_path: Path):
    code = """
import json, os, sys, threading
from hubel.pipeline import prepare
from hubel.cli.main import main

def decode(*_, **__):
    names = [each.name for each in threading.enumerate()]
    print(json.dumps(names), flush=True)
    os._exit(0)

prepare.decode_and_measure = decode
main(["train", "digits", "-o", sys.argv[1]])
"""
    assert "loads hubel.workflows.training.fitting" in loaded_by(code, str(tmp_path / "run"))


FORMATS_NEEDED = {
    "digits": {"arrays_in_memory"},
    "folders": {"class_folders", "layout", "split_folders"},
}
