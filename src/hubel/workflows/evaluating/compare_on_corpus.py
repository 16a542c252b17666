"""Compare two classifiers on the images of a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors.wording import Text
from hubel.events import Event, Message, OnEvent, ignore
from hubel.wishes import AUTO
from hubel.workflows.evaluating.compare_runs import Against, Named, pair
from hubel.workflows.evaluating.evaluate import Evaluation, evaluate_run


def compare_on_corpus(
    first: Path,
    second: Path,
    *,
    corpus: str,
    reading: Reading = AS_FOUND,
    engine: str = AUTO,
    on_event: OnEvent = ignore,
) -> Against:
    """Let two classifiers name every image of a corpus whose class both know.

    Images that one of them knows from its training or validation part are left out, where its run tells which.

    Args:
        first: a run folder or its ``classifier/`` folder: the one that is judged.
        second: the one it is compared with.
        corpus: a location that `read_corpus` takes.
        reading: how it is read.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong with a classifier or the corpus.
    """
    evaluations = [
        evaluate_run(run, corpus, reading=reading, keep_known=True, engine=engine, on_event=_about(run, on_event))
        for run in (first, second)
    ]
    seen = {path for each in evaluations if each.left_out is not None for path in each.left_out.paths}
    sides = [_named(run, each) for run, each in zip((first, second), evaluations, strict=True)]
    compared = pair(*sides, seen=seen, corpus=corpus, on_event=on_event)
    return replace(compared, refused=evaluations[0].refused)


def _about(run: Path, on_event: OnEvent) -> OnEvent:
    """Messages that begin with the classifier they are about."""

    def told(event: Event) -> None:
        on_event(replace(event, text=f"{run}: " + Text(event.text)) if isinstance(event, Message) else event)

    return told


def _named(run: Path, evaluation: Evaluation) -> Named:
    report, names = evaluation.report, evaluation.report.class_names
    answers = zip(report.labels, report.predicted, strict=True)
    told = {path: (names[label], names[named]) for path, (label, named) in zip(evaluation.paths, answers, strict=True)}
    return Named(str(run), set(names), told)
