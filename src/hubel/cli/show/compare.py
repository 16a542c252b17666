"""A comparison → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from hubel.cli.show.results import console
from hubel.cli.wording import worded
from hubel.text import one_line
from hubel.workflows.comparing.compare_folder import (
    FILES,
    conditions,
    describe_columns,
    describe_verdicts,
    legend,
    pair_text,
    table,
)
from hubel.workflows.comparing.comparison import Comparison
from hubel.workflows.comparing.verdicts import ClaimVerdict

COLOURS = {"supported": "green", "refuted": "red", "cannot tell": "yellow", "not shown here": "yellow"}


def show_comparison(comparison: Comparison, folder: Path | None) -> None:
    """The table, what its columns are, the pairs, the claims, what the test covers, and where it was written.

    Args:
        comparison: what to show.
        folder: where it was written, if it was.
    """
    screen = console()
    screen.print()
    screen.print(Text(conditions(comparison), "bold"))
    _show_table(screen, table(comparison))
    for text in describe_columns(comparison):
        screen.print(Text(f"  {text}", "dim"))
    for name, text in legend(comparison):
        screen.print(Text(f"  {name}: {text}", "dim"))
    screen.print()
    if comparison.pairs:
        screen.print(Text("Pairs", "bold"))
        for pair in comparison.pairs:
            screen.print(f"  {one_line(pair_text(pair))}")
        screen.print()
    for claim in comparison.claims:
        for line in _claim(claim):
            screen.print(line)
        screen.print()
    for text in describe_verdicts(comparison):
        screen.print(worded(text))
    if folder is not None and comparison.rows:
        screen.print(f"Wrote {one_line(str(folder))}: {', '.join(FILES)}")
    if comparison.interrupted:
        screen.print(Text("Stopped: variants that were not finished are not in the table.", "bold yellow"))


def _show_table(screen: Console, rows: Sequence[Sequence[str]]) -> None:
    header, *rest = rows
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    for place, name in enumerate(header):
        shown.add_column(name, justify="right" if place else "left", no_wrap=True)
    for row in rest:
        shown.add_row(*(Text(one_line(cell)) for cell in row))
    # A number must not be cut off: on a narrow terminal the lines wrap.
    screen.width = max(screen.width, Measurement.get(screen, screen.options.update(width=500), shown).maximum)
    screen.print(shown)


def _claim(claim: ClaimVerdict) -> list[Text]:
    head = Text(f"{claim.name}: ", "bold").append(claim.headline, f"bold {COLOURS[claim.verdict]}")
    lines = [head, Text(f"  {claim.text}", "italic")]
    for each in claim.findings:
        line = Text(f"  {each.variant} against {each.reference}, {each.quantity}: ")
        lines.append(line.append(each.verdict, COLOURS[each.verdict]).append(f". {each.text}"))
    return lines
