"""How a classifier was trained, for a part of its training split to be trained the same way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hubel.training.recipe import Recipe
from hubel.training.transfer import KnownFeatures


@dataclass(frozen=True)
class Earlier:
    """What is taken over from an earlier training.

    Args:
        recipes: of each phase that was trained.
        clock_s: seconds that the training of the whole network may take; None where only the epochs end it.
        ends_at: monotonic seconds at which it must end all the same; infinite without a time limit.
        features: of the frozen backbone, of all images of the part; None from scratch.
    """

    recipes: Mapping[str, Recipe]
    clock_s: float | None
    ends_at: float
    features: KnownFeatures | None = None

    def seconds(self) -> float | None:
        """Seconds from now that training may take; None where only the epochs end it."""
        if self.clock_s is None:
            return None
        return max(1.0, min(self.clock_s, self.ends_at - time.monotonic()))

    def knows(self, places: np.ndarray) -> bool:
        """The features of all these training images are there."""
        return self.features is not None and bool(np.isin(places, self.features.places).all())
