"""What is loaded by its name obeys the rules that import-linter sees to for plain imports."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from hubel.architectures.catalogue import ARCHITECTURES, FAMILIES
from hubel.catalogue import Later
from hubel.corpus.formats.catalogue import FORMATS
from hubel.engines.catalogue import ENGINES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
MODULE = re.compile(r"hubel(\.\w+)+")
DOORS = ("hubel", "hubel.cli.main")
"""They look up what a user names; nothing below imports them."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def files() -> dict[str, ast.Module]:
    return {name_of(path): ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}


@cache
def by_name() -> frozenset[tuple[str, str]]:
    """(module, a module whose full name it holds as a string)."""
    return frozenset(
        (name, node.value)
        for name, tree in files().items()
        if name not in DOORS
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE.fullmatch(node.value)
    )


def laters() -> list[tuple[str, list[object]]]:
    return [
        (name, [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args])
        for name, tree in files().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Later"
    ]


def defined_in(module: str) -> set[str]:
    names: set[str] = set()
    for node in files()[module].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_there_is_what_is_loaded_later():
    said = [(name, words) for name, words in laters() if None not in words]
    assert len(said) > 30
    missing = [(name, words) for name, words in said if words[1] not in defined_in(str(words[0]))]
    assert missing == []
    # Only the catalogue of formats makes the module's name a field of its own.
    assert {name for name, words in laters() if None in words} == {"hubel.corpus.formats.catalogue"}
    for entry in FORMATS.values():
        assert {"matches", "read"} <= defined_in(entry.module)


@pytest.mark.parametrize(
    ("package", "modules"),
    [
        ("hubel.corpus.formats", [entry.module for entry in FORMATS.values()]),
        ("hubel.engines", [entry.runtime.module for entry in ENGINES.values() if isinstance(entry.runtime, Later)]),
        ("hubel.architectures.families", [kind.module for kind in FAMILIES.values()]),
        (
            "hubel.architectures.families",
            [entry.make_spec.module for entry in ARCHITECTURES.values() if isinstance(entry.make_spec, Later)],
        ),
    ],
)
def test_a_catalogue_names_modules_of_its_own_folder(package: str, modules: list[str]):
    assert modules
    assert [module for module in modules if module.rpartition(".")[0] != package] == []


def test_what_is_loaded_later_lies_in_a_layer_below():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each["layers"] for each in linter["contracts"] if each["type"] == "layers")
    depth = {room.strip(): place for place, line in enumerate(layers) for room in line.split("|")}
    wrong = []
    for importer, imported in by_name():
        above, below = importer.split(".")[1], imported.split(".")[1]
        if above != below and depth[above] >= depth[below]:
            wrong.append((importer, imported))
    assert wrong == []


def test_no_room_loads_one_that_imports_it_at_any_depth():
    graph = grimp.build_graph("hubel", cache_dir=None)
    edges = {(name, each) for name in graph.modules for each in graph.find_modules_directly_imported_by(name)}
    siblings: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importer, imported in edges | by_name():
        one, other = importer.split("."), imported.split(".")
        shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
        if shared is not None:
            siblings[".".join(one[:shared])][one[shared]].add(other[shared])
    assert len(siblings) > 20
    for rooms in siblings.values():
        TopologicalSorter(rooms).prepare()  # CycleError names them
