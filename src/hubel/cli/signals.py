"""Ctrl-C and SIGTERM of a training: the first asks, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from hubel.events import Event, OnEvent, StopHeard
from hubel.training.interruption import Stop


class _AtOnce(BaseException):
    """Nothing on the way out catches this, as it may a KeyboardInterrupt, to finish something first."""


class Signals:
    """Ctrl-C and SIGTERM → a wish to stop.

    Args:
        on_event: hears what goes on, as before.
    """

    def __init__(self, on_event: OnEvent) -> None:
        self.stop = Stop()
        self._on_event = on_event
        self._heard = False

    def on_event(self, event: Event) -> None:
        """Pass an event on, and learn from it whether a fit is running that will notice the wish."""
        if isinstance(event, StopHeard):
            self._heard = event.now
        self._on_event(event)

    def receive(self, number: int, _: FrameType | None) -> None:
        """A signal came.

        Args:
            number: of the signal.
            _: where the program was.
        """
        first, self.stop.asked = not self.stop.asked, True
        terminated = number == signal.SIGTERM
        self.stop.leaves = self.stop.leaves or terminated
        if first and self._heard:
            return
        if first and not terminated:
            raise KeyboardInterrupt
        raise _AtOnce


@contextmanager
def stoppable(on_event: OnEvent) -> Generator[Signals]:
    """A context in which the first signal lets a fit end after its step, and any other ends everything at once.

    Outside of a fit the first Ctrl-C is an ordinary one. SIGTERM leaves: nothing is scored after the checkpoint.

    Args:
        on_event: hears what goes on.

    Raises:
        KeyboardInterrupt: it was ended at once.
    """
    signals = Signals(on_event)
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = threading.current_thread() is threading.main_thread()
    if ours:
        for number, before in kept.items():
            if before is not signal.SIG_IGN:  # a shell has its background jobs ignore Ctrl-C
                signal.signal(number, signals.receive)
    try:
        yield signals
    except _AtOnce:
        raise KeyboardInterrupt from None
    finally:
        if ours:
            for number, before in kept.items():
                signal.signal(number, before)
