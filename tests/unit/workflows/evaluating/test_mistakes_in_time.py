"""Where a time limit is over, covered copies and explained right answers give way; the mistakes are shown all the same."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hubel.explanation.faithfulness import MapScore, Scores
from hubel.workflows.evaluating import page_images
from hubel.workflows.evaluating.page_images import MISTAKES_SHOWN, right_answers, worst_mistakes

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


@pytest.mark.parametrize(("ends_at", "shown"), [(float("inf"), [2, 1]), (15.0, [2]), (-1.0, [])])
def test_the_surest_right_answer_of_each_class_is_explained_while_there_is_time(
    tested: page_images.Tested, monkeypatch: pytest.MonkeyPatch, ends_at: float, shown: list[int]
):
    scores = Scores(MapScore(0.8, 0.2), MapScore(0.5, 0.2), MapScore(0.4, 0.4))

    def explain(classifier: object, pixels: np.ndarray, named: int, *, method: str) -> tuple[np.ndarray, Scores]:
        return page_images.mark(classifier, pixels, named, method=method), scores

    monkeypatch.setattr(page_images, "mark_and_score", explain)
    report = cast("Any", tested.report)
    report.labels[:] = [0, 1, 0, *[2] * 17]
    report.class_names = ("cat", "dog", "hen")
    report.hits[:3] = True
    report.probabilities = np.array([[0.6, 0.2, 0.2], [0.1, 0.8, 0.1], [0.9, 0.1, 0.0], *[[1, 0, 0]] * 17])
    answers = right_answers(tested, ends_at=ends_at)
    assert [each.path for each in answers] == [f"{place}.png" for place in shown]
    if answers:
        first = answers[0]
        assert (first.true, first.probability, first.insertion, first.deletion) == (
            "cat",
            0.9,
            (0.8, 0.5, 0.4),
            (0.2, 0.2, 0.4),
        )
        assert first.not_beaten == ("a random map in deletion",)
