"""Who listens to a fit: what hears of its progress, what is offered its states, and who may ask it to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from hubel.events import OnEvent, ignore

if TYPE_CHECKING:
    from hubel.training.state import LoopState

Moment: TypeAlias = Literal["epoch", "stop", "leave", "end", "between"]
"""An epoch is done; the fit was asked to stop; it was asked to leave; all epochs are done; a phase is to begin."""
Keep: TypeAlias = "Callable[[Callable[[], LoopState], Moment], None]"
"""(makes the state, why it is offered): keeps it, if it is worth its time."""


@dataclass
class Stop:
    """A wish from outside, of a signal for one, that a fit ends after the step it is in.

    Args:
        asked: it is to end.
        leaves: nothing shall be made of what was trained so far: the program is to go.
    """

    asked: bool = False
    leaves: bool = False


def keep_nothing(make_state: Callable[[], LoopState], moment: Moment) -> None:
    """Keep no state.

    Args:
        make_state: makes it; not called.
        moment: why it is offered.
    """


@dataclass(frozen=True)
class Watch:
    """Who watches a fit: what hears of its progress and keeps its states, who may ask it to stop; and where it goes on.

    Args:
        state: to go on from; None to begin.
        keep: is offered the state after each epoch, when it stops and at the end.
        stop: looked at after each step; None where nobody can ask.
        on_event: hears `TrainingProgress`, `EpochDone` and `PhaseDone`; and `StopHeard`, where somebody can ask.
    """

    state: LoopState | None = None
    keep: Keep = keep_nothing
    stop: Stop | None = None
    on_event: OnEvent = ignore

    @property
    def asked(self) -> bool:
        """It is to end."""
        return self.stop is not None and self.stop.asked

    @property
    def leaves(self) -> bool:
        """And nothing shall be made of it."""
        return self.stop is not None and self.stop.leaves
