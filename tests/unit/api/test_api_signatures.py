"""Every command has its function in ``hubel``, with the same wishes under the same names and defaults."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import click
import pytest

import hubel
from hubel.classifier.answering import Answering
from hubel.cli.main import COMMANDS, find_command
from hubel.wishes import PREDICTING

FUNCTIONS = {"audit": "audit_corpus", "studio": "open_studio"}
"""Command → its function, where that is called otherwise."""

NO_NAMES = {"from": "from_run", "class": "class_name"}
"""Option whose name is a word of Python's own → keyword."""

ONLY_TYPED = {
    "as_json": "Python has the numbers themselves",
    "fail_on_leak": "audit.leaks",
    "every_layer": "anatomy.rows",
    "listing": "trace without a layer",
    "steps": "calculation.steps()",
    "as_list": "names of kernels, hubel convolve --list",
}
"""What only a command takes → what Python has instead."""


def options_of(command: str) -> dict[str, click.Parameter]:
    """Name for Python → parameter of the command."""
    found = {}
    for parameter in find_command(command).params:
        long = [each for each in parameter.opts if each.startswith("--")]
        name = long[0].lstrip("-").replace("-", "_") if long else str(parameter.name)
        if str(parameter.name) not in ONLY_TYPED:
            found[NO_NAMES.get(name, name)] = parameter
    return found


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "predict"])
def test_a_function_takes_what_its_command_takes(command: str):
    name = FUNCTIONS.get(command, command)
    assert name in hubel.__all__, f"hubel.{name} is missing: what is typed can be called in Python too"
    function = getattr(hubel, name)
    taken = inspect.signature(function).parameters
    options = options_of(command)
    assert set(options) == set(taken) - {"on_event"}
    for name, parameter in options.items():
        given = taken[name].default
        if isinstance(parameter, click.Option) and isinstance(parameter.default, (bool, int, float)):
            assert given == parameter.default, name
        if isinstance(parameter, click.Argument) and parameter.required:
            assert given is inspect.Parameter.empty, name


def test_predict_is_of_a_loaded_classifier():
    # RUN and what is said of it open a classifier; INPUTS and --abstain go to it; the rest says how answers are printed, or written
    # to a file; in Python, `predict_stream` and `embed` give them.
    said = set(inspect.signature(hubel.load).parameters)
    asked = set(inspect.signature(Answering.predict).parameters)
    renamed = {"inputs": "images", "abstain": "coverage"}
    options = {renamed.get(name, name) for name in options_of("predict")}
    assert options - said - asked == {"format", "top", *PREDICTING}
    assert asked - options == {"self", "scale", "channels"}


def test_every_name_that_is_offered_is_there():
    for name in hubel.__all__:
        assert getattr(hubel, name) is not None
    assert set(hubel.__all__) == set(dir(hubel))
    with pytest.raises(AttributeError, match="module 'hubel' has no attribute 'predict'"):
        getattr(hubel, "predict")  # noqa: B009


def test_what_needs_no_framework_loads_none():
    statements = "hubel.audit_corpus('digits'), hubel.read_corpus('digits'), hubel.convolve(), hubel.pool()"
    code = f"import sys, hubel; {statements}; sys.exit(any(n in sys.modules for n in ('keras', 'tensorflow', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_each_wish_is_explained():
    for name in set(hubel.__all__) - {"__version__"}:
        function: Any = getattr(hubel, name)
        if inspect.isfunction(function):
            for parameter in inspect.signature(function).parameters:
                assert f"        {parameter}: " in str(function.__doc__) or name == "verify", (name, parameter)
