"""``hubel evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the score as one JSON document.")
def command(run: Path, corpus: str | None, *, as_json: bool) -> int:
    """Score RUN on its own test split, or on all pictures of another CORPUS.

    Classes of another corpus are matched by name.
    """
    from hubel.cli.listen import Listener
    from hubel.cli.render import console, show_report, show_without_leaks
    from hubel.workflows.evaluate import evaluate_run

    with Listener() as listener:
        evaluation = evaluate_run(run, corpus, on_event=listener)
    if as_json:
        click.echo(json.dumps(evaluation.to_json()))
    else:
        out = console()
        out.print(f"{run} on {evaluation.location}")
        show_report(out, evaluation.report, split=evaluation.split)
        show_without_leaks(out, evaluation.report, evaluation.without_leaks)
    return 4 if evaluation.corpus.refused else 0
