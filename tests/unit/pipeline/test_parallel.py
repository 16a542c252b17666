"""Work on every core: in order, said on the way, and ended at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import pytest

from hubel.events import Progress, ignore
from hubel.pipeline.contents import in_order


@pytest.mark.parametrize("count", [1, 15, 16, 63, 64, 65, 256, 300, 1000])
@pytest.mark.parametrize("pause_s", [0.0, 0.001], ids=["quick", "slow"])
def test_results_come_in_order_and_progress_is_said(count: int, pause_s: float):
    heard: list[object] = []
    threads = set()

    def work(places: Iterable[int]) -> list[int]:
        threads.add(threading.get_ident())
        done = []
        for place in places:
            time.sleep(pause_s * (1 + place % 3) / 2)
            done.append(place * place)
        return done

    assert list(in_order(work, count, "squaring", heard.append)) == [n * n for n in range(count)]
    assert heard[-1] == Progress("squaring", count, count)
    assert (threads == {threading.get_ident()}) == (pause_s == 0 or count <= 64)


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
    for _ in range(65):  # the first 64 are tried by the caller
        next(results)
    at_hand = len(begun)
    results.close()  # what Ctrl-C does
    assert len(begun) - at_hand <= 4  # not the rest of each thread's 16
