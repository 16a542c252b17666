"""How far training is, by the epoch count or by the clock; and the learning rate there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Says which share of the training is done."""

    def fraction(self, steps_done: int) -> float:
        """0 at the start, 1 when training must end."""
        ...


@dataclass(frozen=True)
class StepClock:
    """Counts steps: the same on every machine.

    Args:
        total_steps: steps in all epochs.
    """

    total_steps: int

    def fraction(self, steps_done: int) -> float:
        """Share of the steps."""
        return min(1.0, steps_done / self.total_steps)


@dataclass(frozen=True)
class WallClock:
    """Counts seconds: the schedule ends exactly when the time does, however fast the machine is.

    Args:
        seconds: from the start of the training until it must end.
        now: monotonic seconds; a test gives its own.
        spent_s: seconds of them that an interrupted training has used up already.
    """

    seconds: float
    now: Callable[[], float] = time.monotonic
    spent_s: float = 0.0
    start: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.now() - self.spent_s)

    def fraction(self, steps_done: int) -> float:  # noqa: ARG002  (the other clock counts steps)
        """Share of the seconds."""
        return min(1.0, (self.now() - self.start) / self.seconds) if self.seconds > 0 else 1.0


@dataclass(frozen=True)
class FirstOf:
    """Two clocks: training ends when the first one says so.

    Args:
        one, other: any clocks.
    """

    one: Clock
    other: Clock

    def fraction(self, steps_done: int) -> float:
        """The larger share."""
        return max(self.one.fraction(steps_done), self.other.fraction(steps_done))


def warm_up_and_anneal(fraction: float, *, warm_up: float) -> float:
    """Factor of the learning rate: from 0 up to 1 at ``warm_up``, then down to 0 at the end, linearly.

    Args:
        fraction: share of the training done, 0 to 1.
        warm_up: share in which it rises, 0 up to 1 (exclusive).
    """
    if fraction < warm_up:
        return fraction / warm_up
    return max(0.0, (1 - fraction) / (1 - warm_up))
