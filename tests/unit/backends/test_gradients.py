"""Gradients with respect to images, on whichever framework runs."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient

pytestmark = pytest.mark.backend

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype(np.float32)


def test_the_gradient_of_a_sum_of_squares_is_twice_the_image():
    gradient = compute_gradient(lambda images: keras.ops.sum(keras.ops.square(images)), IMAGES)
    np.testing.assert_allclose(gradient, 2 * IMAGES, rtol=1e-6)


def test_the_gradient_is_zero_where_the_score_does_not_look():
    gradient = compute_gradient(lambda images: keras.ops.sum(images[:, 1, 2]), IMAGES)
    expected = np.zeros_like(IMAGES)
    expected[:, 1, 2] = 1
    np.testing.assert_array_equal(gradient, expected)
