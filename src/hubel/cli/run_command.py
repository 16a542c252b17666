"""Commands whose first word is a run: what else was typed in its place is said before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hubel.cli.wording import worded
from hubel.errors.wording import Command, Option, Text


class RunCommand(click.Command):
    """A command with an argument called ``run``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Where something is missing and the first word is no run, the run is what is missing."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            from hubel.runs.is_run import can_be_run
            from hubel.runs.tables.reading import A_RUN

            typed = [word for word in words if not word.startswith("-")]
            if len(typed) == 1 and not can_be_run(Path(typed[0])) and Path(typed[0]).is_file():
                right = Text("The run comes first: ", Command(str(self.name), ("RUN", typed[0])), "  ", A_RUN)
                raise click.UsageError(worded(right, self), ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """See that it is one."""
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

        if ctx.params.get("against") is not None:
            from hubel.runs.which_run import check_run

            check_run(ctx.params["against"], ask=against)
        if ctx.params.get("corpus") is not None:
            from hubel.corpus.formats.catalogue import check_there
            from hubel.runs.which_run import check_is_no_run

            corpus = ctx.params["corpus"]
            check_there(corpus)
            better = Text("Is one better than the other? ", against(str(corpus))) if name == "evaluate" else None
            check_is_no_run(corpus, cure=better)
        return super().invoke(ctx)
