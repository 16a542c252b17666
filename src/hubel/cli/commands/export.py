"""``hubel export``."""

# ruff: noqa: A002  (called as the option is)

from __future__ import annotations

from pathlib import Path

import click

from hubel.cli.run_command import RunCommand
from hubel.cli.wish_options import option
from hubel.wishes import EXPORTING


@click.command("export", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@option("format", EXPORTING["format"])
@option("quantize", EXPORTING["quantize"])
@option("examples", EXPORTING["examples"])
@option("excite", EXPORTING["excite"])
@option("out", EXPORTING["out"])
@option("overwrite", EXPORTING["overwrite"])
@option("into_run", EXPORTING["into_run"])
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, corpus: str | None, *, format: str | None, quantize: str | None, examples: int | None,
    excite: bool, out: Path | None, overwrite: bool, into_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """Write the classifier of RUN in the format of others, with a program that names image files.

    Before anything is written, that program names test images of RUN in a process of its own, and must answer as the
    classifier does. Its folder needs nothing of Hubel. CORPUS is where the images of RUN are now, if they have moved.

    \b
    hubel export runs/a --format onnx -o exports/a   the export, and how it compares
    python exports/a/classify.py photo.jpg           needs what its README.md names
    hubel export runs/a --format page -o a.html      one file that opens offline and lays the network open
    hubel export runs/old --into-run                 for runs of versions before 0.10, which answer through Keras

    \b
    exit 0   it answers like the classifier
    exit 5   it does not; nothing is written
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.exporting.export import check_no_page, export_as
    from hubel.workflows.exporting.into_run import export_into_run
    from hubel.workflows.exporting.page_request import PageRequest

    with Listener() as listener:
        if into_run:
            check_no_page(examples, excite=excite)
            made = export_into_run(run, corpus, format_name=format, out=out, quantize=quantize, on_event=listener)
        else:
            request = PageRequest(run, corpus, out, quantize, examples, excite, overwrite)
            made = export_as(request, format, on_event=listener)
    if as_json:
        print_document(made.to_json(), listener)
    else:
        from hubel.cli.show.export import show_export, show_page
        from hubel.exports.folder import Export

        if isinstance(made, Export):
            show_export(made, run if into_run else None)
        else:
            show_page(made)
    return 0
