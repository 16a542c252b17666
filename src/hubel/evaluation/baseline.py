"""A small dense network, trained in seconds: what a convolutional classifier has to beat."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from hubel.arrays import ImageStore, Labels
from hubel.random_streams import stream

SIDE, UNITS, EPOCHS = 16, 128, 20
_CHUNK = 256
DESCRIPTION = f"a dense network of {UNITS} units on the images shrunk to {SIDE} x {SIDE} pixels"


def predict_by_dense_network(
    images: ImageStore, labels: Labels, *, train: np.ndarray, test: np.ndarray, seed: int, most: int
) -> Labels | None:
    """Train the baseline on a training split and let it name the test split; None without two classes or any test.

    Args:
        images: uint8 [examples, height, width, 3]; they may lie on disk.
        labels: int64 [examples].
        train: places of the training split.
        test: places of the test split.
        seed: of the part, the weights and the order.
        most: examples that it learns from; of more, a random part.
    """
    if len(train) > most:
        train = np.sort(stream("baseline part", seed).permutation(train)[:most])
    if not len(test) or len(np.unique(labels[train])) < 2:
        return None
    pixels = _shrunk(images, train)
    mean, deviation = pixels.mean(axis=0), pixels.std() + 1e-6
    network = MLPClassifier((UNITS,), batch_size=min(128, len(train)), max_iter=EPOCHS, random_state=seed)
    # One thread: its matrices are so small that several would only wait for one another, ten times as long.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped after its epochs on purpose
        network.fit((pixels - mean) / deviation, labels[train])
    return network.predict((_shrunk(images, test) - mean) / deviation).astype(np.int64)


def _shrunk(images: ImageStore, indices: np.ndarray) -> np.ndarray:
    """float32 [len(indices), values]: each image as the means of at most 16 x 16 blocks."""
    height, width = images.shape[1:3]
    down, right = max(1, height // SIDE), max(1, width // SIDE)
    rows, columns = height // down, width // right
    shrunk = np.empty((len(indices), rows * columns * 3), np.float32)
    for start in range(0, len(indices), _CHUNK):
        some = images[indices[start : start + _CHUNK]][:, : rows * down, : columns * right]
        sums = some.reshape(len(some), rows, down, -1).sum(axis=2, dtype=np.uint32)  # whole lines at a time are quick
        sums = sums.reshape(len(some), rows, columns, right, 3).sum(axis=3, dtype=np.uint32)
        shrunk[start : start + len(some)] = sums.reshape(len(some), -1) / np.float32(down * right)
    return shrunk
