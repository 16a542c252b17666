"""``hubel reproduce``."""

from __future__ import annotations

from pathlib import Path

import click

from hubel.cli.run_command import RunCommand


@click.command("reproduce", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Keep the repetition there. Default: it is deleted.")
@click.option("--anyway", is_flag=True, help="Continue even if images or files have changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(run: Path, corpus: str | None, *, out: Path | None, anyway: bool, as_json: bool) -> int:
    """Train RUN again from its own record; say whether the result is the same, and if not, what differs.

    CORPUS is where its images are now, if they have moved. Whatever has changed since is listed before any training:
    images (by content), labels, versions, hardware. It takes as long as RUN took.

    \b
    exit 0   the same: weights to the bit, every prediction, every score
    exit 5   not the same
    exit 3   images or files are missing or changed; --anyway goes on
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.listen import Listener, asking, print_document
    from hubel.workflows.reproducing.reproduce_check import check_repeatable

    with Listener() as listener:
        checked = check_repeatable(run, corpus, anyway=anyway, on_event=listener)
        from hubel.workflows.reproducing.reproduce import reproduce_run

        allow = asking(listener, asked=False)
        reproduction = reproduce_run(checked, out=out, may_download=allow, on_event=listener)
    if as_json:
        print_document(reproduction.to_json(), listener)
    else:
        from hubel.cli.show.reproduce import show_reproduction

        show_reproduction(reproduction)
    return 0 if reproduction.result.same else 5
