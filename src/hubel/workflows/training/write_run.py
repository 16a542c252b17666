"""A trained model → its score, advice, learning curve and report, in a run folder."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hubel.advice.advise import advise
from hubel.advice.remarks import Advice
from hubel.catalogue import Later
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Engine
from hubel.corpus.corpus import Corpus
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_artefact import compiled_if_alike, save_classifier
from hubel.errors import UnusableInput
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent
from hubel.images.notebook import document
from hubel.pipeline.prepare import Prepared
from hubel.runs.documents import write_documents
from hubel.runs.is_run import EXPLANATIONS_FILE, PAGE
from hubel.runs.machine import describe_machine
from hubel.runs.request import TrainRequest
from hubel.runs.run_folder import RunFolder
from hubel.runs.tables.dense_baseline import write_baseline
from hubel.runs.tables.fingerprints import write_digests
from hubel.runs.tables.history import write_history
from hubel.runs.tables.intake import write_intake
from hubel.runs.tables.leaks import write_leaks
from hubel.runs.tables.learning_curve import write_learning_curve
from hubel.runs.tables.off_corpus import write_scores
from hubel.runs.tables.predictions import write_predictions
from hubel.runs.tables.seen_before import write_seen_before
from hubel.runs.tables.split import read_split, write_split
from hubel.text import brief, counted, elided, with_interval
from hubel.workflows.evaluating.mistakes import show_mistakes
from hubel.workflows.training.answers import choose_answers
from hubel.workflows.training.checkpointing import SoFar
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.collect_evidence import make_evidence
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.fitting import Fitted
from hubel.workflows.training.learning_curve import Drawn, draw_learning_curve
from hubel.workflows.training.run_documents import Documents, make_documents, with_learning_curve
from hubel.workflows.training.run_report import write_run_report
from hubel.workflows.training.scoring import score
from hubel.workflows.training.time_budget import SAVE_S, Deadline

where_it_looks = Later("hubel.workflows.evaluating.where_it_looks", "where_it_looks")


@brief
@dataclass(frozen=True)
class Run:
    """A finished run.

    Args:
        path: its folder.
        classifier: what was trained.
        metrics: the content of ``metrics.json``.
        reports: ``"validation"`` and ``"test"``.
        corpus: as it was read, with its intake record.
        fitted: the recipes, the history of each phase, and whether the user ended it early.
        without_leaks: the test score without the examples that have a copy in another part; None where none has.
        advice: what is wrong with it and what to type next, the most harmful first.
        learning_curve: accuracy against training images, and a forecast; None where it was not asked for or not drawn.
        curve_interrupted: the user ended it while the learning curve was drawn.
    """

    path: Path
    classifier: Classifier
    metrics: dict[str, Any]
    reports: Mapping[str, EvaluationReport]
    corpus: Corpus
    fitted: Fitted
    without_leaks: EvaluationReport | None = None
    advice: tuple[Advice, ...] = ()
    learning_curve: LearningCurve | None = None
    curve_interrupted: bool = False

    def _brief(self) -> Iterator[str]:
        classes = len(self.classifier.class_names)
        yield f"Run {elided(self.path)}: {self.classifier.blueprint.name}, {counted(classes, 'class', 'classes')}"
        report = self.reports.get("test")
        if report is not None and len(report.labels):
            accuracy = with_interval(report.accuracy, report.accuracy_interval)
            yield f"test accuracy {accuracy} on {counted(len(report.labels), 'image')}"
        for advice in self.advice[:3]:
            yield f"{advice.severity}: {advice.text}"
        yield f"{elided(self.path)}/report.html"

    def _repr_html_(self) -> str:
        report, lines = self.reports.get("test"), self._brief()
        try:
            tested = {path for path, placed in read_split(self.path).items() if placed.split == "test"}
        except UnusableInput:  # the folder is gone
            return document(lines, ())
        places = [place for place, each in enumerate(self.corpus.examples) if each.path in tested]
        if report is None or len(places) != len(report.labels):  # it holds another run by now
            return document(lines, ())
        return show_mistakes(lines, self.corpus, places=places, report=report)

    def show(self, *, height: int = 800) -> Any:
        """The page of this run, which lays its network open; a notebook shows it where it stands last in a cell.

        Args:
            height: of the frame that it stands in, in pixels.

        Raises:
            HubelError: a subclass says why there is none.
        """
        door = importlib.import_module("hubel")  # as of a classifier
        return door.show(self, height=height)


def write_run(
    request: TrainRequest,
    recorded: Mapping[str, Any],
    *,
    prepared: Prepared[Choice],
    fitted: Fitted,
    so_far: SoFar,
    on_event: OnEvent,
) -> Run:
    """Score what was trained, and write everything that is known of it.

    Args:
        request: the user's words.
        recorded: the same as plain data, of `record_request`, as it was before the training.
        prepared: the corpus.
        fitted: what was trained on it.
        so_far: when the training began, and how long it took to read the corpus.
        on_event: hears what goes on.
    """
    folder = RunFolder(request.out)
    finished = _score(request, prepared, fitted=fitted, so_far=so_far, on_event=on_event)
    advice = advise(make_evidence(finished))
    documents = make_documents(finished, advice=advice, request=recorded)
    _write(folder, finished, documents=documents)
    drawn = draw_learning_curve(finished, on_event=on_event)
    documents = _write_learning_curve(folder, finished, drawn=drawn, documents=documents)
    write_run_report(folder, finished, documents=documents, curve=drawn.curve, on_event=on_event)
    return _run_of(finished, documents, advice=advice, drawn=drawn)


def _score(
    request: TrainRequest, prepared: Prepared[Choice], *, fitted: Fitted, so_far: SoFar, on_event: OnEvent
) -> Finished:
    training_s = time.monotonic() - so_far.started - so_far.intake_s
    deadline = Deadline(so_far.started, request.time_limit_s)
    engine, answers = choose_answers(request, prepared, fitted=fitted, on_event=on_event)
    classifier = _classifier(request, prepared, fitted=fitted, engine=engine)
    scored = score(prepared, classifier, deadline=deadline, seed=request.seed, on_event=on_event)
    images, places = prepared.decoded.images, [prepared.indices(part) for part in ("validation", "test")]
    compiled = compiled_if_alike(scored.classifier, held_out=HeldOut(images, np.concatenate(places)), on_event=on_event)
    finished = Finished(request, prepared, fitted, scored, so_far, training_s, answers=answers, compiled=compiled)
    looks = where_it_looks(
        finished.answering,
        images,
        places=prepared.indices("test"),
        report=scored.reports["test"],
        ends_at=deadline.ends_at - SAVE_S,
        on_event=on_event,
    )
    return replace(finished, looks=looks)


def _run_of(finished: Finished, documents: Documents, *, advice: tuple[Advice, ...], drawn: Drawn) -> Run:
    scored = finished.scored
    return Run(
        finished.request.out,
        scored.classifier,
        documents.metrics,
        scored.reports,
        finished.prepared.corpus,
        replace(finished.fitted, features=None),
        scored.without_leaks,
        advice,
        drawn.curve,
        drawn.interrupted,
    )


def _classifier(request: TrainRequest, prepared: Prepared[Choice], *, fitted: Fitted, engine: Engine) -> Classifier:
    """The classifier as it is before calibration."""
    begun_from = prepared.chosen.begun_from
    provenance = {
        "corpus_fingerprint": prepared.decoded.fingerprint,
        "train_examples": len(prepared.splits.train),
        "seed": request.seed,
        **({} if begun_from is None else {"begun_from": begun_from}),
        **{name: value for name, value in describe_machine().items() if name in ("versions", "backend")},
    }
    names, preprocessing = prepared.corpus.class_names, prepared.chosen.preprocessing
    return Classifier(engine, fitted.blueprint, names, preprocessing, provenance=provenance)


def _write(folder: RunFolder, finished: Finished, *, documents: Documents) -> None:
    """The artefact, every table, and the documents."""
    prepared, reports = finished.prepared, finished.scored.reports
    corpus, splits = prepared.corpus, prepared.splits
    write_seen_before(folder.path, prepared.kept.seen)
    made_by, graph = f"hubel {version('hubel')}", None if finished.compiled is None else finished.compiled.graph
    save_classifier(finished.scored.classifier, folder.artefact, made_by=made_by, graph=graph)
    write_intake(folder.path, corpus)
    write_split(folder.path, corpus, splits=splits)
    write_digests(folder.path, corpus, digests=prepared.decoded.digests)
    write_leaks(folder.path, corpus, splits=splits)
    write_history(folder.path, finished.fitted.histories)
    paths = {split: [corpus.examples[index].path for index in splits.of(split)] for split in reports}
    write_predictions(folder.path, corpus.class_names, parts={name: (reports[name], paths[name]) for name in reports})
    write_baseline(folder.path, corpus, splits=splits, reports=reports)
    write_scores(folder.path, corpus, splits=splits, reports=reports)
    write_learning_curve(folder.path, corpus, splits=splits, predicted={})
    for name in (EXPLANATIONS_FILE, PAGE):  # of another classifier
        (folder.path / name).unlink(missing_ok=True)
    write_documents(folder.path, run=documents.run, metrics=documents.metrics)


def _write_learning_curve(folder: RunFolder, finished: Finished, *, drawn: Drawn, documents: Documents) -> Documents:
    """The table, and the documents with it; they stay as they are where none was drawn."""
    if drawn.curve is None:
        return documents
    write_learning_curve(
        folder.path, finished.prepared.corpus, splits=finished.prepared.splits, predicted=drawn.predicted
    )
    documents = with_learning_curve(documents, drawn, total_s=finished.deadline.elapsed())
    write_documents(folder.path, run=documents.run, metrics=documents.metrics)
    return documents
