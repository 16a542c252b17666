"""The learning curve of a run: fresh models, trained on parts of the training split as the classifier was."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hubel.arrays import Labels
from hubel.backends.framework import seed_everything
from hubel.classifier.engine import compute_logits
from hubel.classifier.mirrored import with_tta
from hubel.corpus.corpus import Corpus
from hubel.corpus.nested_parts import nested_parts
from hubel.corpus.split import Splits
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import StoppedByUser, TrainingDiverged, UnusableCorpus
from hubel.errors.wording import Option, Part, Remedy, Text
from hubel.evaluation.learning_curve import MIN_PER_CLASS, MIN_TEST, LearningCurve, make_learning_curve
from hubel.events import Message, OnEvent, ignore
from hubel.pipeline.prepare import Prepared
from hubel.training.plan import FINE_TUNE, FitPlan
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.fitting import Listeners, run_fit
from hubel.workflows.training.network import ready_network
from hubel.workflows.training.plan_fit import SHARES
from hubel.workflows.training.time_budget import SAVE_S, Deadline, what_follows

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
    cure = Remedy("Leave ", Option("learning_curve"), " out, or add images.")
    if len(splits.test) < MIN_TEST:
        raise UnusableCorpus(
            f"A learning curve needs at least {MIN_TEST} test images; {corpus.location} gives {len(splits.test)}.",
            cure,
        )
    counts = np.bincount(labels[smallest], minlength=len(corpus.class_names))
    present = np.flatnonzero(np.bincount(labels, minlength=len(counts)))
    if len(smallest) < MIN_PER_CLASS * len(present):
        raise UnusableCorpus(
            f"A learning curve needs at least {MIN_PER_CLASS * len(present):,} images in its smallest part, "
            f"{MIN_PER_CLASS} for each class. {SHARES[0]:.0%} of the training images are {len(smallest):,}.",
            cure,
        )
    single = [corpus.class_names[label] for label in present if counts[label] < MIN_PER_CLASS]
    if single:
        shown = ", ".join(repr(name) for name in single[:5]) + (" ..." if len(single) > 5 else "")
        text = (
            f"The smallest part of the learning curve holds only one image each of {shown}, so the curve begins lower."
        )
        on_event(Message(text, warning=True))


def draw_learning_curve(finished: Finished, *, on_event: OnEvent = ignore) -> Drawn:
    """Train on each part, score on the same test split, and forecast; nothing where no curve was asked for.

    Ctrl-C ends it without a curve; the classifier is not touched.

    Args:
        finished: the run; its test score is the last point.
        on_event: hears what goes on.
    """
    fitted, prepared, seed = finished.fitted, finished.prepared, finished.request.seed
    shares = fitted.plan.shares
    if not shares or fitted.interrupted:
        return Drawn()
    places, report = _trained_on(finished), finished.scored.reports["test"]
    parts = [places[part] for part in nested_parts(prepared.labels[places], shares, seed=seed)]
    predicted: dict[float, Labels] = {}
    trained: list[dict[str, Any]] = []
    try:
        for number, (share, part) in enumerate(zip(shares, parts, strict=True)):
            splits = replace(prepared.splits, train=tuple(map(int, part)))
            plan = plan_part(fitted.plan, splits, deadline=finished.deadline, number=number)
            if plan is None:
                on_event(_not_drawn("no time is left for it.", Remedy("Use a longer ", Option("time_limit"), ".")))
                return Drawn()
            text = f"Learning curve: training on {share:.0%} of the training images, {len(part):,}."
            on_event(Message(text))
            predicted[share], row = _train_part(
                finished, plan, prepared=replace(prepared, splits=splits), on_event=on_event
            )
            if row["recipe"].keys() != fitted.recipes.keys():  # no time was left to fine-tune it, which was said
                on_event(_not_drawn("a part could not be trained as the classifier was."))
                return Drawn()
            trained.append({"share": share, "train_examples": len(part), **row})
    except (KeyboardInterrupt, StoppedByUser):
        text = "Stopped: the classifier is saved, the learning curve is not drawn."
        on_event(Message(Text(text, Remedy("To draw it, use ", Option("resume", value=True), ".")), warning=True))
        return Drawn(interrupted=True)
    except TrainingDiverged as error:
        on_event(_not_drawn("training on a part diverged. ", error.text))
        return Drawn()
    predicted[WHOLE] = report.predicted
    wrong = np.stack([named != report.labels for named in predicted.values()])
    curve = make_learning_curve(list(predicted), [*map(len, parts), len(places)], wrong=wrong, seed=seed)
    return Drawn(curve, predicted, tuple(trained))


def _not_drawn(*reason: Part | Text) -> Message:
    return Message(Text("The classifier is saved, but the learning curve is not drawn: ", *reason), warning=True)


def _trained_on(finished: Finished) -> np.ndarray:
    """All of the training split, or what the time limit left of it."""
    fitted = finished.fitted
    if fitted.features is not None and FINE_TUNE not in fitted.recipes:
        return fitted.features.places
    return finished.prepared.indices("train")


def plan_part(plan: FitPlan, splits: Splits, *, deadline: Deadline, number: int) -> FitPlan | None:
    """How a part is to be trained, and until when; None where the time limit leaves nothing for it.

    Args:
        plan: of the classifier, as it was carried out.
        splits: with the part in place of the training split.
        deadline: of everything.
        number: of the part, 0 for the first.
    """
    share, later = plan.shares[number], plan.shares[number:]
    ends_at = deadline.ends_at - SAVE_S
    left_s = ends_at - time.monotonic() - len(later) * plan.costs.beside_s
    if left_s < 1:
        return None
    afterwards = what_follows(splits, deadline.limit_s)
    return plan.scaled(share, afterwards=afterwards, left_s=left_s * share / sum(later), ends_at=ends_at)


def _train_part(
    finished: Finished, plan: FitPlan, *, prepared: Prepared[Choice], on_event: OnEvent
) -> tuple[Labels, dict[str, Any]]:
    """Class index of each test example by a model trained on a part, and how it was trained."""
    seed_everything(finished.request.seed)
    network = ready_network(finished.request, prepared, recipes=plan.recipes)
    plan = replace(plan, costs=network.costs)
    known = finished.fitted.features
    fitted = run_fit(plan, network, prepared=prepared, listeners=Listeners(on_event), known=known)
    if fitted.interrupted:
        raise StoppedByUser("A part of the learning curve was not finished.")
    engine, test = with_tta(KerasEngine(fitted.model), finished.scored.classifier.tta), prepared.indices("test")
    logits = compute_logits(engine, prepared.decoded.images, test, stage="scoring test", on_event=on_event)
    row = {
        "recipe": {phase: recipe.to_json() for phase, recipe in fitted.recipes.items()},
        "clock_decided": [history.to_json() for history in fitted.histories],
    }
    return logits.argmax(axis=1), row
