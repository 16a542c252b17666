"""What ``docs/how-to/extend.md`` shows is all that it takes: its examples are added to a copy of Hubel and used there."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image
from tests.conftest import environment

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "extend.md"
BLOCK = re.compile(r"<!-- (file|line): (\S+?)(?:, before (.+?))? -->\n\n```python\n(.*?)```\n", re.S)
CATALOGUES = [
    "src/hubel/explanation/catalogue.py",
    "src/hubel/architectures/catalogue.py",
    "src/hubel/corpus/audit/catalogue.py",
    "src/hubel/cli/main.py",
    "src/hubel/corpus/formats/catalogue.py",
]
USE = """
import contextlib, io, json, sys
import numpy as np
import hubel
from hubel.cli.main import main

def typed(*words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main(list(words))
        except SystemExit as left:
            return [left.code, out.getvalue(), err.getvalue()]

photos, beside, out = sys.argv[1:]
said = {"module": hubel.__file__}
said["help"] = typed("--help")
said["classes"] = typed("classes", photos)
said["without a corpus"] = typed("classes")
said["mistyped"] = typed("clases", photos)
said["audit"] = typed("audit", photos, "--json")
said["audit on screen"] = typed("audit", photos)
corpus = hubel.read_corpus(beside)
said["read"] = [corpus.format, corpus.class_counts, sorted(row.path for row in corpus.left_out if row.status == "refused")]
said["refused option"] = typed("audit", beside, "--label-column", "kind")
said["frameworks"] = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import blueprint_from_json, make_blueprint
from hubel.architectures.layer_table import count_macs
from hubel.explanation.catalogue import find_explanation
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Question

blueprint = make_blueprint("patches", (8, 8), classes=10)
said["same from JSON"] = blueprint_from_json(json.loads(json.dumps(blueprint.to_json()))) == blueprint
model = build_model(blueprint)
said["parameters"] = [blueprint.spec.count_parameters(), model.count_params()]
said["macs"] = [blueprint.spec.count_work()[0], count_macs(model)]
run = hubel.train("digits", out=out, architecture="patches", epochs=1, seed=1)
again = hubel.load(run.path)
said["blueprint"] = again.blueprint.to_json()
said["layers"] = [row.name for row in hubel.anatomy("patches", input=(8, 8)).rows]
said["verified"] = hubel.verify(run.path).holds
said["sums"] = [sum(again.predict(f"digits:{digit}").probabilities.values()) for digit in range(3)]

image = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
named = int(again.compute_logits(image[None])[0].argmax())
heat = find_explanation("bars").compute(subject_of(again), image, question=Question(named))
without_row, without_column = image.copy(), image.copy()
without_row[2] = without_column[:, 5] = image.reshape(-1, 3).mean(axis=0).round()
logits = again.compute_logits(np.stack([image, without_row, without_column]))[:, named]
said["heat"] = [heat.shape, float(heat.max()), float(heat[2, 5]), [float(logits[0] - each) for each in logits[1:]]]
print(json.dumps(said))
"""


class Addition(NamedTuple):
    """A file of the page, and its entry: where, before what, the import if any, and the text."""

    file: str
    text: str
    catalogue: str
    before: str
    imported: str
    entry: str


def additions() -> list[Addition]:
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert [kind for kind, *_ in found] == ["file", "line"] * 5
    made = []
    for (_, file, _, text), (_, catalogue, before, lines) in zip(found[::2], found[1::2], strict=True):
        imported, _, entry = lines.rpartition("\n\n")
        made.append(Addition(file, text, catalogue, before, imported, entry))
    return made


def add(root: Path, addition: Addition) -> None:
    assert not (root / addition.file).exists()
    (root / addition.file).write_text(addition.text, encoding="utf-8")
    catalogue = root / addition.catalogue
    text = catalogue.read_text(encoding="utf-8")
    place = re.compile(rf"^ +{re.escape(addition.before)}", re.M)
    assert len(place.findall(text)) == 1
    text = place.sub(lambda found: addition.entry + found[0], text)
    if addition.imported:
        text = re.sub(r"^from hubel\.", lambda found: f"{addition.imported}\n{found[0]}", text, count=1, flags=re.M)
    catalogue.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the five examples in it."""
    root = tmp_path_factory.mktemp("extended")
    left_out = shutil.ignore_patterns("__pycache__")
    for name in ("src/hubel", "tests/rules"):
        shutil.copytree(ROOT / name, root / name, ignore=left_out)
    (root / "tests/contracts").mkdir()
    for name in ("pyproject.toml", "tests/conftest.py", "tests/browser.py", "tests/contracts/test_explanations.py"):
        shutil.copy(ROOT / name, root / name)
    for each in additions():
        add(root, each)
    return root


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy."""
    given = environment() | {"PYTHONPATH": str(root / "src"), "HUBEL_CACHE": str(root / "cache"), "COLUMNS": "120"}
    return subprocess.run([sys.executable, *words], cwd=root, env=given, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def used(extended: Path) -> dict[str, Any]:
    """What came of using all five, in one process."""
    photos, beside = extended / "photos", extended / "beside"
    beside.mkdir()
    for name, colours in {"cat": (10, 90, 170), "dog": (30, 110, 190)}.items():
        (photos / name).mkdir(parents=True)
        for colour in colours:
            image = (
                Image.radial_gradient("L")
                .rotate(colour)
                .resize((32, 24))
                .point(lambda value, c=colour: (value + c) % 256)
            )
            image.save(photos / name / f"{colour}.png")
            image.save(beside / f"{colour}.png")
            (beside / f"{colour}.txt").write_text(f"{name}\n" if colour != 190 else "")
    frames = [Image.new("L", (32, 24), shade) for shade in (0, 120, 250)]
    frames[1].save(photos / "cat" / "moving.gif", save_all=True, append_images=frames[:1] + frames[2:])
    done = run(extended, "-c", USE, str(photos), str(beside), str(extended / "run"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_each_kind_is_one_file_and_one_entry_of_its_catalogue():
    every = additions()
    assert [each.catalogue for each in every] == CATALOGUES
    for each in every:
        assert Path(each.file).is_relative_to(Path(each.catalogue).parent)
        entry = textwrap.dedent(each.entry)
        opening, closing = ("{", "}") if entry.startswith('"') else ("(", ")")
        entries = ast.parse(f"{opening}{entry}{closing}", mode="eval").body
        assert isinstance(entries, ast.Dict | ast.Tuple)
        assert len(entries.values if isinstance(entries, ast.Dict) else entries.elts) == 1
        assert len(ast.parse(each.imported).body) <= 1


def test_the_examples_keep_to_the_rules_of_the_project(extended: Path):
    catalogues = [str(extended / name) for name in CATALOGUES]
    files = [str(extended / each.file) for each in additions()]
    sorting = run(extended, "-m", "ruff", "check", "--no-cache", "--select", "I", "--fix", *catalogues)
    assert sorting.returncode == 0, sorting.stdout
    for words in (("check", "--no-cache"), ("format", "--no-cache", "--check")):
        said = run(extended, "-m", "ruff", *words, *catalogues, *files)
        assert said.returncode == 0, said.stdout
    layers = run(extended, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache")
    assert layers.returncode == 0, layers.stdout
    tested = run(
        extended, "-m", "pytest", "-v", "-p", "no:cacheprovider", "tests/rules/test_functions.py",
        "tests/contracts/test_explanations.py", "--basetemp", str(extended / "temporary"),
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout
    assert "[bars]" in tested.stdout


@pytest.mark.backend
def test_an_explanation_is_found_by_name_and_computed(used: dict[str, Any]):
    shape, most, heat, (row, column) = used["heat"]
    assert (shape, most) == ([8, 8], 1)
    assert heat >= 0
    assert (heat > 0) == (row > 0 and column > 0)


@pytest.mark.backend
def test_a_family_is_counted_built_trained_saved_and_loaded(used: dict[str, Any], extended: Path):
    assert used["module"].startswith(str(extended))
    assert used["blueprint"]["family"] == used["blueprint"]["name"] == "patches"
    assert used["blueprint"]["spec"] == {"image_size": [8, 8], "classes": 10, "channels": 3, "patch": 4, "width": 16}
    assert used["same from JSON"] is True
    assert used["parameters"] == [(4 * 4 * 3 + 1) * 16 + (16 + 1) * 10] * 2
    assert used["macs"] == [2 * 2 * 4 * 4 * 3 * 16 + 16 * 10] * 2
    assert used["layers"] == ["scale_pixels", "patches", "pool", "logits"]
    assert used["verified"] is True
    assert used["sums"] == pytest.approx([1, 1, 1], abs=1e-5)


@pytest.mark.backend
def test_a_check_finds_something_and_says_it(used: dict[str, Any]):
    code, out, _ = used["audit"]
    assert code == 0
    found = [each for each in json.loads(out)["findings"] if each["check"] == "several-frames"]
    assert [(each["paths"], each["measurement"]) for each in found] == [(["cat/moving.gif"], 3)]
    assert "Animations and documents" in used["audit on screen"][1]
    assert "Save the one that shows the class" in used["audit on screen"][1]


@pytest.mark.backend
def test_a_command_is_listed_runs_and_is_said_in_messages(used: dict[str, Any]):
    assert re.search(r"^  classes +Count the images of each class\.$", used["help"][1], re.M)
    assert used["classes"] == [0, "        4  cat\n        3  dog\n", ""]
    assert used["without a corpus"][0] == used["mistyped"][0] == 2
    assert "Such as: hubel classes photos/" in used["without a corpus"][2]
    assert "Did you mean 'classes'?" in used["mistyped"][2]


@pytest.mark.backend
def test_a_format_is_read_and_accounts_for_its_files(used: dict[str, Any]):
    assert used["read"] == ["text-beside", {"cat": 3, "dog": 2}, ["190.png"]]
    code, _, said = used["refused option"]
    assert code == 2
    assert "is read as images, each with its class in a .txt beside it" in said
    assert used["frameworks"] == []
