"""What each wish means, put into the docstrings of the functions that take it."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from hubel.wishes import Wish

Function = TypeVar("Function", bound=Callable[..., Any])
MARK = "the wishes: each as its row in `hubel.wishes` says."
"""The line of a docstring whose place they take; ruff's D417 cannot know that."""
WIDTH = 112


def explain(wishes: Mapping[str, Wish]) -> Callable[[Function], Function]:
    """Put the rows of a table into the docstring, for the arguments that the function takes."""

    def decorate(function: Function) -> Function:
        before, mark, after = (function.__doc__ or "").partition(MARK)
        if mark:  # python -OO leaves no docstring
            indent = before[before.rindex("\n") + 1 :]
            taken = [name for name in inspect.signature(function).parameters if name in wishes]
            lines = [line for name in taken for line in _lines(name, wishes[name], indent=indent)]
            function.__doc__ = before + "\n".join(lines).lstrip() + after
        return function

    return decorate


def _lines(name: str, wish: Wish, *, indent: str) -> Iterator[str]:
    said = wish.python or str(wish.help)
    text = f"{name}: {said[:1].lower()}{said[1:]}"
    yield from textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ")
