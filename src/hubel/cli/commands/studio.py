"""``hubel studio``."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import click

from hubel.runs.is_run import RUNS


@click.command("studio")
@click.argument("run", type=click.Path(path_type=Path), default=RUNS)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, metavar="N", help="Default: one that is free.")
@click.option("--browser/--no-browser", default=True, help="Open it in the browser, or only print the address.")
def command(run: Path, *, port: int, browser: bool) -> int:
    """Show RUN, or the runs in a folder, in the browser: of each its page, as hubel open, and its report.

    It answers this machine alone, and only whoever has the token in the address that it prints. RUN is a run folder or
    a folder of runs; by default the folder runs. Ctrl-C ends it.

    \b
    hubel studio runs/photos         the page of that run
    hubel studio runs                a list of all runs in there
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.listen import Listener
    from hubel.studio.run_list import find_run_list
    from hubel.studio.server import first_page, listening
    from hubel.workflows.exporting.in_browser import open_in_browser

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what it wrote goes with it then, too
    with (
        Listener() as listener,
        listening(find_run_list(run), port=port, on_event=listener) as studio,
        first_page(studio.address) as path,
        suppress(KeyboardInterrupt),
    ):
        opened = browser and open_in_browser(path.as_uri())
        what = "It is open in the browser" if opened else "Open this address in a browser on this machine"
        click.echo(f"{what}. Ctrl-C ends it.", err=True)
        click.echo(studio.address)
        studio.serve()
    return 0
