"""Which labels are worth a look, the most doubtful first, and how many of those are expected to be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from hubel.arrays import Labels, Probabilities
from hubel.catalogue import Later

taken_for_wrong = Later("hubel.evaluation.confident_learning", "taken_for_wrong")
MIN_EXAMPLES = 5
"""A class of fewer cannot be learned well enough to doubt its labels."""
WORTH_A_LOOK = 0.05
"""Chance of being wrong from which a label is listed: a person finds one error in at most 20 images."""
CLOSEST = 20
"""So many that confident learning takes for wrong are listed whatever their chance: mix-ups of classes that look alike
leave no trace that could be told from images that are hard."""
_TINY = 1e-12
_STARTS = [(np.log(temperature), rate) for temperature in (0.5, 1.0) for rate in (-2.0, -5.0)]


@dataclass(frozen=True)
class LabelRanking:
    """Every example, the most doubtful label first.

    Args:
        order: int64 [examples], places in the corpus.
        chance: float64 [examples], in the corpus' order: that the label is wrong, 0 to 1; if errors are random.
        suspect: bool [examples], in the corpus' order: worth a look.
        suggested: int64 [examples], in the corpus' order: the class that the probabilities name.
    """

    order: np.ndarray
    chance: np.ndarray
    suspect: np.ndarray
    suggested: Labels

    @property
    def quality(self) -> np.ndarray:
        """float64 [examples]: chance that the label is right; lower is worse."""
        return 1 - self.chance

    @property
    def expected_share(self) -> float:
        """Of the suspects, the share expected to be wrong; 0 where there are none."""
        return float(self.chance[self.suspect].mean()) if self.suspect.any() else 0.0


def rank_labels(labels: Labels, probabilities: Probabilities) -> LabelRanking:
    """Rank labels by how far the probabilities speak against them.

    Args:
        labels: int64 [examples], as given; every class occurs.
        probabilities: float64 [examples, classes], each made without the example itself.

    Source of what `CLOSEST` says: Northcutt, Jiang & Chuang 2021, Confident Learning, JAIR 70; pruning by noise rate.
    """
    suggested = probabilities.argmax(axis=1)
    chance, doubt = chances_wrong(labels, probabilities)
    order = np.argsort(-doubt, kind="stable")
    open_to_doubt = suggested != labels
    open_to_doubt &= np.bincount(labels, minlength=probabilities.shape[1])[labels] >= MIN_EXAMPLES
    closest = taken_for_wrong(labels, probabilities) & open_to_doubt
    closest[order[np.cumsum(closest[order]) > CLOSEST]] = False
    return LabelRanking(order, chance, open_to_doubt & (chance >= WORTH_A_LOOK) | closest, suggested)


def chances_wrong(labels: Labels, probabilities: Probabilities) -> tuple[np.ndarray, np.ndarray]:
    """The chance of each label to be wrong, and a number that ranks them, also where all chances are near 0.

    The labels are taken for a mixture: most follow the probabilities, sharpened or softened by one temperature; a share
    is drawn at random from the other classes. Temperature and share are those under which the labels are most likely.
    Labels that no temperature explains are what tells the share.

    Args:
        labels: int64 [examples].
        probabilities: float64 [examples, classes], each made without the example itself.
    """
    if not len(labels):
        return np.zeros(0), np.zeros(0)
    logs = np.log(np.clip(probabilities, _TINY, 1))
    others = max(1, probabilities.shape[1] - 1)

    def of_given(temperature: float) -> np.ndarray:
        """Log probability of each given label."""
        scaled = logs / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        return scaled[np.arange(len(labels)), labels] - np.log(np.exp(scaled).sum(axis=1))

    def parts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        given = of_given(float(np.exp(np.clip(values[0], -4, 4))))
        rate = 0.5 / (1 + np.exp(-np.clip(values[1], -20, 20)))  # half of the labels at most: else nothing is learned
        return given, (1 - rate) * np.exp(given), rate * -np.expm1(given) / others

    def surprise(values: np.ndarray) -> float:
        _, right, wrong = parts(values)
        return -float(np.log(right + wrong + 1e-300).mean())

    fits = [minimize(surprise, start, method="Nelder-Mead") for start in _STARTS]
    given, right, wrong = parts(min(fits, key=lambda fit: fit.fun).x)
    return wrong / (right + wrong + 1e-300), -given
