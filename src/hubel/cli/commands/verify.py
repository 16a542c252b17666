"""``hubel verify``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from hubel.cli.run_command import RunCommand
from hubel.cli.wording import worded


@click.command("verify", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(run: Path, *, as_json: bool) -> int:
    """Check the classifier of RUN, or a classifier/ folder alone: is it undamaged, and does it answer as it did?

    \b
    files      checksums, sizes, and that nothing else lies in the folder
    structure  every tensor fits the network, which keeps within bounds
    self-test  a few generated images get the probabilities they got when it was saved
    graph      the compiled graph, where there is one, has the same weights and gives the same answers

    Exit code 0 if all is well, 3 if a file is damaged, 5 if only the answers differ.
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.workflows.verify import verify_artefact

    found = verify_artefact(run)
    if as_json:
        click.echo(json.dumps(found.to_json(worded)))
    else:
        from hubel.cli.show.verify import show_verification

        show_verification(found)
    if found.damaged:
        return 3
    return 0 if found.holds else 5
