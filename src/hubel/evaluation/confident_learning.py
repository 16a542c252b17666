"""Labels that confident learning takes for wrong; needs cleanlab."""

from __future__ import annotations

import warnings

import numpy as np
from cleanlab.filter import find_label_issues

from hubel.arrays import Labels, Probabilities


def taken_for_wrong(labels: Labels, probabilities: Probabilities) -> np.ndarray:
    """Whether each label is taken for wrong: bool [examples].

    Args:
        labels: int64 [examples].
        probabilities: float64 [examples, classes], each made without the example itself.

    Source: Northcutt, Jiang & Chuang 2021, Confident Learning, JAIR 70; pruning by noise rate.
    """
    if not len(labels):
        return np.zeros(0, bool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of small classes, which are not doubted anyway
        return find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
