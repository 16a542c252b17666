"""Commands whose first word is a run: what else was typed in its place is said before anything is loaded."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click


class RunCommand(click.Command):
    """A command with an argument called ``run``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Where something is missing and the first word is no run, the run is what is missing."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            from hubel.runs.which_run import can_be_run

            typed = [word for word in words if not word.startswith("-")]
            if len(typed) == 1 and not can_be_run(Path(typed[0])) and Path(typed[0]).is_file():
                said = f"The run comes first: hubel {self.name} RUN {shlex.quote(typed[0])}"
                raise click.UsageError(f"{said}  RUN is the folder named with -o in 'hubel train'.", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """See that it is one."""
        from hubel.corpus.formats.catalogue import check_there
        from hubel.runs.which_run import check_is_no_run, check_run

        others: list[str | Path] = []
        for parameter in self.params:
            value = ctx.params.get(parameter.name or "")
            if isinstance(parameter, click.Argument) and parameter.name != "run" and value is not None:
                others += value if isinstance(value, tuple) else [value]
        command = f"hubel {self.name}"
        run = ctx.params["run"]
        check_run(run, command=command, others=[each for each in others if str(each) != "-"])
        if ctx.params.get("against") is not None:
            check_run(ctx.params["against"], command=f"{command} {shlex.quote(str(run))} --against")
        if ctx.params.get("corpus") is not None:
            corpus = ctx.params["corpus"]
            check_there(corpus)
            against = f"{command} {shlex.quote(str(run))} --against {shlex.quote(str(corpus))}"
            check_is_no_run(corpus, cure=f"Is one better than the other? {against}" if self.name == "evaluate" else "")
        return super().invoke(ctx)
