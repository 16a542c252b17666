"""The dense baseline learns what a dense network can, the same for the same seed, from any size of image."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from hubel.evaluation.baseline import predict_by_dense_network


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    grey = np.rint(data.images * (255 / 16)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1), data.target


def test_it_learns_digits_and_the_seed_decides(digits: tuple[np.ndarray, np.ndarray]):
    images, labels = digits
    train, test = np.arange(1200), np.arange(1200, 1797)
    first = predict_by_dense_network(images, labels, train=train, test=test, seed=0, most=10_000)
    assert first is not None
    assert (first == labels[test]).mean() > 0.9
    again = predict_by_dense_network(images, labels, train=train, test=test, seed=0, most=10_000)
    np.testing.assert_array_equal(first, again)


def test_large_images_are_shrunk_by_the_mean_of_blocks(digits: tuple[np.ndarray, np.ndarray]):
    # Nine pixels to a block, different ones of the same mean, and a few rows and columns that fill none.
    images, labels = digits
    train, test = np.arange(400), np.arange(400, 600)
    doubled = images.repeat(2, axis=1).repeat(2, axis=2) // 2 + 50  # 16 x 16, 50 to 177
    around = np.random.default_rng(0).integers(-6, 7, (len(images), 16, 3, 16, 3, 1))
    around[:, :, 0, :, 0] -= around.sum(axis=(2, 4))
    even = doubled.repeat(3, axis=1).repeat(3, axis=2)
    large = np.pad((even + around.reshape(len(images), 48, 48, 1)).astype(np.uint8), ((0, 0), (0, 2), (0, 1), (0, 0)))
    np.testing.assert_array_equal(
        predict_by_dense_network(large, labels, train=train, test=test, seed=1, most=10_000),
        predict_by_dense_network(doubled, labels, train=train, test=test, seed=1, most=10_000),
    )


def test_without_two_classes_or_a_test_there_is_none(digits: tuple[np.ndarray, np.ndarray]):
    images, _ = digits
    one_class = np.zeros(len(images), int)
    assert (
        predict_by_dense_network(images, one_class, train=np.arange(50), test=np.arange(50, 60), seed=0, most=10_000)
        is None
    )
    assert (
        predict_by_dense_network(images, digits[1], train=np.arange(50), test=np.array([], int), seed=0, most=10_000)
        is None
    )
