"""What lets a fit outlive its end: a state to go on from, a place for its states, and who may ask it to stop."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hubel.training.state import LoopState

Moment: TypeAlias = Literal["epoch", "stop", "end"]
"""An epoch is done; the fit was asked to stop; all epochs are done."""
Keep: TypeAlias = Callable[[Callable[[], LoopState], Moment], None]
"""(makes the state, why it is offered): keeps it, if it is worth its time."""


@dataclass
class Stop:
    """A wish from outside, of a signal for one, that a fit ends after the step it is in.

    Args:
        asked: it is to end.
        leaves: nothing shall be made of what was trained so far: the program is to go.
        heard: a fit is running that will notice.
    """

    asked: bool = False
    leaves: bool = False
    heard: bool = False

    @contextmanager
    def listened(self) -> Generator[None]:
        """A context in which a fit looks at the wish after each step."""
        self.heard = True
        try:
            yield
        finally:
            self.heard = False


def keep_nothing(make_state: Callable[[], LoopState], moment: Moment) -> None:
    """Keep no state."""


@dataclass(frozen=True)
class Survival:
    """Where a fit goes on from, what keeps its states, and who may ask it to stop.

    Args:
        state: to go on from; None to begin.
        keep: is offered the state after each epoch, when it stops and at the end.
        stop: looked at after each step.
    """

    state: LoopState | None = None
    keep: Keep = keep_nothing
    stop: Stop = field(default_factory=Stop)
