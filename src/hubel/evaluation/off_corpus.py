"""Fit the off-corpus score, and measure how well it tells strangers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from hubel.classifier.off_corpus import Distance, Looks, OffCorpus, root

DIRECTIONS = 64
FLAGGED = 0.01
"""Share of the corpus' own images that lie beyond the limit."""
USUAL = 0.95
"""Share of them that lie within one unit of each distance. With units set by the very largest distances, as many images
would be flagged twice over."""
MIN_EXAMPLES = 50
"""Fewer images say too little of what is usual."""
_LEAST_OF_MAPS, _LEAST_OF_PIXELS = 1e-3, 0.02
"""Deviations below these count as these: what all training images share to the bit must not decide alone. Of pixels it
is five of 256 levels: a grey corpus saved again with a trace of colour is no stranger."""
_SHRINKAGE = 0.01
"""Share of the mean variance that is added in every direction: a covariance from few images is too sure of itself."""


def fit_off_corpus(known: Looks, held_out: Looks) -> OffCorpus | None:
    """Learn what a corpus looks like; None where there are too few images.

    Args:
        known: of training images.
        held_out: of images that were not trained on; they set the limits.
    """
    if len(known.pixels) < MIN_EXAMPLES or len(held_out.pixels) < MIN_EXAMPLES:
        return None
    pixels = _fit_distance(known.pixels, held_out.pixels, least=_LEAST_OF_PIXELS)
    found = pixels.measure(held_out.pixels)
    maps = None
    if known.maps.shape[1]:
        maps = _fit_distance(root(known.maps), root(held_out.maps), least=_LEAST_OF_MAPS)
        found = np.maximum(found, maps.measure(root(held_out.maps)))
    return OffCorpus(maps, pixels, _exceeded_by(FLAGGED, found))


def _fit_distance(known: np.ndarray, held_out: np.ndarray, *, least: float) -> Distance:
    mean, deviation = known.mean(axis=0, dtype=np.float64), known.std(axis=0, dtype=np.float64)
    deviation = np.maximum(deviation, max(least, 1e-2 * float(deviation.mean())))
    variances, vectors = np.linalg.eigh(np.cov(((known - mean) / deviation).T))  # ascending
    variances = np.maximum(variances, 0.0) + max(_SHRINKAGE * float(variances.mean()), 1e-6)
    kept = min(DIRECTIONS, len(variances) - 1)
    rest = float(variances[: len(variances) - kept].mean())  # one variance for all other directions
    lengths = np.sqrt(np.maximum(1 - rest / variances[-kept:], 0.0))
    fitted = Distance(
        mean.astype(np.float32),
        (deviation * np.sqrt(rest)).astype(np.float32),
        (vectors[:, -kept:] * lengths).astype(np.float32),
        1.0,
    )
    return replace(fitted, unit=_exceeded_by(1 - USUAL, fitted.measure(held_out)))


def _exceeded_by(share: float, found: np.ndarray) -> float:
    """What so many of the images still to come exceed, as far as these tell."""
    place = min(len(found), int(np.ceil((len(found) + 1) * (1 - share)))) - 1
    return float(max(np.sort(found)[place], 1e-9))


def auroc(inside: np.ndarray, strangers: np.ndarray) -> float | None:
    """Chance that a stranger scores higher than an image of the corpus, ties counted half; None without either.

    Source: the Mann-Whitney statistic; Hanley & McNeil 1982.
    """
    if not len(inside) or not len(strangers):
        return None
    ranks = rankdata(np.concatenate([inside, strangers]))[len(inside) :]
    least = len(strangers) * (len(strangers) + 1) / 2
    return float((ranks.sum() - least) / (len(inside) * len(strangers)))
