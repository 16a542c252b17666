"""What long work tells whoever watches: values that leave by ``on_event(value)``; nothing comes back up.

Long work is cut into chunks that fit into memory, with word of how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hubel.errors.wording import Text


@dataclass(frozen=True)
class Progress:
    """A stage has done this much: ``done`` of ``total`` ``unit``; a total of 0 is not known yet."""

    stage: str
    done: int
    total: int
    unit: str = "images"


@dataclass(frozen=True)
class Message:
    """Sentences for the user, which each door puts into words; ``warning`` if something may need a change."""

    text: Text | str
    warning: bool = False


@dataclass(frozen=True)
class PlanMade:
    """What training will do, said before it starts, as (name, value) lines."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TrainingProgress:
    """How far training is: ``fraction`` of its schedule, 0 to 1."""

    fraction: float
    epoch: int
    loss: float
    images_per_s: float
    seconds_left: float


@dataclass(frozen=True)
class NamingProgress:
    """Images are being named.

    Args:
        done: inputs that were answered or skipped, also before the work was resumed.
        total: about how many there are; 0 is not known yet.
        images_per_s: since it was begun or resumed.
        elapsed_s: the same.
    """

    done: int
    total: int
    images_per_s: float
    elapsed_s: float

    @property
    def seconds_left(self) -> float:
        """Until all are done; infinity where nobody knows."""
        known = self.total > self.done and self.images_per_s > 0
        return (self.total - self.done) / self.images_per_s if known else float("inf")


@dataclass(frozen=True)
class EpochDone:
    """One pass over the training split, and the score on the validation split after it; None where that is empty.

    ``best`` if no epoch before it had a lower validation log loss, nor the network that fine-tuning began with.
    """

    phase: str
    epoch: int
    loss: float
    validation_accuracy: float | None
    validation_log_loss: float | None
    images_per_s: float
    elapsed_s: float
    best: bool


@dataclass(frozen=True)
class PhaseDone:
    """A phase of training has ended, and the model has the weights that are kept.

    Args:
        phase: as in `EpochDone`.
        planned: epochs, at most.
        epochs: passes over the training split, with a fraction.
        ended_by: ``"schedule"``, ``"patience"`` or ``"user"``.
        kept: the epoch whose weights are kept; 0 for those from before the first.
        validation_accuracy, validation_log_loss: of these weights; None without validation images.
    """

    phase: str
    planned: int
    epochs: float
    ended_by: str
    kept: int
    validation_accuracy: float | None
    validation_log_loss: float | None


@dataclass(frozen=True)
class StopHeard:
    """From ``now`` on a wish to stop is heard after each step; or no longer."""

    now: bool


Event: TypeAlias = Progress | Message | PlanMade | TrainingProgress | NamingProgress | EpochDone | PhaseDone | StopHeard
OnEvent: TypeAlias = Callable[[Event], None]


def ignore(event: Event) -> None:
    """Listen to nothing."""


def in_chunks(count: int, size: int, *, stage: str, on_event: OnEvent = ignore) -> Iterator[slice]:
    """Slices of 0 to ``count``, one after the other; after each, once the next is asked for, progress is told.

    Args:
        count: of what there is to do; 0 gives no slice.
        size: of each slice but the last, which may be shorter.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    for start in range(0, count, size):
        stop = min(count, start + size)
        yield slice(start, stop)
        on_event(Progress(stage, stop, count))
