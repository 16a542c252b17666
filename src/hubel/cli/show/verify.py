"""Checks of an artefact → text for people, on standard output."""

from __future__ import annotations

from rich.text import Text

from hubel.cli.show.results import console
from hubel.cli.wording import worded
from hubel.text import one_line, shortened
from hubel.workflows.verify import Verification

ORIGIN = (
    "Checksums reveal damage, not origin: whoever can change these files can make the sums fit. Use classifiers from "
    "people you trust."
)
STYLES = {"holds": "green", "fails": "bold red", "absent": "yellow", "skipped": "dim"}


def show_verification(found: Verification) -> None:
    """One line for each check, then the verdict."""
    out = console()
    made_by = f", made by {shortened(one_line(found.made_by), 100)}" if found.made_by else ""
    out.print(f"{one_line(str(found.folder))}{made_by}")
    for check in found.checks:
        out.print(Text(f"  {check.name:<10}", "bold").append(f"{check.result:<8}", STYLES[check.result])
                  .append(one_line(worded(check.text)), "not bold default"))  # fmt: skip
    if found.holds:
        tested = found.outcome is not None
        verdict = "it answers as it did where it was saved" if tested else "its answers cannot be checked here"
        out.print(Text(f"No damage found; {verdict}.", "bold green"))
        out.print(ORIGIN)
    elif found.damaged:
        out.print(Text("This classifier is damaged: do not use it.", "bold red"))
    else:
        out.print(
            Text("This classifier is undamaged, but gives different answers here: do not rely on it.", "bold red")
        )
