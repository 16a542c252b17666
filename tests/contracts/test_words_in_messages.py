"""Every command and option that a message, a help text or a docstring of the code names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from hubel.cli.main import COMMANDS, SYNONYMS, find_command, hubel
from hubel.cli.mistakes import OPTION_SYNONYMS

SRC = Path(__file__).parents[2] / "src" / "hubel"
GAP = "\0"
"""Stands for the value in an f-string."""
COMMAND = re.compile(r"\bhubel (?P<name>[a-z][a-z-]*)(?P<rest>[^.;\n'\"`()]*)")
OPTION = re.compile(r"(?<![\w/.-])(--[a-z][a-z0-9-]*)")
NO_COMMANDS = {"has", "pattern"}
"""Words behind the program's name in a sentence about it."""
OF_OTHERS = {"--sparse": "of tar", "--no-": "begins what switches a flag off", "--option": "stands for any"}


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """(file, text) of every string of the code, with a gap where an f-string has a value."""
    return tuple((str(path.relative_to(SRC)), text) for path in sorted(SRC.rglob("*.py")) for text in strings(path))


def strings(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


@cache
def options_of(name: str) -> frozenset[str]:
    entry = find_command(name)
    words = {word for each in entry.params for word in (*each.opts, *each.secondary_opts)}
    return frozenset(words | {"--help", "--debug"})


def named() -> list[tuple[str, str, str]]:
    """(file, command, what follows it) of every command line in a text."""
    return [
        (file, found["name"], found["rest"])
        for file, text in texts()
        for found in COMMAND.finditer(text)
        if found["name"] not in NO_COMMANDS
    ]


def test_every_command_in_a_text_is_one():
    found = named()
    assert len(found) > 60
    assert {name for _, name, _ in found} - set(COMMANDS) == set()
    assert {name for _, name, _ in found} >= {"audit", "train", "evaluate", "predict", "verify", "reproduce"}


def test_every_option_behind_a_command_is_one_of_its_own():
    wrong = [
        (file, name, option)
        for file, name, rest in named()
        for option in OPTION.findall(rest)
        if option not in options_of(name)
    ]
    assert wrong == []


def test_every_option_in_a_text_is_one_of_some_command():
    known = {option for name in COMMANDS for option in options_of(name)}
    known |= {word for each in hubel.params for word in each.opts}
    found = {(file, option) for file, text in texts() for option in OPTION.findall(text)}
    assert len(found) > 100
    synonyms = set(OPTION_SYNONYMS)
    assert {each for each in found if each[1] not in known and each[1] not in {*OF_OTHERS, *synonyms}} == set()


def test_what_others_call_an_option_or_a_command_leads_to_ours():
    known = {option for name in COMMANDS for option in options_of(name)} | {"--version"}
    assert set(OPTION_SYNONYMS.values()) <= known
    for name in COMMANDS:
        ours = options_of(name)
        assert not [word for word, option in OPTION_SYNONYMS.items() if {word, option} <= ours]
    assert set(SYNONYMS.values()) <= set(COMMANDS)
    assert not set(SYNONYMS) & set(COMMANDS)


def test_every_command_of_the_table_can_be_imported():
    top = click.Context(hubel)
    assert [hubel.get_command(top, name).name for name in COMMANDS] == list(COMMANDS)  # type: ignore[union-attr]
