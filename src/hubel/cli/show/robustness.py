"""A robustness test → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from hubel.cli.show.advice import show_advice, wrapped
from hubel.cli.show.results import console
from hubel.evaluation.robustness import ChangeScore, GroupOfImages, LevelScore
from hubel.text import counted, one_line, with_interval
from hubel.workflows.robustness.findings import describe
from hubel.workflows.robustness.robustness import Robustness
from hubel.workflows.robustness.robustness_folder import FILES

GROUPS_SHOWN = 5
COSTS = "*"


def show_robustness(found: Robustness) -> None:
    """Accuracy as it is, the table of changes, groups, what that means, and what to do.

    Args:
        found: what was measured.
    """
    screen = console()
    images = found.named.images
    where = "test images" if images.split == "test" else f"images of {one_line(found.location)}"
    screen.print(
        f"{one_line(str(found.request.run))} on {found.clean.right.count:,} {where}, as they are: accuracy "
        f"{with_interval(found.clean.right.value, found.clean.right.interval)}, calibration error {found.clean.ece:.3f}"
    )
    _show_table(screen, found.changes)
    if found.groups:
        _show_groups(screen, found.groups)
    for sentence in describe(found):
        for line in wrapped(one_line(sentence), screen):
            screen.print(line.removeprefix("  "))
    if found.request.out is not None:
        screen.print(f"Wrote {one_line(str(found.request.out))}: {', '.join(FILES)}")
    show_advice(screen, found.advice)


def _show_table(screen: Console, changes: Sequence[ChangeScore]) -> None:
    """One row for each change; in a cell, one number for each strength, the weakest first."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    for name in ("change", "strengths", "accuracy", "answers changed", "calibration error"):
        shown.add_column(name, no_wrap=True)
    for change in changes:
        strengths = [f"{level.level:g}" for level in change.levels] if change.unit else ["yes"]
        shown.add_row(
            Text(f"{change.name}{f', {_short(change.unit)}' if change.unit else ''}"),
            Text(_side_by_side(strengths, 4)),
            Text(_cells(change, lambda each: f"{each.right.value:.2f}{COSTS if each.costs else ' '}", width=5)),
            Text(_cells(change, lambda each: f"{100 * each.changed.value:.0f} %", width=5)),
            Text(_cells(change, lambda each: f"{each.ece:.2f}", width=4)),
        )
    screen.width = max(screen.width, Measurement.get(screen, screen.options.update(width=500), shown).maximum)
    screen.print(shown)
    if any(level.costs for change in changes for level in change.levels):
        screen.print(
            Text(
                f"{COSTS} less than without the change; chance does not explain it (exact paired tests, by Holm)", "dim"
            )
        )


def _short(unit: str) -> str:
    """The unit in a few letters: the page and the help have it whole."""
    if unit.startswith("%") and unit.endswith("side"):
        return "% of side"
    return {"degrees": "°", "% of the range": "%", "quality": "quality"}.get(unit, "± %")


def _cells(change: ChangeScore, text: Callable[[LevelScore], str], *, width: int) -> str:
    return _side_by_side([text(each) for each in change.levels], width)


def _side_by_side(texts: Sequence[str], width: int) -> str:
    return " ".join(text.rjust(width) for text in texts)


def _show_groups(screen: Console, groups: Sequence[GroupOfImages]) -> None:
    screen.print(Text("Groups", "bold").append(", the least accurate first; of many, one always is, by chance", "dim"))
    for group in groups[:GROUPS_SHOWN]:
        worse = "   less than the others" if group.is_worse else ""
        screen.print(
            f"  {one_line(group.name)}: accuracy {with_interval(group.right.value, group.right.interval)} on "
            f"{counted(group.right.count, 'image')}, {100 * group.changed:.0f} % of the answers change{worse}"
        )
    if len(groups) > GROUPS_SHOWN:
        screen.print(f"  and {len(groups) - GROUPS_SHOWN} more; --json has all")
    screen.print()
