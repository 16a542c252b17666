"""Work on every core: in order, said on the way, and ended at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from hubel.events import Progress, ignore
from hubel.pipeline.parallel import in_order


def test_results_come_in_order_and_progress_is_said():
    heard: list[object] = []

    def work(places: Iterable[int]) -> list[int]:
        chosen = list(places)
        time.sleep(0.002 * (chosen[0] % 3))
        return [place * place for place in chosen]

    assert list(in_order(work, 1000, "squaring", heard.append)) == [n * n for n in range(1000)]
    assert heard[-1] == Progress("squaring", 1000, 1000)


def test_nothing_is_nothing():
    assert list(in_order(list, 0, "nothing", ignore)) == []


def test_an_error_reaches_the_caller():
    def work(places: Iterable[int]) -> list[int]:
        return [1 // (40 - place) for place in places]

    with pytest.raises(ZeroDivisionError):
        list(in_order(work, 100, "dividing", ignore))


def test_who_stops_asking_waits_for_the_examples_at_hand_only():
    begun = []
    lock = threading.Lock()

    def work(places: Iterable[int]) -> list[int]:
        done = []
        for place in places:
            with lock:
                begun.append(place)
            time.sleep(0.02)
            done.append(place)
        return done

    results = in_order(work, 10_000, "waiting", ignore)
    next(results)
    at_hand = len(begun)
    results.close()  # what Ctrl-C does
    assert len(begun) - at_hand <= 4  # not the rest of each thread's 16
