"""``hubel robustness``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.run_command import RunCommand
from hubel.cli.wish_options import wish_options
from hubel.images.changes.catalogue import CHANGES
from hubel.wishes import ROBUSTNESS

if TYPE_CHECKING:
    from hubel.corpus.reading import Reading


@click.command("robustness", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@wish_options(ROBUSTNESS, only=f"Only these changes: {', '.join(CHANGES)}. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, corpus: str | None, *, only: str | None, max_examples: int | None, engine: str, reading: Reading,
    out: Path | None, overwrite: bool, as_json: bool,
) -> int:  # fmt: skip
    """Change the test images of RUN, more and more; say what that costs.

    Accuracy, answers that change and calibration at each of several strengths: moves, sizes, rotations, mirroring,
    blur, noise, light, JPEG, something in front. Images are changed before they are resized, as if the files were
    others. Where CORPUS has groups, each is scored.

    \b
    hubel robustness runs/a                      what changes of the images do to its answers
    hubel robustness runs/a -o robust            the same as a page with curves and images
    hubel robustness runs/a --only shift,blur    two changes alone
    hubel robustness runs/a other/               on other images; those it has learned from are left out
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.robustness.robustness_folder import robustness_into
    from hubel.workflows.robustness.robustness_request import RobustnessRequest

    request = RobustnessRequest(run, corpus, only, max_examples, engine, reading, out, overwrite)
    with Listener() as listener:
        found = robustness_into(request, on_event=listener)
    if as_json:
        print_document(found.to_json(), listener)
    else:
        from hubel.cli.show.robustness import show_robustness

        show_robustness(found)
    return 4 if found.refused else 0
