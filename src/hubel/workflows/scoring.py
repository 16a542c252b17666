"""A trained model → a calibrated classifier, and its scores on what it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hubel.classifier.classifier import Calibration, Classifier, softmax
from hubel.evaluation.baseline import predict_by_dense_network
from hubel.evaluation.calibration import choose_threshold, fit_temperature
from hubel.evaluation.conformal import fit_prediction_sets
from hubel.evaluation.evaluate import Outputs, compute_outputs, evaluate_outputs
from hubel.evaluation.off_corpus import MOST_CHANNELS, fit_off_corpus
from hubel.evaluation.report import EvaluationReport
from hubel.events import Progress
from hubel.workflows.fitting import Work

MOST_TRAIN = 4000
"""Training images that are looked at again, to learn what is usual and how well they are remembered."""
_CHUNK = 256


@dataclass(frozen=True)
class Scored:
    """A calibrated classifier and its scores.

    Args:
        classifier: with everything that is fitted on the validation split.
        reports: ``"validation"`` and ``"test"``.
        without_leaks: the test score without the examples that have a copy in another part; None where none has.
        train_hits: bool, whether training images are named rightly, at most 4,000 of them, not augmented.
    """

    classifier: Classifier
    reports: Mapping[str, EvaluationReport]
    without_leaks: EvaluationReport | None
    train_hits: np.ndarray


def score(work: Work, classifier: Classifier) -> Scored:
    """Calibrate on the validation split, then score both splits that were not trained on.

    Args:
        work: what the model was fitted to.
        classifier: not calibrated yet.
    """
    labels = {split: work.labels[work.indices(split)] for split in ("validation", "test")}
    classifier, train_hits = _knowing_its_corpus(work, classifier)
    outputs = {split: _outputs(work, classifier, split) for split in labels}
    temperature = fit_temperature(outputs["validation"].logits, labels["validation"])
    probabilities = softmax(outputs["validation"].logits, temperature=temperature)
    calibrated = classifier.completed(
        calibration=Calibration(temperature, choose_threshold(probabilities)),
        sets=fit_prediction_sets(probabilities, labels["validation"]),
    )
    images, train, test = work.decoded.images, work.indices("train"), work.indices("test")
    baseline = predict_by_dense_network(images, work.labels, train, test, seed=work.request.seed)
    reports = {
        "validation": evaluate_outputs(calibrated, outputs["validation"], labels["validation"]),
        "test": evaluate_outputs(calibrated, outputs["test"], labels["test"], baseline=baseline),
    }
    clean = ~np.isin(test, work.splits.leaking_test)
    without = None if clean.all() else reports["test"].take(clean)
    return Scored(calibrated, reports, without, train_hits)


def _outputs(work: Work, classifier: Classifier, split: str) -> Outputs:
    indices, stage = work.indices(split), f"scoring {split}"
    return compute_outputs(classifier, work.decoded.images, indices, stage=stage, on_event=work.on_event)


def _knowing_its_corpus(work: Work, classifier: Classifier) -> tuple[Classifier, np.ndarray]:
    """With an off-corpus score; and which of some training images it names rightly."""
    train = work.indices("train")
    if len(train) > MOST_TRAIN:
        train = np.sort(np.random.default_rng([work.request.seed, 8]).permutation(train)[:MOST_TRAIN])
    if classifier.engine.channels > MOST_CHANNELS:
        outputs = compute_outputs(
            classifier, work.decoded.images, train, stage="scoring training images", on_event=work.on_event
        )
        return classifier, outputs.logits.argmax(axis=1) == work.labels[train]
    features, logits = _features(work, classifier, train, "looking at training images")
    held_out, _ = _features(work, classifier, work.indices("validation"), "looking at validation images")
    off_corpus = fit_off_corpus(features, work.labels[train], held_out)
    return classifier.completed(off_corpus=off_corpus), logits.argmax(axis=1) == work.labels[train]


def _features(work: Work, classifier: Classifier, indices: np.ndarray, stage: str) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for start in range(0, max(1, len(indices)), _CHUNK):
        chosen = np.asarray(work.decoded.images[indices[start : start + _CHUNK]])
        parts.append(classifier.engine.compute_features(chosen))
        work.on_event(Progress(stage, min(len(indices), start + _CHUNK), len(indices)))
    features, logits = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(logits)
