"""Insertion and deletion, against a plain loop; a map that knows beats those that do not, and a wrong one is told."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.explanation.faithfulness import STEPS, blurred, is_flat, random_maps, score_beside, score_map
from hubel.explanation.subject import Question, Subject

ROWS, COLUMNS = slice(0, 10), slice(20, 30)


def compute_logits(images: np.ndarray) -> np.ndarray:
    """Class 1 where a corner is bright."""
    brightness = images[:, ROWS, COLUMNS].astype(np.float64).mean(axis=(1, 2, 3))
    return np.stack([np.zeros(len(images)), (brightness - 225) / 4], axis=1).astype(np.float32)


SUBJECT = Subject(compute_logits, 2)


@pytest.fixture
def image() -> np.ndarray:
    image = np.full((30, 30, 3), 30, np.uint8)
    image[ROWS, COLUMNS] = 240
    return image


@pytest.fixture
def right() -> np.ndarray:
    heat = np.zeros((30, 30), np.float32)
    heat[ROWS, COLUMNS] = 1
    return heat


def test_both_areas_are_those_of_a_plain_loop(image: np.ndarray):
    heat = np.random.default_rng(0).permutation(900).reshape(30, 30).astype(np.float32)  # none twice: one order
    order = np.argsort(-heat.ravel())
    curves = {"insertion": [], "deletion": []}
    soft, colour = blurred(image).reshape(-1, 3), image.reshape(-1, 3).mean(axis=0).round()
    for step in range(STEPS + 1):
        taken = order[: round(900 * step / STEPS)]
        inserted, deleted = soft.copy(), image.reshape(-1, 3).copy()
        inserted[taken], deleted[taken] = image.reshape(-1, 3)[taken], colour
        for name, pixels in (("insertion", inserted), ("deletion", deleted)):
            logit = compute_logits(pixels.reshape(1, 30, 30, 3))[0, 1]
            curves[name].append(1 / (1 + np.exp(-float(logit))))
    score = score_map(SUBJECT, image, heat=heat, question=Question(1))
    for name, curve in curves.items():
        assert getattr(score, name) == pytest.approx(np.trapezoid(curve) / STEPS, abs=1e-6)


def test_the_right_map_beats_those_that_know_nothing(image: np.ndarray, right: np.ndarray):
    scores = score_beside(SUBJECT, image, heat=right, question=Question(1))
    assert scores.not_beaten == ()
    assert scores.own.insertion > scores.random.insertion + 0.2
    assert scores.own.deletion < scores.random.deletion / 2


def test_the_opposite_map_beats_none_of_them(image: np.ndarray, right: np.ndarray):
    told = score_beside(SUBJECT, image, heat=1 - right, question=Question(1)).not_beaten
    assert set(told) >= {"a random map in insertion", "a random map in deletion"}


def test_a_map_of_one_value_is_flat(right: np.ndarray):
    assert is_flat(np.zeros((4, 4), np.float32))
    assert is_flat(np.full((4, 4), 0.7, np.float32))
    assert not is_flat(right)


def test_random_maps_are_the_same_for_the_same_seed():
    first, again, other = (random_maps((20, 30), seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1
