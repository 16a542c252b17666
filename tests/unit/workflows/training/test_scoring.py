"""How many training images are looked at again when the time is short."""

from __future__ import annotations

import time

import pytest

from hubel.corpus.split import Splits
from hubel.workflows.training import scoring
from hubel.workflows.training.time_budget import Deadline, baseline_examples

SPLITS = Splits(tuple(range(1000)), (), tuple(range(1000, 1200)))


def as_many(*, limit_s: float | None, image_s: float, elapsed_s: float = 0.0) -> int:
    deadline = Deadline(time.monotonic() - elapsed_s, limit_s)
    return scoring.as_many_as_fit(SPLITS, deadline, image_s=image_s)


def test_without_a_limit_and_with_much_time_left_it_is_all_that_are_useful():
    assert as_many(limit_s=None, image_s=9.0) == 4000
    assert as_many(limit_s=1000.0, image_s=0.01) == 4000


def test_a_machine_that_has_become_slow_looks_at_what_fits():
    # 100 s are left, less 3.5 for writing, 0.6 for the baseline and 800 images of 0.05 s: 55.9 s, 1,118 images.
    assert as_many(limit_s=300.0, elapsed_s=200.0, image_s=0.05) == pytest.approx(1118, abs=2)


def test_some_are_always_looked_at():
    assert as_many(limit_s=300.0, elapsed_s=400.0, image_s=0.05) == scoring.FEWEST_TRAIN_SCORED


def test_they_come_before_the_covered_copies():
    # 37 s are left, less 4.1 and 200 images of 0.05 s: 22.9 s, 458 images and no copy; 400 are enough.
    assert as_many(limit_s=300.0, elapsed_s=263.0, image_s=0.05) == scoring.LEAST_TRAIN_SCORED
    assert as_many(limit_s=300.0, elapsed_s=273.0, image_s=0.05) == pytest.approx(258, abs=2)


@pytest.mark.parametrize(
    ("train", "limit_s", "examples"),
    [(50_000, None, 10_000), (50_000, 600.0, 10_000), (50_000, 60.0, 5_000), (1_000, 60.0, 1_000), (50_000, 1.0, 400)],
)
def test_the_dense_baseline_takes_a_twentieth_of_a_short_limit_on_a_slow_machine(
    train: int, limit_s: float | None, examples: int
):
    assert baseline_examples(train, limit_s) == examples
