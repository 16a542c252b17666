"""How far training is, by the epoch count or by the clock; and the learning rate there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

PACES, WINDOW = 9, 0.1
"""Steps, and share of the seconds of a training, that are looked at at least to tell how fast the machine is now: a
moment in which it does something else is no sign that it has become slower."""
LOOKS = 50
"""At so many steps of that share at most."""


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

    def elapsed(self) -> float:
        """Seconds since the start."""
        return self.now() - self.start

    def fraction(self, steps_done: int) -> float:  # noqa: ARG002  (the other clock counts steps)
        """Share of the seconds."""
        return min(1.0, self.elapsed() / self.seconds) if self.seconds > 0 else 1.0


@dataclass
class ReplanningClock:
    """A wall clock that ends the sooner, the slower the machine has become: what follows takes longer then, too.

    Args:
        wall: counts the seconds that were planned.
        later_s: seconds by which all that follows takes longer, where a step takes so many times as long as planned.
        step_s: seconds of a step, as measured when that was planned.
    """

    wall: WallClock
    later_s: Callable[[float], float]
    step_s: float
    _steps: int = 0
    _at: float | None = None
    _paces: deque[tuple[float, float]] = field(default_factory=deque)
    _share: float = 0.0

    def fraction(self, steps_done: int) -> float:
        """Share of the seconds that are left for the training; it never falls."""
        elapsed = self.wall.elapsed()
        if self._at is not None and steps_done > self._steps:
            self._remember(elapsed, (elapsed - self._at) / (steps_done - self._steps))
        if self._at is None or steps_done > self._steps:
            self._steps, self._at = steps_done, elapsed
        seconds = self.wall.seconds - self.later_s(max(1.0, self._slowness()))
        self._share = max(self._share, min(1.0, elapsed / seconds) if seconds > 0 else 1.0)
        return self._share

    def _remember(self, elapsed: float, pace: float) -> None:
        """Keep a pace, and of those before it as few as tell enough."""
        window = WINDOW * self.wall.seconds
        if self._paces and elapsed - self._paces[-1][0] < window / LOOKS:
            return
        self._paces.append((elapsed, pace))
        while len(self._paces) > PACES and self._paces[1][0] <= elapsed - window:
            self._paces.popleft()

    def _slowness(self) -> float:
        """How many times as long as planned a step takes by now; validations between epochs do not count."""
        if len(self._paces) < PACES or self.step_s <= 0:
            return 1.0
        if self._paces[-1][0] - self._paces[0][0] < WINDOW * self.wall.seconds:
            return 1.0
        return median(pace for _, pace in self._paces) / self.step_s


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
