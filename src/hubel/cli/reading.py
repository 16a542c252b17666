"""The options that say how a corpus is read: the same for every command that takes one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from hubel.corpus.reading import WISHES, make_reading

Function = Callable[..., Any]


def reading_options(*names: str) -> Callable[[Function], Function]:
    """Add options of `WISHES`, by default all; the command gets them as one `Reading` called ``reading``."""
    taken = names or tuple(WISHES)

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(*args: Any, **kwargs: Any) -> Any:
            wishes = {name: kwargs.pop(name) for name in taken}
            return function(*args, reading=make_reading(wishes), **kwargs)

        for name in reversed(taken):
            click.option(WISHES[name].option, metavar=WISHES[name].metavar, help=WISHES[name].summary)(command)
        return command

    return decorate
