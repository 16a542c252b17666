"""Noise that keeps the answer, and how much a map changes by it."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.explanation.assessment.stability import COPIES, NOISE, noisy_copies, relative_change


def test_the_change_is_relative_to_the_map_and_the_mean_over_the_others():
    heat = np.array([[3.0, 0.0], [0.0, 4.0]])  # of length 5
    others = np.stack([heat, heat + np.array([[0, 5], [0, 0]]), heat + np.array([[0, 0], [10, 0]])])
    assert relative_change(heat, others) == pytest.approx((0 + 1 + 2) / 3)


def test_without_others_or_with_a_map_of_0_there_is_no_number():
    assert relative_change(np.ones((2, 2)), np.zeros((0, 2, 2))) is None
    assert relative_change(np.zeros((2, 2)), np.ones((1, 2, 2))) is None


def test_copies_keep_the_answer_and_have_small_noise():
    image = np.full((16, 16, 3), 128, np.uint8)

    def undecided(images: np.ndarray) -> np.ndarray:
        """Class 1 where one value is above 126, which the noise changes now and then."""
        value = images[:, 3, 3, 0].astype(np.float32) - 126.5
        return np.stack([-value, value], axis=1)

    copies = noisy_copies(undecided, image, rng=np.random.default_rng(1), copies=8)
    assert 0 < len(copies) < 8
    assert (copies[:, 3, 3, 0] > 126).all()
    assert np.std(copies.astype(float) - 128) == pytest.approx(NOISE, rel=0.1)
    assert len(noisy_copies(undecided, image, rng=np.random.default_rng(1))) == COPIES
