"""Parts of a corpus in which every class has its share: a sample, and the folds of a cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from hubel.arrays import Labels
from hubel.random_streams import stream

FOLDS, FEWER_FOLDS = 5, 3
MANY_IMAGES = 20_000
"""From so many on, three folds do: two thirds of them are enough to learn from."""


def spread(labels: Labels, most: int) -> np.ndarray:
    """Places int64 [spread] of some examples, ascending: at random, each class in its share and none left out.

    Args:
        labels: int64 [examples].
        most: places.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    drawn = stream("spread of labels").permutation(len(labels))
    drawn = drawn[np.argsort(labels[drawn], kind="stable")]
    counts = np.bincount(labels)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    share = (np.arange(len(labels)) - first) / np.repeat(counts, counts)
    return np.sort(drawn[np.argsort(share, kind="stable")[:most]])


def make_folds(labels: Labels, together: Sequence[int], *, seed: int) -> list[np.ndarray]:
    """Places of each fold, stratified as well as the sets allow; fewer than two where nothing can be divided.

    Args:
        labels: int64 [examples].
        together: one mark for each; copies and groups stay in one fold, or a copy would vouch for a wrong label.
        seed: of the draw.
    """
    count = FEWER_FOLDS if len(labels) > MANY_IMAGES else FOLDS
    count = min(count, len(set(together)), int(np.bincount(labels).max()))
    if count < 2:
        return []
    divider = StratifiedGroupKFold(count, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with fewer examples than folds
        return [places for _, places in divider.split(np.zeros(len(labels)), labels, together)]
