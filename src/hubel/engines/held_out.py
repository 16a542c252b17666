"""The images on which two engines are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.architectures.spec import Spec
from hubel.arrays import ImageStore

FEWEST_PROVEN, MOST_PROVEN, MACS_PROVEN = 32, 256, 2 * 10**10
"""Images on which engines are compared: what so many multiply-accumulates allow, within bounds. A second or two."""


def most_proven(spec: Spec) -> int:
    """Images on which two ways to compute a network of that size are compared."""
    return int(np.clip(MACS_PROVEN // max(1, spec.count_work()[0]), FEWEST_PROVEN, MOST_PROVEN))


@dataclass(frozen=True)
class HeldOut:
    """Images that a model has not learned from.

    Args:
        images: uint8 [examples, height, width, 3].
        indices: which of them.
    """

    images: ImageStore
    indices: np.ndarray

    def sample(self, spec: Spec) -> np.ndarray:
        """uint8 [batch, height, width, 3]: spread evenly, as many as a network of that size may be compared on."""
        most = most_proven(spec)
        places = np.unique(np.linspace(0, len(self.indices) - 1, min(most, len(self.indices))).round().astype(int))
        return np.asarray(self.images[np.sort(self.indices[places])])
