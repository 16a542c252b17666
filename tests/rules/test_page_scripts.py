"""The rules that the scripts of the page are written by: they become one script, and never write markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.node import ASSETS

from hubel.page.bundle import bundle

SCRIPTS = sorted(ASSETS.rglob("*.js"))
BUNDLES = ("main.js", "engine/worker.js", "views/window_page.js")
MOST_LINES = 400
IMPORT = re.compile(r'import \{ [\w, ]+ \} from "\.{1,2}/[\w./-]+\.js";')
FORBIDDEN = {
    r"\b(?:inner|outer)HTML\b": "markup", r"insertAdjacentHTML|document\.write|srcdoc": "markup",
    r"\beval\(|new Function\b|\bimport\(": "text that runs", r"\bexport (?:default\b|let\b|\{)": "an export without its name",
    r"\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts": "a request",
    r"https?://(?!www\.w3\.org/)": "an address", r"\bconsole\.": "words for nobody",
}  # fmt: skip
each_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ASSETS).as_posix())


def without_comments(text: str) -> str:
    return re.sub(r"(?m)(?:^|\s)//.*$", "", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


@each_script
def test_a_script_is_short(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@each_script
def test_a_script_imports_names_from_files_that_are_there(path: Path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.match(r"import\b", line):
            assert IMPORT.fullmatch(line), line
            file = path.parent / line.split('"')[1]
            assert file.is_file(), line
            assert set(re.findall(r"[\w$]+", line.split("{")[1].split("}")[0])) <= exported_by(file), line


def exported_by(file: Path) -> set[str]:
    """Every name that a script exports: of functions, classes, and all constants of a statement."""
    text = file.read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^export (?:async )?(?:function\*?|class) ([\w$]+)", text))
    constants = re.findall(r"(?m)^export const (.*)$", text)
    return named | {name for line in constants for name in re.findall(r"(?:^|, )([\w$]+) = ", line)}


@each_script
def test_a_script_has_nothing_that_a_page_must_not_do(path: Path):
    text = without_comments(path.read_text(encoding="utf-8"))
    for pattern, what in FORBIDDEN.items():
        assert not re.search(pattern, text), what


def test_no_script_imports_what_imports_it():
    needs = {
        path: {(path.parent / each).resolve() for each in re.findall(r'(?m)^import .* from "(.*)";$', path.read_text(encoding="utf-8"))}
        for path in map(Path.resolve, SCRIPTS)
    }  # fmt: skip
    while without := {path for path, needed in needs.items() if not needed & set(needs)}:
        needs = {path: needed for path, needed in needs.items() if path not in without}
    assert not needs


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("entry", BUNDLES)
def test_a_bundle_is_a_whole_script(entry: str, tmp_path: Path):
    (tmp_path / "bundle.js").write_text(bundle(entry), encoding="utf-8")
    done = subprocess.run(["node", "--check", tmp_path / "bundle.js"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"(?m)^(?:import|export)\b", bundle(entry))
