"""What the search for shortcuts found → text for people."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from hubel.cli.show.advice import INDENT, wrapped
from hubel.text import counted, few_names, one_line
from hubel.workflows.auditing.shortcut_report import ProbeResult, Shortcuts

EXAMPLES = 2
"""Images of the class that are named with each alarm."""


def show_shortcuts(screen: Console, shortcuts: Shortcuts) -> None:
    """Each alarm with what may excuse it and what to do; the other probes in a line.

    Args:
        screen: where it is printed.
        shortcuts: what was found.
    """
    alarms = shortcuts.alarms
    heading = f"Shortcuts: {len(alarms):,}" if alarms else "Shortcuts: none found"
    screen.print(Text(heading, "bold yellow" if alarms else "bold"))
    for each in alarms:
        _alarm(screen, each)
    tried = f"{counted(shortcuts.examples, 'image')} looked at; copies and groups count once."
    if shortcuts.quiet:
        tried += f" No alarm: {', '.join(shortcuts.quiet)}."
    if shortcuts.same_everywhere:
        tried += f" Nothing to compare: {', '.join(shortcuts.same_everywhere)}."
    if shortcuts.left_out:
        tried += f" Too few images: {few_names(shortcuts.left_out)}."
    for line in wrapped(one_line(tried), screen):
        screen.print(Text(line, "dim"))
    screen.print()


def _alarm(screen: Console, alarm: ProbeResult) -> None:
    for line in wrapped(one_line(f"{alarm.name}: {alarm.message}"), screen):
        screen.print(line)
    for path in alarm.paths[:EXAMPLES]:
        screen.print(Text(f"{2 * INDENT}{one_line(path)}", "dim"))
    for line in wrapped(alarm.advice, screen):
        screen.print(Text(line, "italic"))
