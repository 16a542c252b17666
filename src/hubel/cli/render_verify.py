"""Checks of an artefact → text for a person, on standard output."""

from __future__ import annotations

from rich.text import Text

from hubel.cli.render import console
from hubel.text import one_line, shortened
from hubel.workflows.verify import Verification

STYLES = {"holds": "green", "fails": "bold red", "absent": "yellow", "skipped": "dim"}


def show_verification(found: Verification) -> None:
    """One line for each check, then the verdict."""
    out = console()
    made_by = f", made by {shortened(one_line(found.made_by), 100)}" if found.made_by else ""
    out.print(f"{one_line(str(found.folder))}{made_by}")
    for check in found.checks:
        out.print(Text(f"  {check.name:<10}", "bold").append(f"{check.result:<8}", STYLES[check.result])
                  .append(one_line(check.text), "not bold default"))  # fmt: skip
    if found.holds:
        out.print(Text("This classifier is as it was saved.", "bold green"))
    elif found.damaged:
        out.print(Text("This classifier is damaged: do not use it.", "bold red"))
    else:
        out.print(Text("This classifier is whole, but answers otherwise here: do not rely on it.", "bold red"))
