"""Which labels are probably wrong: confident learning on out-of-fold probabilities, by cleanlab."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from hubel.arrays import Labels, Probabilities

MIN_EXAMPLES = 5
"""A class of fewer cannot be learned well enough to doubt its labels."""


@dataclass(frozen=True)
class LabelRanking:
    """Every example, the most suspicious label first.

    Args:
        order: int64 [examples], places in the corpus.
        quality: float64 [examples], in the corpus' order: 0 to 1, lower is worse.
        suspect: bool [examples], in the corpus' order: confident learning takes the label for wrong.
        suggested: int64 [examples], in the corpus' order: the class that the probabilities name.
    """

    order: np.ndarray
    quality: np.ndarray
    suspect: np.ndarray
    suggested: Labels


def rank_labels(labels: Labels, probabilities: Probabilities) -> LabelRanking:
    """Rank labels by how far the probabilities speak against them.

    Args:
        labels: int64 [examples], as given; every class occurs.
        probabilities: float64 [examples, classes], each made without the example itself.

    Source: Northcutt, Jiang & Chuang 2021, Confident Learning, JAIR 70; normalised margin and pruning by noise rate.
    """
    quality = get_label_quality_scores(labels, probabilities, method="normalized_margin")
    suspect = np.zeros(len(labels), bool)
    if len(labels):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of small classes, which are not doubted anyway
            suspect |= find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", n_jobs=1)
    suggested = probabilities.argmax(axis=1)
    suspect &= (suggested != labels) & (np.bincount(labels, minlength=probabilities.shape[1])[labels] >= MIN_EXAMPLES)
    return LabelRanking(np.argsort(quality, kind="stable"), quality, suspect, suggested)
