"""How the time of a training is divided between its steps and all that follows them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hubel.corpus.split import Splits
from hubel.training.plan import Afterwards

SAVE_S = 3.5
"""Seconds kept for writing the run folder and its report."""
BASELINE_EXAMPLES = 10_000
"""Training images that the dense baseline learns from at most."""
BASELINE_S = 6e-4
"""Of one of them, on a slow processor."""
BASELINE_SHARE = 0.05
"""Of a time limit: what the dense baseline may take of it, on such a processor."""
MOST_TRAIN_SCORED = 4000
"""Training images that are looked at again, to learn what is usual and how well they are remembered."""
LEAST_TRAIN_SCORED = 400
"""Fewer say little of what is usual; where time is short, they come before the covered copies."""
FEWEST_TRAIN_SCORED = 100
"""Of these what is usual is learned all the same, also where it is late."""
RESERVED = 1 / 3
"""Share of a time limit that is kept for what follows a training, where all of it would take longer and can be cut."""
OCCLUDED = 600
"""Covered copies of the worst mistakes, for the report."""


@dataclass(frozen=True)
class Deadline:
    """When everything must be done.

    Args:
        started: monotonic seconds at which the user pressed Enter; as much earlier as an interrupted run had taken.
        limit_s: seconds for everything; None without a limit.
    """

    started: float
    limit_s: float | None

    @property
    def ends_at(self) -> float:
        """Monotonic seconds; infinite without a limit."""
        return float("inf") if self.limit_s is None else self.started + self.limit_s

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def left(self, reserve_s: float) -> float:
        """Seconds until the limit, less a reserve; infinite without a limit."""
        return float("inf") if self.limit_s is None else self.limit_s - self.elapsed() - reserve_s


def baseline_examples(train_examples: int, limit_s: float | None) -> int:
    """Training images that the dense baseline learns from: fewer where the time is short.

    Args:
        train_examples: of the training split.
        limit_s: that the user set; None without.
    """
    affordable = BASELINE_EXAMPLES if limit_s is None else int(BASELINE_SHARE * limit_s / BASELINE_S)
    return min(train_examples, BASELINE_EXAMPLES, max(LEAST_TRAIN_SCORED, affordable))


def what_follows(splits: Splits, limit_s: float | None, *, passes: int = 1) -> Afterwards:
    """A validation, scoring all splits, the baseline and writing.

    Where that would take more than a third of a limit, fewer training images are scored and fewer copies covered.

    Args:
        splits: of the corpus.
        limit_s: that the user set; None without.
        passes: forward passes of an answer.
    """
    train, held_out = len(splits.train), 2 * len(splits.validation) + len(splits.test)
    return Afterwards(
        SAVE_S + BASELINE_S * baseline_examples(train, limit_s),
        passes * (held_out + min(train, MOST_TRAIN_SCORED) + OCCLUDED),
        passes * (held_out + min(train, FEWEST_TRAIN_SCORED)),
        float("inf") if limit_s is None else RESERVED * limit_s,
    )
