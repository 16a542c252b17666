"""Temperature and abstention threshold, fitted on the validation split."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from hubel.arrays import Labels, Logits, Probabilities

TEMPERATURES = (0.05, 20.0)
COVERAGE = 0.9


def fit_temperature(logits: Logits, labels: Labels) -> float:
    """The temperature that makes the validation probabilities most honest: least log loss.

    The labels are softened as if one more example of unknown class had been seen, so that a validation split without
    a mistake does not ask for certainty.

    Args:
        logits: float32 [examples, classes].
        labels: int64 [examples].

    Returns:
        0.05 to 20; 1 without examples.

    Source: Guo et al. 2017, arXiv:1706.04599; the softening after Platt 1999.
    """
    count, classes = logits.shape
    if count == 0:
        return 1.0
    scaled = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    unknown = 1 / (count + 2)
    wanted = np.full((count, classes), unknown / classes)
    wanted[np.arange(count), labels] += 1 - unknown

    def loss(log_temperature: float) -> float:
        divided = scaled / np.exp(log_temperature)
        log_probabilities = divided - np.log(np.exp(divided).sum(axis=1, keepdims=True))
        return -(wanted * log_probabilities).sum() / count

    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def choose_threshold(probabilities: Probabilities) -> float:
    """The confidence that nine of ten validation examples reach; 0 without examples.

    Args:
        probabilities: calibrated, float64 [examples, classes].
    """
    if len(probabilities) == 0:
        return 0.0
    return float(np.quantile(probabilities.max(axis=1), 1 - COVERAGE, method="lower"))
