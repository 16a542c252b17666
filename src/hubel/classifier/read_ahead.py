"""Images are read on every core while others are computed: what comes next is ready when it is asked for, in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from hubel.catalogue import processors
from hubel.images.preprocessing import Preprocessing

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Groups that are being read while another one is used."""
GROUP = 64
"""Images of a group, which are computed together."""
GROUP_BYTES = 32_000_000
"""Of the pixels of a group, which then has fewer images; `AHEAD` more groups are held beside it."""
_PART = 8
"""Images to a task: handing over one small image costs as much as decoding it."""
_TOO_QUICK_S = 0.0005
"""Below this for one image, several threads spend more on taking turns with Python's lock than they gain."""


def read_ahead(
    groups: Iterable[Sequence[Item]], read: Callable[[Item], Result], *, ahead: int = AHEAD
) -> Iterator[tuple[Sequence[Item], list[Result]]]:
    """Each group with what was read of it, in order; a few groups wait, and no more are asked for.

    The groups are asked for in the caller's own thread, which may hold a generator that no other thread may touch.

    Args:
        groups: of what is to be read.
        read: one item → its result; an exception is raised where its group comes.
        ahead: groups that are read while another one is used.
    """
    waiting: deque[tuple[Sequence[Item], list[Result], list[Future[list[Result]]]]] = deque()
    pool: ThreadPoolExecutor | None = None

    def several(part: Sequence[Item]) -> list[Result]:
        return [read(item) for item in part]

    try:
        for group in groups:
            begun: list[Result] = []
            if pool is None:  # a single image is not worth a thread, and the first ones show how long they take
                begun, seconds = _timed(read, group[:_PART])
                pool = ThreadPoolExecutor(1 if seconds < _TOO_QUICK_S else processors())
            starts = range(len(begun), len(group), _PART)
            parts = [group[start : start + _PART] for start in starts]
            waiting.append((group, begun, [pool.submit(several, part) for part in parts]))
            if len(waiting) > ahead:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


def group_size(preprocessing: Preprocessing) -> int:
    """Images of a group: the same for the same classifier everywhere, so that groups are cut at the same places."""
    return max(8, min(GROUP, GROUP_BYTES // (preprocessing.height * preprocessing.width * 3)))


def groups_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """So many items together, the last ones fewer.

    Args:
        items: one after another.
        size: items of a group.
    """
    group: list[Item] = []
    for item in items:
        group.append(item)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _timed(read: Callable[[Item], Result], part: Sequence[Item]) -> tuple[list[Result], float]:
    """What was read, and the seconds of the quickest."""
    results, quickest = [], float("inf")
    for item in part:
        begun = time.perf_counter()
        results.append(read(item))
        quickest = min(quickest, time.perf_counter() - begun)
    return results, quickest


def _finished(
    group: Sequence[Item], begun: list[Result], parts: Sequence[Future[list[Result]]]
) -> tuple[Sequence[Item], list[Result]]:
    return group, [*begun, *(result for part in parts for result in part.result())]
