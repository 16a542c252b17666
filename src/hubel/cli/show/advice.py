"""Advice → text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hubel.advice.advise import most_harmful
from hubel.advice.remarks import Advice
from hubel.errors.wording import NOTHING
from hubel.shell import in_shell
from hubel.text import one_line

WIDEST = 120
INDENT = "  "


def show_advice(out: Console, advice: Sequence[Advice]) -> None:
    """Each as sentences with their evidence, and the command on a line of its own, never broken or printed twice.

    Args:
        out: where it is printed.
        advice: as `advise` gives it.
    """
    out.print(Text("Next", "bold"))
    printed = {NOTHING}
    for each in most_harmful(advice):
        sentences = one_line(f"{each.text} {each.evidence}")
        for line in wrapped(sentences, out):
            out.print(line)
        if each.command not in printed:
            out.print(Text(2 * INDENT + one_line(in_shell(each.command)), "bold"))
            printed.add(each.command)


def wrapped(sentences: str, out: Console) -> list[str]:
    """Indented lines that fit the terminal; no word is broken, so that a path or an option can be copied.

    Args:
        sentences: on one line.
        out: whose width counts.
    """
    width = max(40, min(WIDEST, out.width) - len(INDENT))
    lines = textwrap.wrap(sentences, width, break_long_words=False, break_on_hyphens=False)
    return [INDENT + line for line in lines]
