"""Metrics as pure functions of NumPy arrays. What is undefined is None, not 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import Labels, Probabilities

Z_95 = 1.959963984540054
CALIBRATION_BINS = 15


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a proportion.

    Source: Wilson 1927; recommended for all sizes by Brown, Cai & DasGupta 2001.
    """
    share, z2 = hits / count, Z_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = Z_95 / (1 + z2 / count) * (share * (1 - share) / count + z2 / (4 * count**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def log_loss(probabilities: Probabilities, labels: Labels) -> float:
    """Mean negative log probability of the true class in nats; probabilities below 2e-16 count as that."""
    clipped = np.clip(probabilities, np.finfo(np.float64).eps, 1)
    return float(-np.log(clipped[np.arange(len(labels)), labels]).mean())


def top_k_accuracy(probabilities: Probabilities, labels: Labels, *, k: int) -> float:
    """Share of examples whose true class is among the ``k`` most probable; 1 where there are no more than ``k``."""
    true = probabilities[np.arange(len(labels)), labels]
    more_probable = (probabilities > true[:, None]).sum(axis=1)
    return float((more_probable < k).mean())


def expected_calibration_error(probabilities: Probabilities, labels: Labels) -> float:
    """Mean distance between confidence and accuracy over 15 bins of equal width, weighted by their size.

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = (abs((hits[bins == each]).sum() - confidence[bins == each].sum()) for each in range(CALIBRATION_BINS))
    return float(sum(gaps) / len(labels))


def confusion_matrix(predicted: Labels, labels: Labels, classes: int) -> np.ndarray:
    """int64 [classes, classes]: row = true class, column = predicted class."""
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


def macro_f1(scores: list[ClassScore]) -> float | None:
    """Mean F1 over the classes that have examples."""
    values = [score.f1 for score in scores if score.support and score.f1 is not None]
    return float(np.mean(values)) if values else None


def selective_accuracy(probabilities: Probabilities, labels: Labels, threshold: float) -> tuple[float, float | None]:
    """(coverage, accuracy among the covered): examples whose confidence reaches the threshold."""
    covered = probabilities.max(axis=1) >= threshold
    hits = probabilities.argmax(axis=1) == labels
    return float(covered.mean()), float(hits[covered].mean()) if covered.any() else None
