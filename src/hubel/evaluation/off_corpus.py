"""Fit the off-corpus score, and measure how well it tells strangers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from hubel.arrays import Features, Labels
from hubel.classifier.off_corpus import OffCorpus

DIRECTIONS = 64
FLAGGED = 0.01
"""Share of the corpus' own images that lie beyond the limit."""
MOST_CHANNELS = 4096
"""More features than these need more images than a corpus has, and more room than a model."""
MIN_EXAMPLES = 50
"""Fewer images say too little of what is usual."""


def fit_off_corpus(features: Features, labels: Labels, held_out: Features) -> OffCorpus | None:
    """Learn what the features of a corpus look like; None where there are too few images.

    Args:
        features: of training images, float32 [examples, channels].
        labels: int64 [examples].
        held_out: of images that were not trained on; they set the limit.
    """
    if len(features) < MIN_EXAMPLES or len(held_out) < MIN_EXAMPLES:
        return None
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    # A channel that hardly varies must not be blown up to the size of the others.
    deviation = np.maximum(deviation, 1e-2 * deviation.mean() + 1e-12)
    standardised = (features - mean) / deviation
    present = np.unique(labels)
    centres = np.stack([standardised[labels == label].mean(axis=0) for label in present])
    within = standardised - centres[np.searchsorted(present, labels)]
    values, vectors = np.linalg.eigh(np.cov(within.T))
    kept = [each for each in np.argsort(-values)[:DIRECTIONS] if values[each] > 1e-6 * values.max()]
    if not kept:
        return None  # every image of a class gives the same features
    whitening = vectors[:, kept] / np.sqrt(values[kept])
    learned = OffCorpus(
        mean.astype(np.float32),
        (whitening / deviation[:, None]).astype(np.float32),
        (centres @ whitening).astype(np.float32),
        1.0,
    )
    distances = np.sort(learned.distances(held_out))
    place = min(len(distances), int(np.ceil((len(distances) + 1) * (1 - FLAGGED)))) - 1
    return replace(learned, limit=float(max(distances[place], 1e-9)))


def auroc(inside: np.ndarray, strangers: np.ndarray) -> float | None:
    """Chance that a stranger scores higher than an image of the corpus, ties counted half; None without either.

    Source: the Mann-Whitney statistic; Hanley & McNeil 1982.
    """
    if not len(inside) or not len(strangers):
        return None
    ranks = rankdata(np.concatenate([inside, strangers]))[len(inside) :]
    least = len(strangers) * (len(strangers) + 1) / 2
    return float((ranks.sum() - least) / (len(inside) * len(strangers)))
