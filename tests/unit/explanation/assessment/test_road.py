"""ROAD fills what is removed as its source says, and tells good maps from bad ones."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.explanation.assessment.road import DIAGONAL, DIRECT, compute_road, fill


def test_a_linear_gradient_is_filled_exactly():
    rows, columns = np.mgrid[:20, :30].astype(np.float64)
    gradient = np.stack([3 * rows + 2 * columns, 40 - rows, columns], axis=-1)
    missing = np.zeros((20, 30), bool)
    missing[4:15, 6:25] = True
    hollow = np.where(missing[..., None], 0.0, gradient)
    np.testing.assert_allclose(fill(hollow, missing), gradient, atol=1e-9)


def test_what_is_filled_is_the_weighted_mean_of_its_neighbours_also_at_the_edge():
    rng = np.random.default_rng(0)
    values, missing = rng.random((9, 11, 2)), rng.random((9, 11)) < 0.6
    filled = fill(values, missing)
    np.testing.assert_array_equal(filled[~missing], values[~missing])
    for row, column in np.argwhere(missing):
        total, weights = np.zeros(2), 0.0
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                inside = 0 <= row + down < 9 and 0 <= column + right < 11
                if (down, right) != (0, 0) and inside:
                    weight = DIAGONAL if down and right else DIRECT
                    total += weight * filled[row + down, column + right]
                    weights += weight
        np.testing.assert_allclose(filled[row, column], total / weights, atol=1e-9)


@pytest.mark.parametrize("missing", [np.zeros((4, 5), bool), np.ones((4, 5), bool)])
def test_where_nothing_or_everything_is_missing_the_values_stay(missing: np.ndarray):
    values = np.random.default_rng(0).random((4, 5, 3))
    np.testing.assert_array_equal(fill(values, missing), values)


def brightness_of_a_corner(images: np.ndarray) -> np.ndarray:
    return images[:, :30, :40].astype(np.float64).mean(axis=(1, 2, 3)) / 255


@pytest.fixture
def image() -> np.ndarray:
    """100 x 130 pixels, so that a cell of the grid has one or two: a bright corner on dark ground."""
    image = np.full((100, 130, 3), 30, np.uint8)
    image[:30, :40] = 240
    return image


def test_a_map_that_marks_what_decides_scores_high_its_opposite_low_and_a_random_one_about_0(image: np.ndarray):
    right = np.zeros((100, 130))
    right[:30, :40] = 1
    rng = np.random.default_rng(0)
    random = [compute_road(brightness_of_a_corner, image, heat=rng.random((100, 130)), seed=seed) for seed in range(4)]
    assert compute_road(brightness_of_a_corner, image, heat=right) > 0.4
    assert compute_road(brightness_of_a_corner, image, heat=-right) < -0.4
    assert abs(np.mean(random)) < 0.05


def test_a_flat_map_is_ranked_at_random_not_from_the_top(image: np.ndarray):
    scores = [compute_road(brightness_of_a_corner, image, heat=np.zeros((100, 130)), seed=seed) for seed in range(4)]
    assert abs(np.mean(scores)) < 0.05


def test_the_image_is_left_as_it_was(image: np.ndarray):
    before = image.copy()
    compute_road(brightness_of_a_corner, image, heat=np.zeros((100, 130)))
    np.testing.assert_array_equal(image, before)
