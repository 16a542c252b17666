"""The project's own rules, as facts about its files."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import LONGEST

import hubel

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
BESIDE = [
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "docs").rglob("*.py")),
    ROOT / "dev.py",
]
MOST_LINES = 400


@pytest.mark.parametrize("path", [*SOURCES, *BESIDE], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_is_longer_than_it_may_be(path: Path):
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_is_longer_than_it_may_be(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= 50, f"{node.name} has {length} lines"


def test_layers_are_kept():
    done = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--config", "pyproject.toml", "--no-cache"],
                          cwd=ROOT, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_public_name_exists_and_no_other_is_offered():
    assert sorted(hubel.__all__) == sorted({*hubel._HOMES, "__version__"})
    for name, home in hubel._HOMES.items():
        assert getattr(hubel, name) is getattr(importlib.import_module(home), name)


def test_frameworks_are_named_in_one_place_only():
    pattern = re.compile(r"^\s*(?:import|from) (?:tensorflow|jax|torch|keras)\b", re.M)
    naming = {path.relative_to(ROOT / "src/hubel").parts[0] for path in SOURCES if pattern.search(path.read_text())}
    assert naming <= {"backends"}


def test_the_changelog_has_this_version():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest is not None
    assert newest[1] == hubel.__version__


def test_the_readme_documents_every_command_and_no_other():
    from hubel.cli.main import COMMANDS

    used = set(re.findall(r"^(?:\$ )?hubel ([a-z]+)", (ROOT / "README.md").read_text(), re.M))
    assert used == set(COMMANDS)


def test_the_python_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert block is not None
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(block[1], names)
    assert names["prediction"].class_name == "8"  # type: ignore[attr-defined]


def test_pages_made_from_the_code_are_in_step_with_it():
    from docs.generate import PAGES

    for page, render in PAGES.items():
        assert page.read_text(encoding="utf-8") == render(), f"{page.name}: run make docs"


def test_no_two_test_files_have_the_same_name():
    # pytest takes two modules of one name for one file where their folders are no packages.
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_every_test_file_that_is_named_as_long_is_there():
    assert set(LONGEST) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_no_two_classes_have_the_same_name():
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES)
    names = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} == set()
