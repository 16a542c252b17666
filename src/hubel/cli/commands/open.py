"""``hubel open``."""

from __future__ import annotations

from pathlib import Path

import click

from hubel.cli.run_command import RunCommand


@click.command("open", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@click.option("--browser/--no-browser", default=True, help="Open it in the browser, or only write it.")
def command(run: Path, corpus: str | None, *, browser: bool) -> int:
    """Lay the network of RUN open in the browser: from the pixels of an image to the answer, every number.

    The page is one file, page.html in the folder of RUN; it is written the first time, and found from then on. It opens
    offline, sends nothing, and can be given away. With CORPUS, where the images of RUN are now, it is made anew.

    \b
    hubel open runs/photos                 write it if it is not there, and open it
    hubel open runs/photos --no-browser    write it, and print where it is
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.listen import Listener
    from hubel.workflows.exporting.page_of_run import open_page

    with Listener() as listener:
        path = open_page(run, corpus, browser=browser, on_event=listener)
    click.echo(str(path))
    return 0
