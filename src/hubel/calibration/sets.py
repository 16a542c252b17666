"""Split conformal prediction: sets of classes that hold the true one as often as promised."""

from __future__ import annotations

import math

import numpy as np

from hubel.arrays import Labels, Probabilities
from hubel.classifier.prediction_sets import COVERAGES, PredictionSets

MIN_EXAMPLES = 20
"""Fewer cannot promise a useful coverage."""


def fit_prediction_sets(probabilities: Probabilities, labels: Labels) -> PredictionSets | None:
    """The thresholds that keep every promise on images like these; None where these are too few.

    A promise that needs more images than there are gets threshold 0: every class is in the set.

    Args:
        probabilities: calibrated, of images that were not trained on, float64 [examples, classes].
        labels: int64 [examples].

    Source: least ambiguous sets, Sadinle, Lei & Wasserman 2019, arXiv:1609.00451; the count of examples plus one after
    Vovk, Gammerman & Shafer 2005.
    """
    count = len(labels)
    if count < MIN_EXAMPLES:
        return None
    of_true = np.sort(probabilities[np.arange(count), labels])[::-1]  # the most probable first
    ranks = (math.ceil((count + 1) * coverage - 1e-9) for coverage in COVERAGES)
    return PredictionSets(tuple(float(of_true[rank - 1]) if rank <= count else 0.0 for rank in ranks), count)
