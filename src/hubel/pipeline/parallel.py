"""The same work on many examples, on every core, in order."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hubel.events import OnEvent, Progress

Result = TypeVar("Result")

_CHUNK = 256
"""Results made before they are handed on: bounds memory to a few of these."""
_PART = 16
"""Examples to a task: handing over one small image costs as much as decoding it."""


class _Stopped(Exception):
    """Nobody waits for the rest any more."""


def in_order(
    work: Callable[[Iterable[int]], Sequence[Result]], count: int, stage: str, on_event: OnEvent
) -> Iterator[Result]:
    """The results for examples 0 to ``count - 1``, made on every core, a chunk ahead.

    Whoever stops asking, by Ctrl-C for one, waits for the examples at hand only.

    Args:
        work: places → one result for each of them.
        count: examples.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    stopped = threading.Event()

    def places(start: int, stop: int) -> Iterator[int]:
        for place in range(start, stop):
            if stopped.is_set():
                raise _Stopped
            yield place

    def part(start: int, stop: int) -> Sequence[Result]:
        return work(places(start, stop))

    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for start in range(0, count, _CHUNK):
            stop = min(count, start + _CHUNK)
            starts = range(start, stop, _PART)
            for results in pool.map(part, starts, [min(stop, each + _PART) for each in starts]):
                yield from results
            on_event(Progress(stage, stop, count))
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
