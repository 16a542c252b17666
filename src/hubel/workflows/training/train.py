"""Train: corpus → run folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.advice.advise import advise
from hubel.advice.remarks import Advice
from hubel.architectures.families.weight_files import MayDownload
from hubel.backends.seeding import seed_everything
from hubel.briefs import brief, elided, with_interval
from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import StoppedByUser, TrainingDiverged, UnusableInput
from hubel.errors.wording import Option, Remedy
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, ignore
from hubel.images.notebook import document
from hubel.pipeline.prepare import Prepared
from hubel.runs.commands import how_to_go_on
from hubel.runs.machine import describe_machine
from hubel.runs.out_folder import keep_out_of_the_corpus
from hubel.runs.request import TrainRequest
from hubel.runs.request_record import record_request
from hubel.runs.run_folder import RunFolder
from hubel.runs.run_lock import locked
from hubel.runs.tables.dense_baseline import write_baseline
from hubel.runs.tables.documents import write_documents
from hubel.runs.tables.fingerprints import write_digests
from hubel.runs.tables.history import write_history
from hubel.runs.tables.intake import write_intake
from hubel.runs.tables.leaks import write_leaks
from hubel.runs.tables.learning_curve import write_learning_curve
from hubel.runs.tables.off_corpus import write_scores
from hubel.runs.tables.predictions import write_predictions
from hubel.runs.tables.seen_before import write_seen_before
from hubel.runs.tables.split import read_split, write_split
from hubel.text import counted
from hubel.training.checkpoints import Checkpoint
from hubel.training.interruption import Stop
from hubel.training.plan import FitPlan, Point
from hubel.workflows.evaluating.mistakes import show_mistakes
from hubel.workflows.training.checkpointing import CheckpointWriter, SoFar, open_run
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.collect_evidence import make_evidence
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.fitting import Fitted, Listeners, run_fit
from hubel.workflows.training.grown import check_images, remember_images
from hubel.workflows.training.intake import prepare_training
from hubel.workflows.training.learning_curve import Drawn, check_drawable, draw_learning_curve
from hubel.workflows.training.network import Network, ready_network
from hubel.workflows.training.plan_fit import describe_lateness, describe_plan, plan_fit
from hubel.workflows.training.resume_identity import origin_of
from hubel.workflows.training.run_documents import Documents, make_documents, with_learning_curve
from hubel.workflows.training.run_report import write_run_report
from hubel.workflows.training.scoring import score
from hubel.workflows.training.start_run import find_start
from hubel.workflows.training.time_budget import Deadline
from hubel.workflows.training.warm_start import load_start


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


def train_classifier(
    request: TrainRequest,
    *,
    started: float | None = None,
    stop: Stop | None = None,
    may_download: MayDownload | None = None,
    on_event: OnEvent = ignore,
) -> Run:
    """Train a classifier on a corpus and write its run folder; or go on with a training that was interrupted.

    Args:
        request: corpus, folder and wishes.
        started: monotonic seconds from which a time limit counts; now by default.
        stop: asks the training from outside to end after the step it is in.
        may_download: asked for ImageNet weights that this machine does not have; by default, whether the request
            names them.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong with the corpus, the request, the folder or the training.
    """
    begun = time.monotonic() if started is None else started
    keep_out_of_the_corpus(request.out, request.location, reading=request.reading)
    folder = RunFolder(request.out)
    with locked(request.out):
        folder.tidy()
        folder.prepare(overwrite=request.overwrite, resume=request.resume)
        try:
            run = _train(request, folder, begun=begun, stop=stop, may_download=may_download, on_event=on_event)
        except StoppedByUser as error:
            raise StoppedByUser(error.text, " ", how_to_go_on(request)) from error
        except TrainingDiverged as error:  # the folder holds its checkpoints by now
            again = Remedy(
                "No classifier was saved; to train into this folder again, add ", Option("overwrite", value=True), "."
            )
            raise TrainingDiverged(error.text, again) from error
        if not run.fitted.interrupted and not run.curve_interrupted:
            folder.checkpoints.remove()
    return run


def _train(
    request: TrainRequest,
    folder: RunFolder,
    *,
    begun: float,
    stop: Stop | None,
    may_download: MayDownload | None,
    on_event: OnEvent,
) -> Run:
    found, start = folder.checkpoints.latest(on_event) if request.resume else None, find_start(request)
    warm = None if start is None else load_start(start)
    seed_everything(request.seed)
    recorded = record_request(request)
    prepared = prepare_training(request, warm, may_download=may_download, on_event=on_event)
    so_far, keep = _open(request, folder, prepared=prepared, found=found, begun=begun, on_event=on_event)
    network = ready_network(request, prepared, warm=warm)
    plan = _plan(request, prepared, network=network, started=so_far.started).after(found)
    _say(plan, prepared, network=network, on_event=on_event)
    fitted = run_fit(plan, network, prepared=prepared, listeners=Listeners(on_event, keep, stop or Stop()))
    finished = _score(request, prepared, fitted=fitted, so_far=so_far, on_event=on_event)
    advice = advise(make_evidence(finished))
    documents = make_documents(finished, advice=advice, request=recorded)
    _write(folder, finished, documents=documents)
    drawn = draw_learning_curve(finished, on_event=on_event)
    documents = _write_learning_curve(folder, finished, drawn=drawn, documents=documents)
    write_run_report(folder, finished, documents=documents, curve=drawn.curve, on_event=on_event)
    return _run_of(finished, documents, advice=advice, drawn=drawn)


def _open(
    request: TrainRequest,
    folder: RunFolder,
    *,
    prepared: Prepared[Choice],
    found: Checkpoint | None,
    begun: float,
    on_event: OnEvent,
) -> tuple[SoFar, CheckpointWriter]:
    """What is known of the run, and what writes its checkpoints; one that begins has its first written."""
    choice, decoded, splits, curve = prepared.chosen, prepared.decoded, prepared.splits, request.learning_curve
    if curve:
        check_drawable(decoded.corpus, splits, seed=request.seed, on_event=on_event)
    if found is not None:
        check_images(folder, decoded, request=request)
    origin = origin_of(
        request, choice, decoded=decoded, splits=splits, pretrained=choice.pretrained, from_weights=choice.begun_from
    )
    so_far = open_run(folder.checkpoints, origin, found=found, begun=begun, on_event=on_event)
    keep = CheckpointWriter(folder.checkpoints, origin, so_far=so_far, keep_end=curve, on_event=on_event)
    if found is None:
        keep(Point, "between")
        remember_images(folder, decoded)
    return so_far, keep


def _plan(request: TrainRequest, prepared: Prepared[Choice], *, network: Network, started: float) -> FitPlan:
    recipes, limit_s, costs = network.recipes, network.limit_s, network.costs
    return plan_fit(request, prepared.splits, recipes=recipes, limit_s=limit_s, costs=costs, started=started)


def _say(plan: FitPlan, prepared: Prepared[Choice], *, network: Network, on_event: OnEvent) -> None:
    on_event(describe_plan(plan, prepared.chosen, splits=prepared.splits, parameters=network.model.count_params()))
    late = describe_lateness(plan)
    if late is not None:
        on_event(late)


def _score(
    request: TrainRequest, prepared: Prepared[Choice], *, fitted: Fitted, so_far: SoFar, on_event: OnEvent
) -> Finished:
    training_s = time.monotonic() - so_far.started - so_far.intake_s
    deadline, classifier = Deadline(so_far.started, request.time_limit_s), _classifier(request, prepared, fitted=fitted)
    scored = score(prepared, classifier, deadline=deadline, seed=request.seed, on_event=on_event)
    return Finished(request, prepared, fitted, scored, so_far, training_s)


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


def _classifier(request: TrainRequest, prepared: Prepared[Choice], *, fitted: Fitted) -> Classifier:
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
    engine = KerasEngine(fitted.model)
    return Classifier(engine, fitted.blueprint, names, preprocessing, provenance=provenance)


def _write(folder: RunFolder, finished: Finished, *, documents: Documents) -> None:
    """The artefact, every table, and the documents."""
    prepared, reports = finished.prepared, finished.scored.reports
    corpus, splits = prepared.corpus, prepared.splits
    write_seen_before(folder.path, prepared.kept.seen)
    save_classifier(finished.scored.classifier, folder.artefact, made_by=f"hubel {version('hubel')}")
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
