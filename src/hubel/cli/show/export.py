"""An export → text for people, on standard output."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.text import Text

from hubel.cli.show.results import console
from hubel.exports.folder import Export
from hubel.exports.run_program import PROGRAM
from hubel.text import counted, one_line, with_interval


def show_export(made: Export, run: Path | None = None) -> None:
    """What was written, how it compares with the classifier, and how it is used.

    Args:
        made: the export.
        run: whose classifier it was given to; None for a folder of its own.
    """
    out, parity = console(), made.parity
    size = sum(each.bytes for each in made.files) / 1e6
    alike = "all" if parity.agreement == 1 else f"{parity.agreement:.4f}"
    out.print(f"Wrote {one_line(str(made.folder))}: {', '.join(each.path for each in made.files)}; {size:,.2f} MB")
    out.print(Text("Held against the classifier", "bold"))
    out.print(f"  same class    on {alike} of {counted(parity.examples, 'image')} that it had not learned from")
    out.print(
        f"  accuracy      {with_interval(parity.accuracy, parity.accuracy_interval)}; the classifier's is "
        f"{parity.accuracy_of_classifier:.3f}"
    )
    out.print(f"  probabilities differ by {parity.max_probability_difference:.1e} at most; {parity.limit:g} is allowed")
    out.print(f"  speed         {1 / max(made.seconds_per_image, 1e-9):,.0f} images/s, from file to name")
    if run is not None:
        out.print(f"Name an image: {one_line(shlex.join(['hubel', 'predict', str(run), 'IMAGE']))}")
        return
    program = shlex.join(["python", f"{made.folder}/{PROGRAM}", "IMAGE"])
    out.print(f"Name an image: {one_line(program)}   (pip install {made.target.entry.needs})")
