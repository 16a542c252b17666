"""Long work cut into chunks that fit into memory, with word of how far it is."""

from __future__ import annotations

from collections.abc import Iterator

from hubel.events import OnEvent, Progress, ignore


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
