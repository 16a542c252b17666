"""How unlike the training images an image is, measured on the features behind the last dense layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import Features
from hubel.briefs import brief
from hubel.errors import WrongRequest


@brief
@dataclass(frozen=True)
class OffCorpus:
    """Distance of an image's features to the nearest class, in units of how far the corpus' own images lie.

    Args:
        mean: of each feature over the training images, float32 [channels].
        projection: standardises features and turns them into directions of variance 1, float32 [channels, directions].
        centres: mean of each class with training images after that, float32 [classes, directions].
        limit: the distance that one in a hundred images of the corpus exceeds.

    Source: Mahalanobis distance with one covariance for all classes, Lee et al. 2018, arXiv:1807.03888; in the
    principal components of the scatter within classes.
    """

    mean: np.ndarray
    projection: np.ndarray
    centres: np.ndarray
    limit: float

    def __post_init__(self) -> None:
        channels, directions = self.projection.shape
        if self.mean.shape != (channels,) or self.centres.shape[1:] != (directions,) or not len(self.centres):
            raise WrongRequest(
                "An off-corpus score needs a mean [channels], a projection [channels, directions] and centres "
                f"[classes, directions]. Received: {self.mean.shape}, {self.projection.shape}, {self.centres.shape}."
            )
        if not (np.isfinite(self.limit) and self.limit > 0):
            raise WrongRequest(f"The limit of an off-corpus score must be above 0. Received: {self.limit!r}.")

    def score(self, features: Features) -> np.ndarray:
        """float64 [batch]: above 1, the image is unlike the corpus.

        Args:
            features: float32 [batch, channels].
        """
        return self.distances(features) / self.limit

    def distances(self, features: Features) -> np.ndarray:
        """float64 [batch]: to the nearest class."""
        places = (features.astype(np.float64) - self.mean) @ self.projection.astype(np.float64)  # [batch, directions]
        centres = self.centres.astype(np.float64)
        squares = (places**2).sum(axis=1)[:, None] - 2 * places @ centres.T + (centres**2).sum(axis=1)
        return np.sqrt(np.maximum(squares.min(axis=1), 0.0))
