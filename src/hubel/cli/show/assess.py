"""An assessment of explanations → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from hubel.cli.show.results import console
from hubel.text import counted, one_line

if TYPE_CHECKING:
    from hubel.workflows.explaining.assessment import Assessment, Mean, MethodScore

COLUMNS = ("method", "in", "out", "gain", "ROAD", "replaced", "noise", "s/map")
MEANING = (
    "in, out: insertion, deletion: mean probability as hot pixels are put in, or covered",
    "gain: in less out, higher is better   ROAD: likewise, 0 for a random map",
    "replaced: rank correlation with the map of random weights, at most 0.20",
    "noise: change of the map under small noise   ±: half of the 95 % interval",
)


def show_assessment(found: Assessment) -> None:
    """The table, what its columns mean, the marks, and what to use."""
    screen = console()
    screen.print(Text(f"Every method on the same {counted(found.examples, 'test image')}", "bold"))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place, name in enumerate(COLUMNS):
        table.add_column(name, justify="left" if place == 0 else "right", no_wrap=True)
    for each in (*found.methods, found.random):
        style = "bold green" if each.name == found.recommended else ("dim" if each.marked else "")
        table.add_row(*_row(each, recommended=found.recommended), style=style)
    screen.print(table)
    for line in MEANING:
        screen.print(Text(line, "dim"))
    screen.print()
    for reason, names in _by_reason(found.methods).items():
        screen.print(f"! {', '.join(names)}: {one_line(reason.removesuffix('.'))}.")
    chosen = found.recommended
    if chosen is None:
        screen.print(Text(f"None is recommended: {found.reason}.", "bold"))
    else:
        screen.print(Text(f"* Recommended: {chosen}, the {found.reason}.", "bold"))
    kept = f"{one_line(str(found.run))}/explanations.json"
    screen.print(f"Kept in {kept}. Explanations and reports of this run go by it from now on.")


def _by_reason(methods: Sequence[MethodScore]) -> dict[str, list[str]]:
    """Reason → the methods that are marked for it."""
    found: dict[str, list[str]] = {}
    for each in methods:
        if each.marked is not None:
            found.setdefault(each.marked, []).append(each.name)
    return found


def _row(each: MethodScore, *, recommended: str | None) -> list[str]:
    mark = "*" if each.name == recommended else ("!" if each.marked else " ")
    return [
        f"{mark}{each.name}",
        _value(each.insertion),
        _value(each.deletion),
        _value(each.gain, spread=True),
        _value(each.road, spread=True),
        _value(each.randomisation_correlation, spread=True),
        _value(each.stability),
        "" if not each.seconds else f"{each.seconds:.2f}",
    ]


def _value(mean: Mean | None, *, spread: bool = False) -> str:
    if mean is None:
        return "-"
    low, high = mean.interval
    half = f"{(high - low) / 2:.2f}".removeprefix("0")  # eight columns in a terminal of 80
    return f"{mean.value:.2f}±{half}" if spread else f"{mean.value:.2f}"
