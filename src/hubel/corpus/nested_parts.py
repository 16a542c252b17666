"""Parts of a training split: stratified by class, each inside the next, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hubel.arrays import Labels
from hubel.random_streams import stream


def nested_parts(labels: Labels, shares: Sequence[float], *, seed: int) -> list[np.ndarray]:
    """Draw parts of different sizes.

    Args:
        labels: class indices of the examples that are divided, int64 [examples].
        shares: sizes of the parts, above 0 and at most 1.
        seed: another seed draws other examples.

    Returns:
        For each share the places of its examples, int64, ascending. Every class has its share, rounded, and at least
        one; what lies in a smaller part lies in every larger one.
    """
    rng = stream("nested parts", seed)
    drawn: list[list[np.ndarray]] = [[] for _ in shares]
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        for part, share in zip(drawn, shares, strict=True):
            part.append(order[: max(1, math.floor(share * len(order) + 0.5))])
    return [np.sort(np.concatenate(part)) if part else np.zeros(0, np.int64) for part in drawn]
