"""Texts → what a person at the command line reads, for the command that runs."""

from __future__ import annotations

from functools import cache

import click

from hubel.errors import HubelError
from hubel.errors.wording import Command, Option, Text
from hubel.shell import RENAMED, in_shell
from hubel.text import one_line

PYTHON_NAMES = {flag.lstrip("-"): name for name, flag in RENAMED.items() if flag.startswith("--")}


def worded(text: Text | str, command: click.Command | None = None) -> str:
    """The text as the command line says it.

    Args:
        text: of an error or a message. An option that the command lacks is written all the same; a remedy that needs
            one is left out.
        command: the one that runs; None for the one of click's context.
    """
    if isinstance(text, str):
        return text
    if command is None:
        context = click.get_current_context(silent=True)
        command = context.command if context else None
    try:
        return text.render(lambda part: written(part, command))
    except LookupError:
        return text.render(lambda part: written(part, command) or in_shell(part))


def said(error: HubelError, command: click.Command | None = None) -> str:
    """The message of an error, as the command line says it.

    Args:
        error: of ours.
        command: as for `worded`.
    """
    return worded(error.text, command)


def written(part: Option | Command, command: click.Command | None) -> str | None:
    """The words for it; None for an option that the command lacks.

    Args:
        part: of a text.
        command: the one that runs, if any.
    """
    if isinstance(part, Option) and (command is None or part.name not in options_of(command)):
        return None
    return one_line(in_shell(part))


@cache
def options_of(command: click.Command) -> dict[str, click.Option]:
    """Name in Python → option of a command."""
    return {python_name(each): each for each in command.params if isinstance(each, click.Option)}


def python_name(parameter: click.Parameter) -> str:
    """The name of the same argument in Python."""
    name = max(parameter.opts, key=len).lstrip("-").replace("-", "_")
    return PYTHON_NAMES.get(name, name)
