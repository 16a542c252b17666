"""An export → text for people, on standard output."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.text import Text

from hubel.cli.show.results import console
from hubel.exports.folder import Export
from hubel.exports.gate import Parity
from hubel.exports.run_program import PROGRAM
from hubel.page.exported import ExportedPage
from hubel.text import counted, one_line, with_interval


def show_page(made: ExportedPage) -> None:
    """What was written, what it was held against, and how it is used.

    Args:
        made: the page.
    """
    out = console()
    travel = f", with {counted(made.examples, 'test image')}" if made.examples else ", without images"
    out.print(f"Wrote {one_line(str(made.path))}: {made.file.bytes / 1e6:,.2f} MB{travel}")
    if made.parity is not None:
        _show_parity(made.parity)
    if made.seconds_per_image is not None:
        out.print(
            f"  speed         {1 / max(made.seconds_per_image, 1e-9):,.1f} images/s in Node, from pixels to answer"
        )
    out.print("Open it in a browser; it needs no connection, and sends nothing.")


def _show_parity(parity: Parity) -> None:
    out = console()
    alike = "all" if parity.agreement == 1 else f"{parity.agreement:.4f}"
    out.print(Text("Held against the classifier", "bold"))
    out.print(f"  same class    on {alike} of {counted(parity.examples, 'image')} that it had not learned from")
    out.print(
        f"  accuracy      {with_interval(parity.accuracy, parity.accuracy_interval)}; the classifier's is "
        f"{parity.accuracy_of_classifier:.3f}"
    )
    out.print(f"  probabilities differ by {parity.max_probability_difference:.1e} at most; {parity.limit:g} is allowed")


def show_export(made: Export, run: Path | None = None) -> None:
    """What was written, how it compares with the classifier, and how it is used.

    Args:
        made: the export.
        run: whose classifier it was given to; None for a folder of its own.
    """
    out, size = console(), sum(each.bytes for each in made.files) / 1e6
    out.print(f"Wrote {one_line(str(made.folder))}: {', '.join(each.path for each in made.files)}; {size:,.2f} MB")
    _show_parity(made.parity)
    out.print(f"  speed         {1 / max(made.seconds_per_image, 1e-9):,.0f} images/s, from file to name")
    if run is not None:
        out.print(f"Name an image: {one_line(shlex.join(['hubel', 'predict', str(run), 'IMAGE']))}")
        return
    program = shlex.join(["python", f"{made.folder}/{PROGRAM}", "IMAGE"])
    out.print(f"Name an image: {one_line(program)}   (pip install {made.target.entry.needs})")
