"""A trained model → a calibrated classifier, and its scores on what it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.arrays import Logits
from hubel.calibration.off_corpus import fit_off_corpus
from hubel.calibration.sets import fit_prediction_sets
from hubel.calibration.temperature import choose_threshold, fit_temperature
from hubel.chunks import in_chunks
from hubel.classifier.answering import Calibration, softmax
from hubel.classifier.classifier import Classifier
from hubel.classifier.off_corpus import Looks, OffCorpus
from hubel.evaluation.baseline import MOST_EXAMPLES, predict_by_dense_network
from hubel.evaluation.evaluate import SplitOutputs, compute_outputs, evaluate_outputs
from hubel.evaluation.report import EvaluationReport
from hubel.events import Progress
from hubel.random_streams import stream
from hubel.workflows.training.work import (
    BASELINE_S,
    FEWEST_TRAIN_SCORED,
    LEAST_TRAIN_SCORED,
    MOST_TRAIN_SCORED,
    OCCLUDED,
    SAVE_S,
    Deadline,
    Work,
)

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


@dataclass(frozen=True)
class _Seen:
    """What the network made of some images, and what the off-corpus score sees of them."""

    logits: Logits
    looks: Looks


def score(work: Work, classifier: Classifier) -> Scored:
    """Calibrate on the validation split, then score both splits that were not trained on.

    Args:
        work: what the model was fitted to.
        classifier: not calibrated yet.
    """
    train, test = work.indices("train"), work.indices("test")
    labels = {split: work.labels[work.indices(split)] for split in ("validation", "test")}
    begun = time.monotonic()
    held_out = _look_at(work, classifier, work.indices("validation"), "scoring validation")
    most = _as_many_as_fit(work, (time.monotonic() - begun) / max(1, len(held_out.logits)))
    if len(train) > most:
        train = np.sort(stream("known images", work.request.seed).permutation(train)[:most])
    known = _look_at(work, classifier, train, "scoring training images")
    spec = classifier.blueprint.spec
    brought = isinstance(spec, PretrainedSpec) and spec.fixed_statistics  # what it knows, from ImageNet
    off_corpus = fit_off_corpus(known.looks, held_out.looks, labels=work.labels[train] if brought else None)
    temperature = fit_temperature(held_out.logits, labels["validation"])
    probabilities = softmax(held_out.logits, temperature=temperature)
    calibrated = replace(
        classifier,
        calibration=Calibration(temperature, choose_threshold(probabilities)),
        sets=fit_prediction_sets(probabilities, labels["validation"]),
        off_corpus=off_corpus,
    )
    images = work.decoded.images
    tested = compute_outputs(calibrated, images, test, stage="scoring test", on_event=work.on_event)
    work.on_event(Progress("training the dense baseline", 0, 1, "networks"))
    baseline = predict_by_dense_network(images, work.labels, work.indices("train"), test, seed=work.request.seed)
    reports = {
        "validation": evaluate_outputs(calibrated, _outputs(off_corpus, held_out), labels["validation"]),
        "test": evaluate_outputs(calibrated, tested, labels["test"], baseline=baseline),
    }
    clean = ~np.isin(test, work.splits.leaking_test)
    without = None if clean.all() else reports["test"].take(clean)
    return Scored(calibrated, reports, without, known.logits.argmax(axis=1) == work.labels[train])


def _as_many_as_fit(work: Work, image_s: float) -> int:
    """Training images to look at again: 4,000, or what a slow machine leaves of the time limit.

    The covered copies of the report are counted where there is time for both; the report leaves out what is late.

    Args:
        work: with the limit.
        image_s: seconds that an image takes now.
    """
    if work.request.time_limit_s is None:
        return MOST_TRAIN_SCORED
    baseline_s = BASELINE_S * min(len(work.splits.train), MOST_EXAMPLES)
    after_s = SAVE_S + baseline_s + image_s * (len(work.splits.test) + OCCLUDED)
    left_s = Deadline(work.started, work.request.time_limit_s).left(after_s)
    if left_s < LEAST_TRAIN_SCORED * image_s:
        left_s += image_s * OCCLUDED
        return int(min(LEAST_TRAIN_SCORED, max(FEWEST_TRAIN_SCORED, left_s / max(image_s, 1e-9))))
    return int(min(MOST_TRAIN_SCORED, max(LEAST_TRAIN_SCORED, left_s / max(image_s, 1e-9))))


def _look_at(work: Work, classifier: Classifier, indices: np.ndarray, stage: str) -> _Seen:
    images = work.decoded.images
    chunks = in_chunks(len(indices), _CHUNK, stage=stage, on_event=work.on_event)
    parts = [classifier.look(np.asarray(images[indices[chunk]])) for chunk in chunks]
    logits, looks = zip(*(parts or [classifier.look(np.asarray(images[:0]))]), strict=True)
    return _Seen(np.concatenate(logits), Looks.joined(looks))


def _outputs(off_corpus: OffCorpus | None, seen: _Seen) -> SplitOutputs:
    return SplitOutputs(seen.logits, None if off_corpus is None else off_corpus.score(seen.looks))
