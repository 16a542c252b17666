"""The same work on many examples, on every core, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hubel.events import OnEvent, Progress

Result = TypeVar("Result")

_CHUNK = 256
"""Results made before they are handed on: bounds memory to a few of these."""
_PART = 16
"""Examples to a task: handing over one small image costs as much as decoding it."""


def in_order(
    work: Callable[[int, int], Sequence[Result]], count: int, stage: str, on_event: OnEvent
) -> Iterator[Result]:
    """The results for examples 0 to ``count - 1``, made on every core, a chunk ahead.

    Args:
        work: (start, stop) → one result for each example from start to before stop.
        count: examples.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for start in range(0, count, _CHUNK):
            stop = min(count, start + _CHUNK)
            starts = range(start, stop, _PART)
            for results in pool.map(work, starts, [min(stop, each + _PART) for each in starts]):
                yield from results
            on_event(Progress(stage, stop, count))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)  # Ctrl-C waits for the images at hand, not for a whole chunk
