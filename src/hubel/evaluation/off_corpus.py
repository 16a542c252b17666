"""Fit the off-corpus score, and measure how well it tells strangers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from hubel.classifier.off_corpus import Distance, Looks, OffCorpus, root
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


def fit_off_corpus(known: Looks, held_out: Looks) -> OffCorpus | None:
    """Learn what a corpus looks like; None where there are too few images.

    Args:
        known: of training images.
        held_out: of images that were not trained on; they set the limits.
    """
    if len(known.pixels) < MIN_EXAMPLES or len(held_out.pixels) < MIN_EXAMPLES:
        return None
    pixels = _fit_distance(known.pixels, held_out.pixels, unseen=_UNSEEN_OF_PIXELS, shrinkage=0.0)
    found = pixels.measure(held_out.pixels)
    if not known.maps.shape[1]:
        return OffCorpus(None, pixels, _limit(found))
    held_out_maps = root(held_out.maps)
    maps = _fit_distance(root(known.maps), held_out_maps, unseen=_UNSEEN_OF_MAPS, shrinkage=_SHRINKAGE_OF_MAPS)
    power = _spread(maps.measure(held_out_maps)) / _spread(found)
    pixels = replace(pixels, power=float(np.clip(power, 0.1, 10.0)))
    found = np.maximum(pixels.measure(held_out.pixels), maps.measure(held_out_maps))
    return OffCorpus(maps, pixels, _limit(found))


def _fit_distance(known: np.ndarray, held_out: np.ndarray, *, unseen: np.ndarray, shrinkage: float) -> Distance:
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


def auroc(inside: np.ndarray, strangers: np.ndarray) -> float | None:
    """Chance that a stranger scores higher than an image of the corpus, ties counted half; None without either.

    Source: the Mann-Whitney statistic; Hanley & McNeil 1982.
    """
    if not len(inside) or not len(strangers):
        return None
    ranks = rankdata(np.concatenate([inside, strangers]))[len(inside) :]
    least = len(strangers) * (len(strangers) + 1) / 2
    return float((ranks.sum() - least) / (len(inside) * len(strangers)))
