"""Metrics as pure functions of NumPy arrays. What is undefined is None, not 0."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from hubel.arrays import Labels, Probabilities

Z_95 = 1.959963984540054
CALIBRATION_BINS = 15


def wilson_interval(hits: float, count: int) -> tuple[float, float]:
    """95 % interval of a proportion.

    Args:
        hits: how many.
        count: of how many, at least 1.

    Source: Wilson 1927; recommended for all sizes by Brown, Cai & DasGupta 2001.
    """
    share, z2 = hits / count, Z_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def log_losses(probabilities: Probabilities, labels: Labels) -> np.ndarray:
    """Negative log probability of the true class of each example, in nats; below 2e-16 it counts as 2e-16.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].

    Returns:
        float64 [examples].
    """
    clipped = np.clip(probabilities, np.finfo(np.float64).eps, 1)
    return -np.log(clipped[np.arange(len(labels)), labels])


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Mean of `log_losses`.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].
    """
    return float(log_losses(probabilities, labels).mean())


def top_k_accuracy(probabilities: Probabilities, labels: Labels, *, k: int) -> float:
    """Share of examples whose true class is among the most probable; 1 where there are no more than ``k`` classes.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].
        k: how many classes count.
    """
    true = probabilities[np.arange(len(labels)), labels]
    more_probable = (probabilities > true[:, None]).sum(axis=1)
    return float((more_probable < k).mean())


def confusion_matrix(predicted: Labels, labels: Labels, *, classes: int) -> np.ndarray:
    """Counts, int64 [classes, classes]: row = true class, column = predicted class.

    Args:
        predicted: int64 [examples].
        labels: int64 [examples].
        classes: how many there are.
    """
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class; None where nothing was predicted, or nothing was there."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def class_scores(confusion: np.ndarray) -> list[ClassScore]:
    """One score for each class of a confusion matrix [true, predicted]."""
    scores = []
    for index in range(len(confusion)):
        hits = int(confusion[index, index])
        predicted, support = int(confusion[:, index].sum()), int(confusion[index].sum())
        scores.append(
            ClassScore(
                hits / predicted if predicted else None,
                hits / support if support else None,
                2 * hits / (predicted + support) if predicted + support else None,
                support,
            )
        )
    return scores


@dataclass(frozen=True)
class ReliabilityBin:
    """Examples of similar confidence: how sure the classifier was of them, and how often it was right.

    Args:
        low: lower end of the confidence.
        high: upper end.
        count: examples.
        confidence: their mean; None where there are none.
        accuracy: share named correctly; None where there are none.
        spread: standard deviation of the accuracy that chance alone gives, if the confidences are right.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None
    spread: float | None


def reliability_bins(probabilities: Probabilities, labels: Labels) -> list[ReliabilityBin]:
    """The 15 bins of equal width of a reliability diagram.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    return bins_of(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


def bins_of(confidence: np.ndarray, hits: np.ndarray) -> list[ReliabilityBin]:
    """The same bins, of answers whose probabilities were not kept.

    Args:
        confidence: highest probability, float64 [examples].
        hits: named rightly, bool [examples].
    """
    places = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins = []
    for place in range(CALIBRATION_BINS):
        inside = confidence[places == place]
        count, ends = len(inside), (place / CALIBRATION_BINS, (place + 1) / CALIBRATION_BINS)
        if count == 0:
            bins.append(ReliabilityBin(*ends, 0, None, None, None))
            continue
        spread = float((inside * (1 - inside)).sum() ** 0.5) / count
        bins.append(ReliabilityBin(*ends, count, float(inside.mean()), float(hits[places == place].mean()), spread))
    return bins


def expected_calibration_error(bins: list[ReliabilityBin]) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their size."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs((each.accuracy or 0.0) - (each.confidence or 0.0)) for each in bins) / total


def calibration_error_of_chance(bins: list[ReliabilityBin]) -> float:
    """The calibration error that perfect probabilities show on so few examples, on average.

    The mean distance of a normal variable from its mean, bin by bin; in no bin is it more than the confidence allows.
    """
    total = sum(each.count for each in bins)
    return sum(each.count * (each.spread or 0.0) for each in bins) * (2 / math.pi) ** 0.5 / total


def balanced_accuracy(scores: list[ClassScore]) -> float | None:
    """Mean recall over the classes that have examples."""
    return _mean_of_known(score.recall for score in scores)


def auroc(negative: np.ndarray, positive: np.ndarray) -> float | None:
    """Chance that a positive scores higher than a negative, ties counted half; None without either.

    Args:
        negative: scores [examples], such as of images of the corpus.
        positive: scores [examples], such as of strangers.

    Source: the Mann-Whitney statistic; Hanley & McNeil 1982.
    """
    if not len(negative) or not len(positive):
        return None
    ranks = rankdata(np.concatenate([negative, positive]))[len(negative) :]
    least = len(positive) * (len(positive) + 1) / 2
    return float((ranks.sum() - least) / (len(negative) * len(positive)))


def macro_roc_auc(probabilities: Probabilities, labels: Labels) -> float | None:
    """Mean area under the ROC curve of each class against the others; None where no class has both.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].
    """
    columns = enumerate(probabilities.T)
    return _mean_of_known(auroc(column[labels != index], column[labels == index]) for index, column in columns)


def macro_f1(scores: list[ClassScore]) -> float | None:
    """Mean F1 over the classes that have examples."""
    return _mean_of_known(score.f1 for score in scores if score.support)


def _mean_of_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def selective_accuracy(probabilities: Probabilities, labels: Labels, *, threshold: float) -> tuple[float, float | None]:
    """(coverage, accuracy among the covered): examples whose confidence reaches the threshold.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].
        threshold: from 0 to 1.
    """
    covered = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(covered.mean()), float(hits[covered].mean()) if covered.any() else None


def risk_coverage(probabilities: Probabilities, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """(coverage, error among the covered), float64 [points] each, as ever less sure examples are answered.

    One point for each confidence that occurs, the surest first.

    Args:
        probabilities: float64 [examples, classes].
        labels: int64 [examples].

    Source: El-Yaniv & Wiener 2010, JMLR 11.
    """
    confidence = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != labels
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(labels) + 1)
    last = np.append(np.diff(confidence[order]) != 0, True)  # equal confidences are answered together
    errors = np.cumsum(wrong[order])
    return answered[last] / len(labels), errors[last] / answered[last]
