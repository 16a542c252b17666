"""Every option and command in a message exists at every door where the message can be read."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

import hubel
from hubel.classifier.answering import Answering
from hubel.cli.main import COMMANDS, find_command
from hubel.cli.wording import options_of, python_name
from hubel.errors.wording import FUNCTIONS

SRC = Path(__file__).parents[2] / "src" / "hubel"
DOORS = ("cli/", "__init__.py", "shell.py", "exports/program/")
"""What knows how a command line looks."""
FLAG = re.compile(r"(?<![\w/.-])--[a-z][a-z0-9-]*|\bhubel (?:{})\b".format("|".join(COMMANDS)))
OF_OTHERS = {"--sparse"}
NOT_YET = frozenset(Path(__file__).with_name("flags_below_the_doors.txt").read_text().split())
"""Files that still hold words of a command line. The list only shrinks."""


def files() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SRC.rglob("*.py")):
        yield str(path.relative_to(SRC)), ast.parse(path.read_text())


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of strings that stand alone: they are for readers of the code."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


@cache
def with_flags() -> frozenset[str]:
    found = set()
    for name, tree in files():
        if not name.startswith(DOORS):
            quiet = docstrings(tree)
            texts = [
                node.value for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet
            ]  # fmt: skip
            if any(set(FLAG.findall(text)) - OF_OTHERS for text in texts):
                found.add(name)
    return frozenset(found)


def test_no_words_of_a_command_line_stand_below_the_doors():
    assert with_flags() - NOT_YET == set()


def test_the_list_of_files_with_words_of_a_command_line_shrinks():
    assert NOT_YET - with_flags() == set()


def built(tree: ast.Module, kind: str) -> Iterator[tuple[ast.Call, bool]]:
    """Calls of `Option` or `Command` whose name is written out, and whether they stand in a `Remedy` or a command."""
    inside = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node) in ("Remedy", "Command", "with_")
        for each in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) == kind and node.args and isinstance(node.args[0], ast.Constant):
            yield node, id(node) in inside


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@cache
def arguments_in_python() -> frozenset[str]:
    functions = [each for name in hubel.__all__ if inspect.isfunction(each := getattr(hubel, name))]
    functions += [each for _, each in inspect.getmembers(Answering, inspect.isfunction)]
    return frozenset(name for each in functions for name in inspect.signature(each).parameters)


def test_every_option_in_a_message_is_one_of_some_command_and_of_python():
    known = {name for command in COMMANDS for name in options_of(find_command(command))}
    found = {(file, call.args[0].value) for file, tree in files() for call, _ in built(tree, "Option")}
    assert {each for each in found if each[1] not in known} == set()
    assert {each for each in found if each[1] not in arguments_in_python()} == set()


def test_every_command_in_a_message_is_one_with_its_options():
    for file, tree in files():
        for call, _ in built(tree, "Command"):
            name = call.args[0].value
            if name:
                assert name in COMMANDS, file
                known = {python_name(each) for each in find_command(name).params}
                options = {
                    each.args[0].value
                    for part in call.args[1:]
                    for each, _ in built(ast.Module([ast.Expr(part)], []), "Option")
                }
                assert options <= known, (file, name)
                assert callable(getattr(hubel, FUNCTIONS.get(name, name), None)) or name == "predict"


OF_COMMANDS = ("advice/",)
"""Where every option is given to a command: the text of advice is a plain string."""
OF_WHAT_WAS_GIVEN = {
    "wishes.py": "the help of the command that has the option",
    "corpus/reading.py": "a wish about reading is refused where it is given",
    "runs/request.py": "a wish of a training is refused where it is given",
    "workflows/training/start_run.py": "speaks only where a run to begin from is given",
    "workflows/training/checkpointing.py": "speaks only where a run is resumed",
}
"""File → why the command that runs has the options that its messages name: they were given."""
CANNOT_SURFACE: dict[tuple[str, str], str] = {}
"""(command, file) → why no message of the file that names an option can be read there, though it is imported."""


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_message_names_outside_of_a_remedy_is_an_option_of_every_command_that_can_say_it(command: str):
    graph = _graph()
    reached = graph.find_upstream_modules(f"hubel.cli.commands.{command}")
    known = set(options_of(find_command(command)))
    wrong = {
        (file, call.args[0].value)
        for file, tree in files()
        if f"hubel.{file.removesuffix('.py').replace('/', '.').removesuffix('.__init__')}" in reached
        and (command, file) not in CANNOT_SURFACE
        and not file.startswith(OF_COMMANDS)
        and file not in OF_WHAT_WAS_GIVEN
        for call, in_remedy in built(tree, "Option")
        if not in_remedy and call.args[0].value not in known
    }
    assert wrong == set()


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("hubel")
