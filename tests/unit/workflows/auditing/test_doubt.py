"""Labels are doubted within a time: what is drawn, what it is computed from, and what is said before it starts."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from hubel.errors import WrongRequest
from hubel.events import Event, Message, Progress
from hubel.shell import text_in_shell
from hubel.workflows.auditing.doubt import REGULARISATION, compute_in_time, out_of_fold, spread
from hubel.workflows.auditing.suspects import Doubts


@given(counts=st.lists(st.integers(1, 60), min_size=1, max_size=6), most=st.integers(1, 200), order=st.randoms())
@settings(max_examples=60, deadline=None)
def test_of_every_class_its_share_is_drawn_and_none_is_left_out(counts: list[int], most: int, order: Any):
    marks = [label for label, count in enumerate(counts) for _ in range(count)]
    order.shuffle(marks)
    labels = np.array(marks)
    places = spread(labels, most)
    assert len(places) == min(most, len(labels))
    assert (np.diff(places) > 0).all()
    drawn = np.bincount(labels[places], minlength=len(counts))
    if most >= len(counts):
        assert (drawn >= 1).all()
    # no class is ahead of another by more than one image: without its last one it has no larger share than any
    of_each = np.array(counts)
    assert ((drawn - 1) / of_each).max() <= (drawn / of_each).min()


def test_the_same_images_are_drawn_again():
    labels = np.arange(100) % 3
    np.testing.assert_array_equal(spread(labels, 20), spread(labels.copy(), 20))


class Machine:
    """Describes an image by its mean, and takes as long for each image as it is told to."""

    def __init__(self, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.seconds, self.described = 0.0, seconds, 0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def describe(self, images: np.ndarray) -> np.ndarray:
        self.now += self.seconds * len(images)
        self.described += len(images)
        return images.mean(axis=(1, 2), dtype=np.float32)


def described(machine: Machine, count: int, limit_s: float) -> tuple[np.ndarray, np.ndarray, list[Event]]:
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    told: list[Event] = []
    places, features = compute_in_time(
        images, np.arange(count) % 2, describe=machine.describe, limit_s=limit_s, on_event=told.append
    )
    return places, features, told


def test_where_there_is_time_every_image_is_described_and_the_time_is_said(monkeypatch: pytest.MonkeyPatch):
    # 200 images of 0.1 s are 20 s, which are to be 60 % of the time: 33 s, said in steps of five
    places, features, told = described(Machine(0.1, monkeypatch), 200, limit_s=100.0)
    assert places.tolist() == list(range(200))
    np.testing.assert_array_equal(features[:, 0], np.arange(200, dtype=np.float32))
    message = told[0]
    assert isinstance(message, Message)
    assert (str(message.text), message.warning) == ("Checking 200 labels takes about 35 s.", False)
    assert isinstance(told[-1], Progress)
    assert (told[-1].done, told[-1].total) == (200, 200)


def test_where_there_is_not_a_part_of_each_class_is_and_what_would_help_is_said(monkeypatch: pytest.MonkeyPatch):
    # 60 % of 20 s are 12 s, which are 120 images
    places, features, told = described(Machine(0.1, monkeypatch), 250, limit_s=20.0)
    assert len(places) == len(features) == 120
    assert np.bincount(places % 2).tolist() == [60, 60]
    np.testing.assert_array_equal(features[:, 0], places.astype(np.float32))
    message = told[0]
    assert isinstance(message, Message)
    assert message.warning
    assert text_in_shell(message.text) == (
        "There is time for 120 of 250 labels in 20 s, drawn in proportion from each class. To check more: "
        "--time-limit 1h."
    )


def test_however_slow_the_machine_twice_the_images_that_were_timed_are_described(monkeypatch: pytest.MonkeyPatch):
    places, _, _ = described(Machine(1000.0, monkeypatch), 250, limit_s=10.0)
    assert len(places) == 64


def test_probabilities_are_those_of_a_regression_on_the_other_folds():
    rng = np.random.default_rng(4)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 5)).astype(np.float32) + labels[:, None]
    folds = [np.arange(start, 60, 4) for start in range(4)]
    told: list[Event] = []
    found = out_of_fold(features, labels, folds=folds, classes=3, on_event=told.append)
    for fold in folds:
        others = np.setdiff1d(np.arange(60), fold)
        mean, deviation = features[others].mean(axis=0), features[others].std(axis=0)
        regression = LogisticRegression(C=REGULARISATION, max_iter=200, tol=1e-3)
        regression.fit((features[others] - mean) / deviation, labels[others])
        expected = regression.predict_proba((features[fold] - mean) / deviation)
        np.testing.assert_allclose(found[fold], expected, atol=1e-3)
    assert [event.done for event in told if isinstance(event, Progress)] == [1, 2, 3, 4]


@pytest.mark.parametrize("limit_s", [9.9, 0.0, 2_592_001.0])
def test_an_impossible_time_for_the_labels_is_refused(limit_s: float):
    with pytest.raises(WrongRequest, match="must be from 10 seconds to 30 days. Received: "):
        Doubts(limit_s=limit_s)


def test_doubts_are_three_minutes_unless_the_user_says_another_time():
    assert Doubts().limit_s == 180
    assert Doubts(limit_s=10).limit_s == 10
