"""A trained model → a calibrated classifier, and its scores on what it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.arrays import ImageStore, Logits
from hubel.calibration.off_corpus import fit_off_corpus
from hubel.calibration.sets import fit_prediction_sets
from hubel.calibration.temperature import choose_threshold, fit_temperature
from hubel.classifier.answering import Calibration, softmax
from hubel.classifier.classifier import Classifier
from hubel.classifier.off_corpus import Looks, OffCorpus
from hubel.corpus.split import Splits
from hubel.evaluation.baseline import predict_by_dense_network
from hubel.evaluation.evaluate import SplitOutputs, compute_outputs, evaluate_outputs
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, Progress, ignore, in_chunks
from hubel.pipeline.prepare import Prepared
from hubel.random_streams import stream
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.time_budget import (
    BASELINE_S,
    FEWEST_TRAIN_SCORED,
    LEAST_TRAIN_SCORED,
    MOST_TRAIN_SCORED,
    OCCLUDED,
    SAVE_S,
    Deadline,
    baseline_examples,
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


def score(
    prepared: Prepared[Choice], classifier: Classifier, *, deadline: Deadline, seed: int, on_event: OnEvent = ignore
) -> Scored:
    """Calibrate on the validation split, then score both splits that were not trained on.

    Args:
        prepared: the corpus.
        classifier: not calibrated yet.
        deadline: of everything; where it is near, fewer training images are looked at.
        seed: of the training images that are looked at, and of the baseline.
        on_event: hears `Progress`.
    """
    train, test, images = prepared.indices("train"), prepared.indices("test"), prepared.decoded.images
    labels = {split: prepared.labels[prepared.indices(split)] for split in ("validation", "test")}
    look_at = partial(_look_at, images, classifier, on_event=on_event)
    begun = time.monotonic()
    held_out = look_at(prepared.indices("validation"), "scoring validation")
    most = as_many_as_fit(prepared.splits, deadline, image_s=(time.monotonic() - begun) / max(1, len(held_out.logits)))
    if len(train) > most:
        train = np.sort(stream("known images", seed).permutation(train)[:most])
    known = look_at(train, "scoring training images")
    spec = classifier.blueprint.spec
    brought = isinstance(spec, PretrainedSpec) and spec.fixed_statistics  # what it knows, from ImageNet
    off_corpus = fit_off_corpus(known.looks, held_out.looks, labels=prepared.labels[train] if brought else None)
    temperature = fit_temperature(held_out.logits, labels["validation"])
    probabilities = softmax(held_out.logits, temperature=temperature)
    calibrated = replace(
        classifier,
        calibration=Calibration(temperature, choose_threshold(probabilities)),
        sets=fit_prediction_sets(probabilities, labels["validation"]),
        off_corpus=off_corpus,
    )
    tested = compute_outputs(calibrated, images, indices=test, stage="scoring test", on_event=on_event)
    on_event(Progress("training the dense baseline", 0, 1, "networks"))
    every = prepared.indices("train")
    baseline = predict_by_dense_network(
        images, prepared.labels, train=every, test=test, seed=seed, most=baseline_examples(len(every), deadline.limit_s)
    )
    reports = {
        "validation": evaluate_outputs(calibrated, _outputs(off_corpus, held_out), labels=labels["validation"]),
        "test": evaluate_outputs(calibrated, tested, labels=labels["test"], baseline=baseline),
    }
    clean = ~np.isin(test, prepared.splits.leaking_test)
    without = None if clean.all() else reports["test"].take(clean)
    return Scored(calibrated, reports, without, known.logits.argmax(axis=1) == prepared.labels[train])


def as_many_as_fit(splits: Splits, deadline: Deadline, *, image_s: float) -> int:
    """Training images to look at again: 4,000, or what a slow machine leaves of the time limit.

    The covered copies of the report are counted where there is time for both; the report leaves out what is late.

    Args:
        splits: of the corpus.
        deadline: with the limit, if there is one.
        image_s: seconds that an image takes now.
    """
    if deadline.limit_s is None:
        return MOST_TRAIN_SCORED
    baseline_s = BASELINE_S * baseline_examples(len(splits.train), deadline.limit_s)
    after_s = SAVE_S + baseline_s + image_s * (len(splits.test) + OCCLUDED)
    left_s = deadline.left(after_s)
    if left_s < LEAST_TRAIN_SCORED * image_s:
        left_s += image_s * OCCLUDED
        return int(min(LEAST_TRAIN_SCORED, max(FEWEST_TRAIN_SCORED, left_s / max(image_s, 1e-9))))
    return int(min(MOST_TRAIN_SCORED, max(LEAST_TRAIN_SCORED, left_s / max(image_s, 1e-9))))


def _look_at(
    images: ImageStore, classifier: Classifier, indices: np.ndarray, stage: str, *, on_event: OnEvent
) -> _Seen:
    chunks = in_chunks(len(indices), _CHUNK, stage=stage, on_event=on_event)
    parts = [classifier.look(np.asarray(images[indices[chunk]])) for chunk in chunks]
    logits, looks = zip(*(parts or [classifier.look(np.asarray(images[:0]))]), strict=True)
    return _Seen(np.concatenate(logits), Looks.joined(looks))


def _outputs(off_corpus: OffCorpus | None, seen: _Seen) -> SplitOutputs:
    return SplitOutputs(seen.logits, None if off_corpus is None else off_corpus.score(seen.looks))
