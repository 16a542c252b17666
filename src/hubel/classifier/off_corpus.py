"""How unlike the training images an image is: by the network's maps at several depths, and by how its pixels look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np

from hubel.arrays import Features
from hubel.errors import WrongRequest
from hubel.text import brief

_ROOT_FROM = 1e-4
"""Values far below it hardly count: there, a root would blow up the rounding of another machine."""


@brief
@dataclass(frozen=True)
class Looks:
    """What the off-corpus score sees of some images.

    Args:
        maps: mean and deviation of feature maps at several depths, as of `Outputs`, float32 [batch, channels]; no
            channels where the network has no maps.
        features: what enters the last dense layer, float32 [batch, features].
        pixels: `describe_pixels` of the images, float32 [batch, 8].
    """

    maps: Features
    features: Features
    pixels: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Looks]) -> Looks:
        """Several batches in one; at least one of them."""
        return cls(*(np.concatenate([getattr(each, name.name) for each in parts]) for name in fields(cls)))


@brief
@dataclass(frozen=True)
class Distance:
    """Distance from the mean of the training images, in units of how they scatter in each direction.

    Args:
        mean: of each value over the training images, float32 [channels].
        scale: divides values minus their mean, float32 [channels]: the scatter in directions without a column below.
        projection: orthogonal columns of a length below 1, float32 [channels, directions]: where the images scatter
            more, that much of the distance is taken off again.
        typical: the distance that half of the corpus' images exceed; distances are given as multiples of it,
        power: raised to this power, which makes the tails of two kinds of distance comparable.

    Source: Mahalanobis distance under a covariance with a few free directions and one variance for all others, Tipping
    & Bishop 1999, "Probabilistic principal component analysis"; inverted by Woodbury's identity.
    """

    mean: np.ndarray
    scale: np.ndarray
    projection: np.ndarray
    typical: float
    power: float = 1.0

    def __post_init__(self) -> None:
        channels = self.projection.shape[0]
        if self.projection.ndim != 2 or self.mean.shape != (channels,) or self.scale.shape != (channels,):
            raise WrongRequest(
                "A distance from the corpus needs a mean [channels], a scale [channels] and a projection [channels, "
                f"directions]. Received: {self.mean.shape}, {self.scale.shape}, {self.projection.shape}."
            )
        if not (self.scale > 0).all():
            raise WrongRequest("The scale of a distance from the corpus must be above 0 everywhere.")
        _check_limit(self.typical)
        _check_power(self.power)

    def measure(self, values: np.ndarray) -> np.ndarray:
        """float64 [batch]: distances of values [batch, channels]; 1 is typical."""
        scaled = (values.astype(np.float64) - self.mean) / self.scale
        along = _multiply(scaled, self.projection.astype(np.float64))  # [batch, directions]
        squares = np.maximum((scaled**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        return (np.sqrt(squares) / self.typical) ** self.power


@brief
@dataclass(frozen=True)
class NearestClass:
    """Distance to the nearest class, in what enters the last dense layer; alone, the score of artefacts of format 2.

    Args:
        mean: of each feature over the training images, float32 [channels].
        projection: standardises features and turns them into directions of variance 1, float32 [channels, directions].
        centres: mean of each class with training images after that, float32 [classes, directions].
        typical: distances are given as multiples of it: what half of the corpus' images exceed; alone, what one in a
            hundred does,
        power: raised to this power, as of `Distance`.

    Source: Mahalanobis distance with one covariance for all classes, Lee et al. 2018, arXiv:1807.03888; in the
    principal components of the scatter within classes.
    """

    mean: np.ndarray
    projection: np.ndarray
    centres: np.ndarray
    typical: float
    power: float = 1.0

    def __post_init__(self) -> None:
        channels, directions = self.projection.shape
        if self.mean.shape != (channels,) or self.centres.shape[1:] != (directions,) or not len(self.centres):
            raise WrongRequest(
                "An off-corpus score needs a mean [channels], a projection [channels, directions] and centres "
                f"[classes, directions]. Received: {self.mean.shape}, {self.projection.shape}, {self.centres.shape}."
            )
        _check_limit(self.typical)
        _check_power(self.power)

    def measure(self, features: Features) -> np.ndarray:
        """float64 [batch]: distances of features [batch, channels]; 1 is typical."""
        places = _multiply(features.astype(np.float64) - self.mean, self.projection.astype(np.float64))
        centres = self.centres.astype(np.float64)  # places: [batch, directions]
        squares = (places**2).sum(axis=1)[:, None] - 2 * places @ centres.T + (centres**2).sum(axis=1)
        return (np.sqrt(np.maximum(squares.min(axis=1), 0.0)) / self.typical) ** self.power


@brief
@dataclass(frozen=True)
class OffCorpus:
    """The largest of a few distances, in units of what one in a hundred images of the corpus exceeds.

    Args:
        maps: of what feature maps hold; None for a network without.
        pixels: of how the pixels look.
        last: of what enters the last layer; None where the network learned all of that from the corpus alone.
        limit: the largest of them that one in a hundred images of the corpus exceeds.
    """

    maps: Distance | None
    pixels: Distance
    limit: float
    last: NearestClass | None = None

    def __post_init__(self) -> None:
        _check_limit(self.limit)

    def measure(self, looks: Looks) -> np.ndarray:
        """float64 [batch]: the largest of the distances."""
        found = self.pixels.measure(looks.pixels)
        if self.maps is not None:
            found = np.maximum(found, self.maps.measure(root(looks.maps)))
        if self.last is not None:
            found = np.maximum(found, self.last.measure(looks.features))
        return found

    def score(self, looks: Looks) -> np.ndarray:
        """float64 [batch]: above 1, the image is unlike the corpus."""
        return self.measure(looks) / self.limit


AnyScore: TypeAlias = OffCorpus | NearestClass


def root(values: np.ndarray) -> np.ndarray:
    """Square roots of values [...] with their sign: a few large activations count less, many small ones more."""
    values = values.astype(np.float64)
    return np.sign(values) * (np.sqrt(np.abs(values) + _ROOT_FROM) - np.sqrt(_ROOT_FROM))


def _multiply(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The matrix product, a few rows at a time.

    Beyond 2 ** 18 products OpenBLAS wakes threads, which on a busy machine wait for one another up to a hundred times
    as long as the work takes.
    """
    step = max(1, 2**18 // max(matrix.size, 1))
    return np.concatenate([rows[start : start + step] @ matrix for start in range(0, max(len(rows), 1), step)])


def _check_limit(limit: float) -> None:
    if not (np.isfinite(limit) and limit > 0):
        raise WrongRequest(f"The limit of an off-corpus score must be above 0. Received: {limit!r}.")


def _check_power(power: float) -> None:
    if not 1e-2 <= power <= 1e2:
        raise WrongRequest(f"The power of a distance must be from 0.01 to 100. Received: {power!r}.")
