"""The content of each example: its digest, and what is computed of it on every core.

A fault of the moment (`UnreadableImage.may_pass`) is tried again when all others are done, and is never remembered.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from hubel.arrays import Image
from hubel.catalogue import Later, processors
from hubel.corpus.corpus import Corpus, refused_row, without
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, Progress, ignore
from hubel.images.faults import no_memory
from hubel.pipeline.cache import Entry, Kind, kept, say_where

Result = TypeVar("Result")
RowsOfOne = TypeVar("RowsOfOne", bound="tuple[np.ndarray | UnreadableImage, ...]")

computed_by_workers = Later("hubel.pipeline.workers", "computed_by_workers")
_CHUNK = 256
"""Results made before they are handed on: bounds memory to a few of these."""
_PART = 16
"""Examples to a task: handing over one small image costs as much as decoding it."""
_TRIED = 64
"""Examples done in the caller's own thread, to see how long they take."""
_TOO_QUICK_S = 0.0005
"""Below this for one example, threads spend more on taking turns with Python's lock than they gain: 60,000 images of 32
pixels were measured in 22 s by two threads, in 14 s by one."""

_SMALL_S, MANY = 0.002, 8_000
"""Examples that take less are left to processes, from so many on: starting these takes as long as some thousand of
them. `benchmarks/bench_small_images.py`: 1.27 times as fast for 6,000 images, 1.50 times for 14,000, on two cores."""


class _Stopped(Exception):
    """Nobody waits for the rest any more."""


@dataclass(frozen=True)
class Divided:
    """Work that can be done in two places: contents are read here, and computed anywhere.

    Args:
        read: place → content.
        compute: several contents → a result for each; it can be pickled.
    """

    read: Callable[[int], bytes | Image | UnreadableImage]
    compute: Callable[[Iterable[bytes | Image | UnreadableImage]], Sequence[Any]]

    def __call__(self, places: Iterable[int]) -> Sequence[Any]:
        """One result for each of these places."""
        return self.compute(self.read(place) for place in places)


def in_order(
    work: Callable[[Iterable[int]], Sequence[Result]], count: int, stage: str, on_event: OnEvent
) -> Iterator[Result]:
    """The results for examples 0 to ``count - 1``, in order; on every core where that is faster.

    Whoever stops asking, by Ctrl-C for one, waits for the examples at hand only.

    Args:
        work: places → one result for each of them; many small ones go to processes if it is `Divided`.
        count: examples.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    start, fastest = 0, float("inf")

    def tell(done: int) -> None:
        on_event(Progress(stage, done, count))

    while start < count and (start < _TRIED or fastest < _TOO_QUICK_S):
        if start >= _TRIED and isinstance(work, Divided) and _is_for_workers(fastest, count - start):
            break
        stop = min(count, start + _PART)
        begun = time.perf_counter()
        results = work(range(start, stop))
        fastest = min(fastest, (time.perf_counter() - begun) / (stop - start))
        yield from results
        start = stop
        if start % _CHUNK == 0 or start == count:
            tell(start)
    if isinstance(work, Divided) and _is_for_workers(fastest, count - start):
        rest = range(start, count)
        yield from computed_by_workers(work.compute, work.read, rest, example_s=fastest, tell=tell)
        return
    yield from _on_every_core(work, start, count=count, tell=tell)


def _is_for_workers(fastest: float, count: int) -> bool:
    """Whether so many examples, of which one takes so many seconds, are computed more quickly by processes."""
    return fastest < _SMALL_S and count >= MANY and processors() > 1


def _on_every_core(
    work: Callable[[Iterable[int]], Sequence[Result]], first: int, *, count: int, tell: Callable[[int], None]
) -> Iterator[Result]:
    stopped = threading.Event()

    def places(start: int, stop: int) -> Iterator[int]:
        for place in range(start, stop):
            if stopped.is_set():
                raise _Stopped
            yield place

    def part(start: int, stop: int) -> Sequence[Result]:
        return work(places(start, stop))

    pool = ThreadPoolExecutor(processors())
    try:
        for start in range(first, count, _CHUNK):
            stop = min(count, start + _CHUNK)
            starts = range(start, stop, _PART)
            for results in pool.map(part, starts, [min(stop, each + _PART) for each in starts]):
                yield from results
            tell(stop)
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class HashedCorpus:
    """A corpus of which every file could be read, and what the files held.

    Args:
        corpus: less what could not be read.
        digests: SHA-256 of each example's content.
    """

    corpus: Corpus
    digests: tuple[str, ...]

    def without(self, faults: Mapping[int, UnreadableImage]) -> HashedCorpus:
        """Less the examples at these places, which join ``corpus.left_out``."""
        rows = {place: refused_row(self.corpus, place, fault=each) for place, each in faults.items()}
        digests = tuple(digest for place, digest in enumerate(self.digests) if place not in rows)
        return HashedCorpus(without(self.corpus, rows), digests)


def hash_corpus(corpus: Corpus, *, on_event: OnEvent = ignore) -> HashedCorpus:
    """Read every example once; what cannot be read joins the corpus' ``left_out``, with the reason.

    Args:
        corpus: what `read_corpus` listed.
        on_event: hears `Progress`.
    """
    found = compute_digests(corpus, on_event)
    faults = {place: each for place, each in enumerate(found) if isinstance(each, UnreadableImage)}
    digests = tuple("" if isinstance(each, UnreadableImage) else each for each in found)
    return HashedCorpus(corpus, digests).without(faults)


def compute_digests(corpus: Corpus, on_event: OnEvent) -> list[str | UnreadableImage]:
    """SHA-256 of each example's content, or why it cannot be read.

    Args:
        corpus: what `read_corpus` listed.
        on_event: hears `Progress`.
    """

    def several(places: Iterable[int]) -> list[str | UnreadableImage]:
        return [digest_of(_read(corpus, place)) for place in places]

    found = list(in_order(several, len(corpus), "checking files", on_event))
    return [
        digest_of(_read(corpus, place)) if isinstance(each, UnreadableImage) and each.may_pass else each
        for place, each in enumerate(found)
    ]


def _read(corpus: Corpus, place: int) -> bytes | Image | UnreadableImage:
    try:
        return corpus.read(place)
    except UnreadableImage as error:
        return error.without_traceback()
    except MemoryError:
        return no_memory()


def digest_of(content: bytes | Image | UnreadableImage) -> str | UnreadableImage:
    """Of a file's bytes, or of the shape and pixels of an image that never was a file; a fault stays what it is."""
    if isinstance(content, UnreadableImage):
        return content
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(str(content.shape).encode() + content.tobytes()).hexdigest()


def computed_rows(
    hashed: HashedCorpus,
    kind: Kind,
    *,
    compute: Callable[[Iterable[bytes | Image | UnreadableImage]], Sequence[np.ndarray | UnreadableImage]],
    stage: str,
    on_event: OnEvent,
) -> Entry:
    """One row for each example that can be read: found in the cache, or computed on every core and kept.

    Args:
        hashed: whose images; one that has changed since is refused.
        kind: what is computed.
        compute: several contents → a row [*shape of one] for each; a fault for what cannot be read, or was none. It can
            be pickled.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    rows = partial(_single, compute)

    def make_rows() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
        for place, (row,) in computed(hashed, compute=rows, stage=stage, on_event=on_event):
            yield place, row

    say_where(on_event)
    return kept(hashed.digests, kind, make_rows=make_rows)


def _single(
    compute: Callable[[Iterable[bytes | Image | UnreadableImage]], Sequence[np.ndarray | UnreadableImage]],
    contents: Iterable[bytes | Image | UnreadableImage],
) -> list[tuple[np.ndarray | UnreadableImage]]:
    return [(row,) for row in compute(contents)]


def computed(
    hashed: HashedCorpus,
    *,
    compute: Callable[[Iterable[bytes | Image | UnreadableImage]], Sequence[RowsOfOne]],
    stage: str,
    on_event: OnEvent,
) -> Iterator[tuple[int, RowsOfOne]]:
    """The rows of each example, computed on every core; last those of which one had a fault that may pass.

    Args:
        hashed: whose images; one that has changed since is refused.
        compute: several contents → for each one row of every kind; a fault for what cannot be read, or was none. It can
            be pickled.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.

    Returns:
        (place, rows) of each example.
    """

    def content(place: int) -> bytes | Image | UnreadableImage:
        found = _read(hashed.corpus, place)
        digest = digest_of(found)
        if isinstance(digest, UnreadableImage):
            return digest if digest.may_pass else _changed()  # it could be read when it was hashed
        return found if digest == hashed.digests[place] else _changed()

    several = Divided(content, compute)
    again = []
    for place, rows in enumerate(in_order(several, len(hashed.corpus), stage, on_event)):
        if any(isinstance(row, UnreadableImage) and row.may_pass for row in rows):
            again.append(place)
        else:
            yield place, rows
    for place in again:
        yield place, several([place])[0]


def _changed() -> UnreadableImage:
    return UnreadableImage("changed", "the file changed while the corpus was read: start again")
