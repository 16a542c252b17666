"""Small images are computed by processes of their own: Python's lock lets threads take turns only.

A worker is a Python that imports what the work needs and nothing of the program that started it, so that no script
needs a guard for it. It takes contents on standard input and gives results on standard output. What a worker cannot do,
because it was killed or never started, is done here; so is what holds a large image, of which one is decoded at a time.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, TypeVar

from hubel.catalogue import processors
from hubel.images.faults import LeftToParent, leave_large_images

Result = TypeVar("Result")

PART_S, LEAST_PART, MOST_PART = 0.04, 16, 128
"""Seconds that the examples take which are sent together, and how many those are. Whenever this process is busy with
something else, such as loading the framework, a worker that is done waits for Python's lock."""
MOST_WORKERS = 8
"""More would wait for the one process that reads the files."""
AHEAD = 3
"""Parts that wait for each worker: bounds memory."""
END_S = 5.0
_PROGRAM = "import sys; sys.path[:] = {path!r}; from hubel.pipeline.workers import answer; answer()"
_BROKEN = (OSError, EOFError, pickle.PickleError, ValueError, AttributeError, ImportError)
"""What is raised where a worker is gone, or sends no results."""


def computed_by_workers(
    compute: Callable[[Sequence[Any]], Sequence[Result]],
    read: Callable[[int], Any],
    places: range,
    *,
    example_s: float,
    tell: Callable[[int], None],
) -> Iterator[Result]:
    """The results of some examples, in order.

    Whoever stops asking waits for the parts at hand only.

    Args:
        compute: several contents → a result for each; it can be pickled, and so can these.
        read: place → content.
        places: of the examples.
        example_s: seconds that one of them takes.
        tell: hears at which place the results end that were given.
    """
    count = min(MOST_WORKERS, processors())
    workers: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
    started = [_Worker(compute) for _ in range(count)]
    for each in started:
        workers.put(each)
    stopped = threading.Event()

    def part(some: range) -> Sequence[Result]:
        if stopped.is_set():
            return []
        contents = [read(place) for place in some]
        worker = workers.get()
        try:
            return worker.compute(contents)
        finally:
            workers.put(worker)

    pool = ThreadPoolExecutor(count)
    waiting: deque[tuple[range, Future[Sequence[Result]]]] = deque()
    try:
        size = min(max(round(PART_S / max(example_s, 1e-6)), LEAST_PART), MOST_PART)
        for start in range(0, len(places), size):
            some = places[start : start + size]
            waiting.append((some, pool.submit(part, some)))
            if len(waiting) > AHEAD * count:
                yield from _finished(waiting, tell)
        while waiting:
            yield from _finished(waiting, tell)
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
        for each in started:
            each.close()


def _finished(waiting: deque[tuple[range, Future[Sequence[Result]]]], tell: Callable[[int], None]) -> Iterator[Result]:
    some, future = waiting.popleft()
    yield from future.result()
    tell(some.stop)


class _Worker:
    """A process that computes; where there is none, this one does."""

    def __init__(self, compute: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._compute = compute
        self._process: subprocess.Popen[bytes] | None = None
        self._pipes: tuple[IO[bytes], IO[bytes]] | None = None
        words = [sys.executable or "python", "-c", _PROGRAM.format(path=sys.path)]
        with suppress(OSError, ValueError):
            process = subprocess.Popen(  # noqa: S603  (this very Python)
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._process = process
            if process.stdin is not None and process.stdout is not None:
                self._pipes = process.stdin, process.stdout
                _send(compute, process.stdin)

    def compute(self, contents: Sequence[Any]) -> Sequence[Any]:
        """The results of some contents."""
        if self._pipes is not None:
            to, back = self._pipes
            try:
                _send(contents, to)
                results = pickle.load(back)  # noqa: S301  (of a process that was started here)
            except _BROKEN:
                self.close()
            else:
                if results is not None:
                    return results
        return self._compute(contents)

    def close(self) -> None:
        """End the process."""
        for pipe in self._pipes or ():
            with suppress(OSError):
                pipe.close()
        process, self._process, self._pipes = self._process, None, None
        if process is None:
            return
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _send(content: Any, pipe: IO[bytes]) -> None:
    pickle.dump(content, pipe, protocol=5)
    pipe.flush()


def answer() -> None:
    """Be a worker: what comes first computes all that follows. It ends with its input; Ctrl-C is for its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_large_images()
    gc.freeze()  # else what was imported is looked through again and again
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no result
    compute = pickle.load(sys.stdin.buffer)  # noqa: S301  (of the process that started this one)
    with suppress(EOFError, BrokenPipeError):
        while True:
            contents = pickle.load(sys.stdin.buffer)  # noqa: S301
            try:
                results = compute(contents)
            except LeftToParent:
                results = None
            pickle.dump(results, out, protocol=5)
            out.flush()
