"""The learning curve of a run: fresh models, trained on parts of the training split as the classifier was."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hubel.arrays import Labels
from hubel.backends.seeding import seed_everything
from hubel.corpus.corpus import Corpus
from hubel.corpus.nested_parts import nested_parts
from hubel.corpus.split import Splits
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import StoppedByUser, TrainingDiverged, UnusableCorpus
from hubel.evaluation.evaluate import compute_logits
from hubel.evaluation.learning_curve import MIN_PER_CLASS, MIN_TEST, SHARES, LearningCurve, make_learning_curve
from hubel.evaluation.report import EvaluationReport
from hubel.events import Message, OnEvent
from hubel.workflows.training.fitting import fit
from hubel.workflows.training.part_plan import Earlier
from hubel.workflows.training.work import SAVE_S, Fitted, Work

WHOLE = 1.0


@dataclass(frozen=True)
class Drawn:
    """What became of a learning curve.

    Args:
        curve: None where it was not asked for, or not finished.
        predicted: share of the training split → class index of each test example.
        trained: what ``run.json`` says of the training on each part.
        interrupted: the user ended it.
    """

    curve: LearningCurve | None = None
    predicted: Mapping[float, Labels] = field(default_factory=dict)
    trained: tuple[dict[str, Any], ...] = ()
    interrupted: bool = False


def check_drawable(corpus: Corpus, splits: Splits, *, seed: int, on_event: OnEvent) -> None:
    """Refuse, before any training, a corpus of which no learning curve can be drawn.

    Args:
        corpus: what was read.
        splits: of it.
        seed: of the parts.
        on_event: hears of classes that will bend the curve.

    Raises:
        UnusableCorpus: too few test or training images; says what to change.
    """
    labels = np.array([corpus.examples[place].label for place in splits.train], np.int64)
    smallest = nested_parts(labels, SHARES[:1], seed=seed)[0]
    cure = "Leave --learning-curve out, or add images."
    if len(splits.test) < MIN_TEST:
        raise UnusableCorpus(
            f"A learning curve needs at least {MIN_TEST} test images; {corpus.location} gives {len(splits.test)}. "
            f"{cure}"
        )
    counts = np.bincount(labels[smallest], minlength=len(corpus.class_names))
    present = np.flatnonzero(np.bincount(labels, minlength=len(counts)))
    if len(smallest) < MIN_PER_CLASS * len(present):
        raise UnusableCorpus(
            f"A learning curve needs at least {MIN_PER_CLASS * len(present):,} images in its smallest part, "
            f"{MIN_PER_CLASS} for each class. {SHARES[0]:.0%} of the training images are {len(smallest):,}. {cure}"
        )
    single = [corpus.class_names[label] for label in present if counts[label] < MIN_PER_CLASS]
    if single:
        shown = ", ".join(repr(name) for name in single[:5]) + (" ..." if len(single) > 5 else "")
        text = f"The smallest part of the learning curve holds one image each of {shown}: it begins lower for that."
        on_event(Message(text, warning=True))


def draw_learning_curve(
    work: Work, fitted: Fitted, pretrained: list[np.ndarray] | None, report: EvaluationReport
) -> Drawn:
    """Train on each part, score on the same test split, and forecast; nothing where no curve was asked for.

    Ctrl-C ends it without a curve; the classifier is not touched.

    Args:
        work: what the classifier was fitted to.
        fitted: how.
        pretrained: weights of the backbone, as it began with; None from scratch.
        report: the classifier's test score, the last point.
    """
    if not work.parts or fitted.interrupted:
        return Drawn()
    places = _trained_on(work, fitted)
    parts = [places[part] for part in nested_parts(work.labels[places], work.parts, seed=work.request.seed)]
    predicted: dict[float, Labels] = {}
    trained: list[dict[str, Any]] = []
    try:
        for number, (share, part) in enumerate(zip(work.parts, parts, strict=True)):
            earlier = _earlier(work, fitted, number)
            if earlier is None:
                return Drawn()
            text = f"Learning curve: training on {share:.0%} of the training images, {len(part):,}."
            work.on_event(Message(text))
            predicted[share], row = _train_part(work, earlier, part, pretrained)
            if row["recipe"].keys() != fitted.recipes.keys():  # no time was left to fine-tune it, which was said
                return _not_drawn(work, "a part could not be trained as the classifier was")
            trained.append({"share": share, "train_examples": len(part), **row})
    except (KeyboardInterrupt, StoppedByUser):
        text = "Stopped: the classifier is saved, the learning curve is not drawn. With --resume it is."
        work.on_event(Message(text, warning=True))
        return Drawn(interrupted=True)
    except TrainingDiverged as error:
        return _not_drawn(work, f"training on a part diverged ({str(error).split(':', maxsplit=1)[0]})")
    predicted[WHOLE] = report.predicted
    wrong = np.stack([named != report.labels for named in predicted.values()])
    sizes = [*map(len, parts), len(places)]
    curve = make_learning_curve(list(predicted), sizes, wrong, seed=work.request.seed)
    return Drawn(curve, predicted, tuple(trained))


def _not_drawn(work: Work, reason: str) -> Drawn:
    work.on_event(Message(f"The learning curve is not drawn: {reason}. The classifier is saved.", warning=True))
    return Drawn()


def _trained_on(work: Work, fitted: Fitted) -> np.ndarray:
    """All of the training split, or what the time limit left of it."""
    if fitted.features is not None and "fine-tune" not in fitted.recipes:
        return fitted.features.places
    return work.indices("train")


def _earlier(work: Work, fitted: Fitted, number: int) -> Earlier | None:
    """How a part is to be trained, and until when; None, and a message, where the time limit leaves nothing for it."""
    share, later = work.parts[number], work.parts[number:]
    clock_s, ends_at = fitted.clock_s, float("inf")
    if clock_s is not None:
        clock_s *= share
    if work.request.time_limit_s is not None:
        ends_at = work.started + work.request.time_limit_s - SAVE_S
        left_s = ends_at - time.monotonic() - len(later) * fitted.beside_s
        if left_s < 1:
            _not_drawn(work, "no time is left for it; use a longer --time-limit")
            return None
        if clock_s is not None:
            clock_s = min(clock_s, left_s * share / sum(later))
    return Earlier(fitted.recipes, clock_s, ends_at, fitted.features)


def _train_part(
    work: Work, earlier: Earlier, part: np.ndarray, pretrained: list[np.ndarray] | None
) -> tuple[Labels, dict[str, Any]]:
    """Class index of each test example by a model trained on a part, and how it was trained."""
    seed_everything(work.request.seed)
    splits = replace(work.splits, train=tuple(map(int, part)))
    fitted = fit(replace(work, splits=splits, earlier=earlier, keeper=None), pretrained)
    if fitted.interrupted:
        raise StoppedByUser("A part of the learning curve was not finished.")
    engine, test = KerasEngine(fitted.model), work.indices("test")
    logits = compute_logits(engine, work.decoded.images, test, stage="scoring test", on_event=work.on_event)
    row = {
        "recipe": {phase: recipe.to_json() for phase, recipe in fitted.recipes.items()},
        "clock_decided": [history.to_json() for history in fitted.histories],
    }
    return logits.argmax(axis=1), row
