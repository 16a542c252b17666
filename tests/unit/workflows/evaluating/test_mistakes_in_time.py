"""The covered copies of the worst mistakes give way where a time limit is over; the mistakes are shown all the same."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hubel.workflows.evaluating import page_images
from hubel.workflows.evaluating.page_images import MISTAKES_SHOWN, worst_mistakes

SECONDS = 10.0
"""Of the covered copies of one image, on the simulated machine."""


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> page_images.Tested:
    """Twenty images, all of them named wrongly, on a machine whose clock only covering moves."""
    now, count = [0.0], 20

    def cover(classifier: object, pixels: np.ndarray, named: int, *, method: str) -> np.ndarray:
        now[0] += SECONDS
        return np.zeros(pixels.shape[:2], np.float32)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(page_images, "mark", cover)
    monkeypatch.setattr(page_images, "thumbnails", lambda decoded, indices, side: {})
    report = SimpleNamespace(
        labels=np.zeros(count, np.int64), hits=np.zeros(count, bool), predicted=np.ones(count, np.int64),
        probabilities=np.tile([0.1, 0.9], (count, 1)), class_names=("cat", "dog"),
    )  # fmt: skip
    corpus = SimpleNamespace(examples=[SimpleNamespace(path=f"{place}.png") for place in range(count)])
    decoded = SimpleNamespace(corpus=corpus, images=np.zeros((count, 8, 8, 3), np.uint8))
    classifier = SimpleNamespace(compute_logits=None, folder=None)
    return page_images.Tested(cast("Any", decoded), np.arange(count), cast("Any", report), cast("Any", classifier))


@pytest.mark.parametrize(("ends_at", "covered"), [(float("inf"), MISTAKES_SHOWN), (35.0, 3), (-1.0, 0)])
def test_as_many_are_covered_as_there_is_time_for(tested: page_images.Tested, ends_at: float, covered: int):
    mistakes = worst_mistakes(tested, ends_at=ends_at)
    assert len(mistakes) == MISTAKES_SHOWN
    assert [bool(each.heat) for each in mistakes] == [place < covered for place in range(MISTAKES_SHOWN)]
    assert all(each.image for each in mistakes)
