"""How a learning curve divides the time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hubel.corpus.split import Splits
from hubel.events import Event
from hubel.runs.request import TrainRequest
from hubel.workflows.training.learning_curve import _earlier
from hubel.workflows.training.part_plan import Earlier
from hubel.workflows.training.work import Fitted, Work

NOTHING = cast("Any", None)


def work(*, started: float, **wishes: object) -> Work:
    request = TrainRequest("photos", Path("run"), **wishes)  # type: ignore[arg-type]
    said: list[Event] = []
    return Work(request, NOTHING, NOTHING, Splits((), (), ()), np.zeros(0, np.int64), False, started, said.append)


def test_the_classifier_gets_four_sevenths_of_the_time_and_the_parts_as_much_for_each_image():
    mine = work(started=0.0, time_limit_s=100.0, learning_curve=True)
    seconds = mine.training_s(80.0, beside_s=5.0)
    assert seconds == pytest.approx((80 - 2 * 5) * 4 / 7)
    assert seconds * (1 + 0.25 + 0.5) + 2 * 5 == pytest.approx(80)


def test_without_a_curve_or_for_a_part_all_of_the_time_is_its_own():
    assert work(started=0.0, time_limit_s=100.0).training_s(80.0, beside_s=5.0) == 80
    earlier = Earlier({}, 10.0, 100.0)
    part = replace(work(started=0.0, time_limit_s=100.0, learning_curve=True), earlier=earlier)
    assert part.parts == ()
    assert part.training_s(80.0, beside_s=5.0) == 80


def test_without_a_time_limit_the_parts_take_time_of_their_own():
    assert work(started=0.0, learning_curve=True).training_s(80.0, beside_s=5.0) == 80


def fitted(**changes: object) -> Fitted:
    return cast(
        "Fitted", SimpleNamespace(**{"recipes": {}, "clock_s": 40.0, "beside_s": 3.0, "features": None, **changes})
    )


def test_a_part_gets_its_share_of_what_the_classifier_got():
    mine = work(started=time.monotonic(), time_limit_s=1000.0, learning_curve=True)
    quarter, half = (_earlier(mine, fitted(), number) for number in (0, 1))
    assert quarter is not None
    assert half is not None
    assert (quarter.clock_s, half.clock_s) == (10, 20)


def test_where_less_is_left_both_parts_are_cut_alike():
    mine = work(started=time.monotonic() - 90, time_limit_s=100.0, learning_curve=True)  # 5 s are kept to write
    quarter = _earlier(mine, fitted(beside_s=1.0), 0)
    assert quarter is not None
    assert quarter.clock_s == pytest.approx((10 - 5 - 2 * 1) / 3, abs=0.5)


def test_where_only_epochs_end_the_training_no_clock_does():
    mine = work(started=0.0, epochs=3, learning_curve=True)
    part = _earlier(mine, fitted(clock_s=None), 1)
    assert part is not None
    assert part.seconds() is None


def test_where_nothing_is_left_no_part_is_trained():
    mine = work(started=time.monotonic() - 99, time_limit_s=100.0, learning_curve=True)
    assert _earlier(mine, fitted(), 0) is None
