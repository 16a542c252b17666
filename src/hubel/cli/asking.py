"""A question to whoever sits at the terminal, before a command does what was not typed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from hubel.cli.show.listen import Listener


def asking(listener: Listener, *, asked: bool) -> Callable[[str], bool]:
    """Whether weights may be downloaded: yes where that was typed; else a person is asked, and a script is told no.

    Args:
        listener: its progress bar makes room for the question.
        asked: the command names the weights.
    """

    def answer(question: str) -> bool:
        if asked:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        with listener.paused():
            return click.confirm(question, default=False, err=True)

    return answer
