"""Classifier + images + labels → EvaluationReport."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Images, Labels, Logits
from hubel.classifier.classifier import Classifier, softmax
from hubel.classifier.engine import LARGE_BATCH, Engine
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, Progress, ignore

_CHUNK = 4 * LARGE_BATCH


def compute_logits(
    engine: Engine, images: Images, indices: np.ndarray, *, stage: str = "evaluating", on_event: OnEvent = ignore
) -> Logits:
    """Logits of some images, a few at a time.

    Args:
        engine: of a classifier.
        images: uint8 [examples, height, width, 3], may be mapped from disk.
        indices: which of them.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.

    Returns:
        float32 [len(indices), classes].
    """
    parts = []
    for start in range(0, len(indices), _CHUNK):
        parts.append(engine.compute_logits(np.asarray(images[indices[start : start + _CHUNK]])))
        on_event(Progress(stage, min(len(indices), start + _CHUNK), len(indices)))
    return np.concatenate(parts) if parts else engine.compute_logits(np.asarray(images[:0]))


def evaluate_logits(classifier: Classifier, logits: Logits, labels: Labels) -> EvaluationReport:
    """Score logits by the classifier's own calibration."""
    calibration = classifier.calibration
    return EvaluationReport(
        class_names=classifier.class_names,
        probabilities=softmax(logits, temperature=calibration.temperature),
        uncalibrated=softmax(logits),
        labels=labels,
        threshold=calibration.abstention_threshold,
    )
