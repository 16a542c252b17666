"""The score of a model on the validation split."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Labels


def accuracy_and_log_loss(logits: np.ndarray, labels: Labels) -> tuple[float, float] | None:
    """Accuracy, and mean negative log probability of the true class in nats; None where there are no examples.

    Args:
        logits: float [examples, classes].
        labels: true class indices, int64 [examples].
    """
    if len(labels) == 0:
        return None
    scaled = logits.astype(np.float64)
    shifted = scaled - scaled.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    hit = (logits.argmax(axis=1) == labels).mean()
    return float(hit), float(-log_probabilities[np.arange(len(labels)), labels].mean())
