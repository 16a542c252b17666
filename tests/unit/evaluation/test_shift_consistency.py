"""Moving images, before networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.errors import WrongRequest
from hubel.evaluation.shift_consistency import stays_when_moved


def corner_reader(images: np.ndarray) -> np.ndarray:
    """Class 1 where the pixel (2, 2) is bright."""
    bright = images[:, 2, 2, 0] > 127
    return np.stack([~bright, bright], axis=1).astype(np.float32)


def test_a_network_that_looks_at_one_place_loses_a_dot_that_moves_away():
    images = np.zeros((3, 8, 8, 3), np.uint8)
    images[0, 2, 2] = 255  # leaves the place with any move
    images[1, 2, 4] = 255  # reaches it with a move by 2 to the left
    images[2, 7, 7] = 255  # is too far away
    np.testing.assert_array_equal(stays_when_moved(corner_reader, images, most_px=1), [False, True, True])
    np.testing.assert_array_equal(stays_when_moved(corner_reader, images, most_px=2), [False, False, True])


def test_a_network_that_does_not_look_at_places_keeps_every_class():
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3)).astype(np.uint8)
    images[:, [0, 1, -2, -1]] = 0  # what leaves the image, and what comes in, is black
    images[:, :, [0, 1, -2, -1]] = 0
    total = lambda images: np.stack([images.sum((1, 2, 3)), np.full(len(images), 2500)], axis=1)  # noqa: E731
    assert stays_when_moved(total, images, most_px=2).all()


def test_a_move_by_no_pixel_is_refused():
    with pytest.raises(WrongRequest, match="at least 1 pixel. Received: 0"):
        stays_when_moved(corner_reader, np.zeros((1, 8, 8, 3), np.uint8), most_px=0)
