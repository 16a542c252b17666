"""The options that say of a model file what it does not say itself: the same for every command that takes one."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from hubel.errors import WrongRequest
from hubel.images.pixel_names import PIXEL_NAMES
from hubel.shell import option_words

if TYPE_CHECKING:
    from hubel.workflows.said import Said

Function = Callable[..., Any]
_OPTIONS: dict[str, tuple[str, str, str]] = {
    "class_names": (
        "--class-names", "FILE", "For a model file: its class names, one per line, in the order of its outputs.",
    ),
    "pixels": (
        "--pixels", "|".join(PIXEL_NAMES), "For a model file: its pixels' scale; not needed if it scales them itself.",
    ),
    "size": ("--input", "HxW", "For a model file that takes images of any size: the size, such as 224x224."),
}  # fmt: skip
"""Name of a field of `Said` → option, metavar, help."""


def model_file_options(*names: str) -> Callable[[Function], Function]:
    """Add these options, by default all; the command gets them as one `Said` called ``said``."""
    taken = names or tuple(_OPTIONS)

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def command(*args: Any, **kwargs: Any) -> Any:
            from hubel.workflows.said import Said

            given = {name: kwargs.pop(name) for name in taken}
            given["size"] = _size(given.get("size"))
            return function(*args, said=Said(**given), **kwargs)

        for name in reversed(taken):
            option, metavar, summary = _OPTIONS[name]
            click.option(option, name, metavar=metavar, help=summary)(command)
        return command

    return decorate


def said_words(said: Said) -> list[str]:
    """What is said of a model file, as it is typed."""
    return [word for option in said.options for word in option_words(option)]


def typed_line(words: Sequence[object], said: Said, *more: str) -> str:
    """A line that carries what was said of a model file.

    Args:
        words: the command and its arguments.
        said: of the model file.
        more: options and their values.
    """
    return shlex.join(["hubel", *map(str, words), *said_words(said), *more])


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.lower())
    if found is None:
        raise WrongRequest(f"--input must be HEIGHTxWIDTH, such as 224x224. Received: {text!r}.")
    return int(found[1]), int(found[2])
