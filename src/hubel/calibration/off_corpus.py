"""Fit the off-corpus score."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from hubel.arrays import Features, Labels
from hubel.classifier.off_corpus import Distance, Looks, NearestClass, OffCorpus, root
from hubel.images.statistics import STATISTICS

DIRECTIONS = 64
FLAGGED = 0.01
"""Share of the corpus' own images that lie beyond the limit."""
USUAL = 0.9
"""Share of them up to which the spread of a distance is looked at. Compared by their largest values, few validation
images would flag twice as many; compared as they are, the distance with the wilder outliers would drown the other."""
MIN_EXAMPLES = 50
"""Fewer images say too little of what is usual."""
_UNSEEN_OF_MAPS, _UNSEEN_OF_PIXELS = np.array(1e-3), np.array(list(STATISTICS.values()))
"""Differences that count for nothing: what all training images share to the bit must not decide alone."""
_SHRINKAGE_OF_MAPS = 0.01
"""Share of the variance added in every direction: hundreds of channels from few images look too certain."""


def fit_off_corpus(known: Looks, held_out: Looks, *, labels: Labels | None = None) -> OffCorpus | None:
    """Learn what a corpus looks like; None where there are too few images.

    Args:
        known: of training images.
        held_out: of images that were not trained on; they set the limits.
        labels: of the training images, int64 [examples], where the last layer is looked at too. That pays for a network
            that brings what it knows from elsewhere; one that learned from this corpus alone has given up there what
            its classes do not need.
    """
    if len(known.pixels) < MIN_EXAMPLES or len(held_out.pixels) < MIN_EXAMPLES:
        return None
    pixels = fit_distance(known.pixels, held_out.pixels, unseen=_UNSEEN_OF_PIXELS, shrinkage=0.0)
    maps = last = None
    if known.maps.shape[1]:
        seen = root(held_out.maps)
        maps = fit_distance(root(known.maps), seen, unseen=_UNSEEN_OF_MAPS, shrinkage=_SHRINKAGE_OF_MAPS)
        usual = _spread(maps.measure(seen))
        pixels = _stretched(pixels, pixels.measure(held_out.pixels), usual=usual)
        last = None if labels is None else _fit_nearest_class(known.features, labels, held_out=held_out.features)
        last = last and _stretched(last, last.measure(held_out.features), usual=usual)
    learned = OffCorpus(maps, pixels, 1.0, last)
    return replace(learned, limit=_limit(learned.measure(held_out)))


_Part = TypeVar("_Part", Distance, NearestClass)


def _stretched(part: _Part, found: np.ndarray, *, usual: float) -> _Part:
    """The same with a power by which its distances spread as usual."""
    return replace(part, power=float(np.clip(usual / _spread(found), 0.1, 10.0)))


def _fit_nearest_class(known: Features, labels: Labels, *, held_out: Features) -> NearestClass | None:
    mean, deviation = known.mean(axis=0, dtype=np.float64), known.std(axis=0, dtype=np.float64)
    # A channel that hardly varies must not be blown up to the size of the others.
    deviation = np.maximum(deviation, 1e-2 * deviation.mean() + 1e-12)
    standardised = (known - mean) / deviation
    present, places = np.unique(labels, return_inverse=True)
    centres = np.stack([standardised[places == place].mean(axis=0) for place in range(len(present))])
    variances, vectors = np.linalg.eigh(np.cov((standardised - centres[places]).T))
    kept = [each for each in np.argsort(-variances)[:DIRECTIONS] if variances[each] > 1e-6 * variances.max()]
    if not kept:
        return None  # every image of a class gives the same features
    whitening = vectors[:, kept] / np.sqrt(variances[kept])
    fitted = NearestClass(
        mean.astype(np.float32),
        (whitening / deviation[:, None]).astype(np.float32),
        (centres @ whitening).astype(np.float32),
        1.0,
    )
    return replace(fitted, typical=max(float(np.median(fitted.measure(held_out))), 1e-9))


def fit_distance(known: np.ndarray, held_out: np.ndarray, *, unseen: np.ndarray, shrinkage: float) -> Distance:
    """A distance from the mean of what was trained on, 1 for what is typical of other images of the corpus.

    Args:
        known: of the training images, [images, channels].
        held_out: of images that were not trained on, [images, channels].
        unseen: scatter that is added to each channel, [channels] or one number for all.
        shrinkage: share of the variance that is added in every direction.
    """
    mean = known.mean(axis=0, dtype=np.float64)
    deviation = np.sqrt(known.var(axis=0, dtype=np.float64) + unseen**2)
    covariance = np.cov(((known - mean) / deviation).T) + np.diag((unseen / deviation) ** 2 + shrinkage)
    variances, vectors = np.linalg.eigh(covariance)  # ascending
    kept = min(DIRECTIONS, len(variances) - 1)
    rest = float(variances[: len(variances) - kept].mean())  # one variance for all other directions
    lengths = np.sqrt(np.maximum(1 - rest / variances[-kept:], 0.0))
    fitted = Distance(
        mean.astype(np.float32),
        (deviation * np.sqrt(rest)).astype(np.float32),
        (vectors[:, -kept:] * lengths).astype(np.float32),
        1.0,
    )
    return replace(fitted, typical=max(float(np.median(fitted.measure(held_out))), 1e-9))


def _spread(found: np.ndarray) -> float:
    """How far usual distances reach beyond the typical one, 1, as a logarithm."""
    return max(float(np.log(max(np.quantile(found, USUAL), 1e-9))), 1e-3)


def _limit(found: np.ndarray) -> float:
    """What one in a hundred images still to come exceeds, as far as these tell."""
    place = min(len(found), int(np.ceil((len(found) + 1) * (1 - FLAGGED)))) - 1
    return float(max(np.sort(found)[place], 1e-9))
