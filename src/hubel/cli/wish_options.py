"""Rows of `hubel.wishes` → the options of a command."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from hubel.corpus.reading import make_reading
from hubel.shell import flag_of, in_shell
from hubel.wishes import READING, Wish

Function = Callable[..., Any]
KINDS: dict[type, Any] = {int: int, float: float, Path: click.Path(path_type=Path)}
"""Kind of a wish → click's type, where it is not a text."""


def wish_options(wishes: Mapping[str, Wish], **helps: str) -> Callable[[Function], Function]:
    """Add an option for each wish, under its name in Python; those of `READING` come as one `Reading`, ``reading``.

    Args:
        wishes: name → row.
        helps: name → help in place of the row's, for what only a catalogue knows.
    """
    of_reading = [name for name in wishes if name in READING]

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(*args: Any, **kwargs: Any) -> Any:
            reading = make_reading({name: kwargs.pop(name) for name in of_reading})
            return function(*args, reading=reading, **kwargs)

        for name, wish in reversed(list(wishes.items())):
            option(name, wish, helps.get(name))(command)
        return command

    return decorate


def option(name: str, wish: Wish, summary: str | None = None) -> Callable[[Function], Function]:
    """One option.

    Args:
        name: in Python.
        wish: its row.
        summary: its help, where that is not the row's.
    """
    flag = flag_of(name)
    said = summary or (wish.help if isinstance(wish.help, str) else wish.help.render(in_shell))
    if wish.kind is bool:
        either = f"{flag}/{flag.replace('--', '--no-', 1)}" if wish.default is None else flag
        return click.option(either, name, is_flag=True, default=wish.default, help=said)
    declared = (flag, "--out") if name == "out" else (flag,)
    return click.option(
        *declared, name, type=KINDS.get(wish.kind), metavar=wish.metavar or None, default=wish.default,
        show_default=wish.default is not None, help=said,
    )  # fmt: skip
