"""A classifier that looks at one part of the images is found out; where there is no time, nothing is said."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hubel.workflows.evaluating.where_it_looks import COVERED, FEWEST, where_it_looks

SIDE = 32


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Grey images of two classes; those of the second are white in the middle and at the border."""
    labels = np.arange(count) % 2
    pixels = np.full((count, SIDE, SIDE, 3), 100, np.uint8)
    pixels[labels == 1, 12:20, 12:20] = 255
    pixels[labels == 1, :3] = 255
    return pixels, labels


def classifier(rows: slice, columns: slice) -> Any:
    """It names the second class where this part of an image is bright."""

    def compute_logits(batch: np.ndarray) -> np.ndarray:
        bright = batch[:, rows, columns].mean(axis=(1, 2, 3)) - 150
        return np.stack([-bright, bright], axis=1)

    return SimpleNamespace(compute_logits=compute_logits)


def looks(count: int, rows: slice, columns: slice, **more: Any) -> Any:
    pixels, labels = images(count)
    report = SimpleNamespace(labels=labels, predicted=labels, hits=np.ones(count, bool))
    return where_it_looks(
        classifier(rows, columns), pixels, places=np.arange(count), report=cast("Any", report), **more
    )


def test_one_that_looks_at_the_middle_needs_it():
    found = looks(60, slice(12, 20), slice(12, 20))
    assert found.middle_alone.all()
    assert found.without_middle.mean() == 0.5  # covered with the mean colour, all look like the first class
    assert found.test.verdict == "worse"
    assert max(found.border_heat) < 0.1


def test_one_that_looks_at_the_border_does_without_the_middle():
    found = looks(60, slice(0, 3), slice(0, SIDE))
    assert found.without_middle.all()
    assert found.middle_alone.mean() == 0.5
    assert found.test.verdict == "better"
    assert min(found.border_heat) > 0.6  # of two cells that are covered at a time, one is outside the border
    assert found.border_area == pytest.approx(1 - 0.75**2)


def test_of_many_images_some_are_covered_of_few_none():
    assert len(looks(1000, slice(0, 3), slice(0, 3)).whole) == COVERED
    assert looks(FEWEST - 1, slice(0, 3), slice(0, 3)) is None


def test_without_time_nothing_is_covered(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]

    def clock() -> float:
        now[0] += 1.0  # every look at the clock costs a second
        return now[0]

    monkeypatch.setattr(time, "monotonic", clock)
    assert looks(60, slice(0, 3), slice(0, 3), ends_at=5.0) is None
    assert looks(60, slice(0, 3), slice(0, 3), ends_at=-1.0) is None
    assert looks(60, slice(0, 3), slice(0, 3), ends_at=1e6) is not None
