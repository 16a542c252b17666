"""Ctrl-C and SIGTERM of a training: the first asks, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from hubel.training.interruption import Stop


class _AtOnce(BaseException):
    """Nothing on the way out catches this, as it may a KeyboardInterrupt, to finish something first."""


@contextmanager
def stoppable() -> Generator[Stop]:
    """A context in which the first signal lets a fit end after its step, and any other ends everything at once.

    Outside of a fit the first Ctrl-C is an ordinary one. SIGTERM leaves: nothing is scored after the checkpoint.

    Raises:
        KeyboardInterrupt: it was ended at once.
    """
    stop = Stop()
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = threading.current_thread() is threading.main_thread()
    if ours:
        for number, before in kept.items():
            if before is not signal.SIG_IGN:  # a shell has its background jobs ignore Ctrl-C
                signal.signal(number, _heard_by(stop))
    try:
        yield stop
    except _AtOnce:
        raise KeyboardInterrupt from None
    finally:
        if ours:
            for number, before in kept.items():
                signal.signal(number, before)


def _heard_by(stop: Stop) -> Callable[[int, FrameType | None], Any]:
    def hear(number: int, _: FrameType | None) -> None:
        first, stop.asked = not stop.asked, True
        terminated = number == signal.SIGTERM
        stop.leaves = stop.leaves or terminated
        if first and stop.heard:
            return
        if first and not terminated:
            raise KeyboardInterrupt
        raise _AtOnce

    return hear
