"""Commands whose first word is a run: what else was typed in its place is said before anything is loaded.

And the options that say of a model file, which may stand there too, what it does not say itself.
"""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hubel.architectures.file_kinds import PIXEL_NAMES
from hubel.errors import WrongRequest
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.files import is_there

if TYPE_CHECKING:
    from hubel.workflows.opening import Said

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
            from hubel.workflows.opening import Said

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
    from hubel.shell import option_words

    return [word for option in said.options for word in option_words(option)]


def typed_line(words: Sequence[object], said: Said, *more: str) -> str:
    """A line that carries what was said of a model file.

    Args:
        words: the command and its arguments.
        said: of the model file.
        more: options and their values.
    """
    from hubel.text import one_line

    return one_line(shlex.join(["hubel", *map(str, words), *said_words(said), *more]))


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text.lower())
    if found is None:
        raise WrongRequest(f"--input must be HEIGHTxWIDTH, such as 224x224. Received: {text!r}.")
    return int(found[1]), int(found[2])


class RunCommand(click.Command):
    """A command with an argument called ``run``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Where something is missing and the first word is no run, the run is what is missing."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            from hubel.cli.wording import worded
            from hubel.runs.documents import A_RUN
            from hubel.runs.is_run import can_be_run

            typed = [word for word in words if not word.startswith("-")]
            if len(typed) == 1 and not can_be_run(Path(typed[0])) and Path(typed[0]).is_file():
                right = Text("The run comes first: ", Command(str(self.name), ("RUN", typed[0])), "  ", A_RUN)
                raise click.UsageError(worded(right, self), ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """See that it is one.

        Raises:
            WrongRequest: a corpus was named for an export that is not there.
        """
        from hubel.runs.is_run import is_run_or_model

        others: list[str | Path] = []
        for parameter in self.params:
            value = ctx.params.get(parameter.name or "")
            if isinstance(parameter, click.Argument) and parameter.name != "run" and value is not None:
                others += value if isinstance(value, tuple) else [value]
        name, run = str(self.name), ctx.params["run"]
        if not is_run_or_model(run):
            from hubel.runs.which_run import check_run

            check_run(
                run, ask=lambda *given: Command(name, given), others=[each for each in others if str(each) != "-"]
            )  # fmt: skip

        def against(other: str, *_: str) -> Command:
            return Command(name, (str(run),), (Option("against", other),))

        if isinstance(ctx.params.get("against"), Path):  # of an explanation, it is a class
            from hubel.runs.which_run import check_run

            check_run(ctx.params["against"], ask=against)
        if ctx.params.get("corpus") is not None:
            from hubel.corpus.formats.catalogue import check_there
            from hubel.runs.which_run import check_is_no_run

            corpus = ctx.params["corpus"]
            if name == "export" and not is_there(corpus) and not (ctx.params["out"] or ctx.params["into_run"]):
                cure = Remedy("If it is the folder to write: ", Option("out", corpus))
                raise WrongRequest(f"There is no file or folder {corpus!r}.", cure)
            check_there(corpus)
            better = Text("Is one better than the other? ", against(str(corpus))) if name == "evaluate" else None
            check_is_no_run(corpus, cure=better)
        return super().invoke(ctx)
