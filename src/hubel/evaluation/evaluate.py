"""Classifier + images + labels → EvaluationReport."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import ImageStore, Labels, Logits
from hubel.classifier.answering import Answering, softmax
from hubel.classifier.engine import batch_of
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, ignore, in_chunks


@dataclass(frozen=True)
class SplitOutputs:
    """What a classifier computes for some images.

    Args:
        logits: float32 [examples, classes].
        off_corpus: float64 [examples], above 1 for images unlike the corpus; None where the classifier has no measure.
    """

    logits: Logits
    off_corpus: np.ndarray | None


def compute_outputs(
    classifier: Answering,
    images: ImageStore,
    *,
    indices: np.ndarray,
    stage: str = "evaluating",
    on_event: OnEvent = ignore,
) -> SplitOutputs:
    """Logits and off-corpus scores of some images, a few at a time.

    Args:
        classifier: computes them.
        images: uint8 [examples, height, width, 3]; they may lie on disk.
        indices: which of them.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.
    """
    chunks = in_chunks(len(indices), 4 * batch_of(classifier.engine), stage=stage, on_event=on_event)
    parts = [classifier.compute(np.asarray(images[indices[chunk]])) for chunk in chunks]
    if not parts:
        return SplitOutputs(*classifier.compute(np.asarray(images[:0])))
    logits, scores = zip(*parts, strict=True)
    return SplitOutputs(np.concatenate(logits), None if scores[0] is None else np.concatenate(scores))


def evaluate_outputs(
    classifier: Answering, outputs: SplitOutputs, *, labels: Labels, baseline: Labels | None = None
) -> EvaluationReport:
    """Score outputs by the classifier's own calibration.

    Args:
        classifier: that computed them.
        outputs: of the examples.
        labels: int64 [examples].
        baseline: what a dense network named, int64 [examples]; None where none was trained.
    """
    calibration = classifier.calibration
    return EvaluationReport(
        class_names=classifier.class_names,
        probabilities=softmax(outputs.logits, temperature=calibration.temperature),
        uncalibrated=softmax(outputs.logits),
        labels=labels,
        threshold=calibration.abstention_threshold,
        sets=classifier.sets,
        off_corpus=outputs.off_corpus,
        baseline=baseline,
        calibrated=classifier.is_calibrated,
    )
