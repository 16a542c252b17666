"""Train: corpus → run folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.advice.advise import advise
from hubel.advice.remarks import Advice
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import pretrained_weights
from hubel.architectures.families.weight_files import MayDownload, not_here
from hubel.architectures.spec import PretrainedSpec
from hubel.backends.seeding import seed_everything
from hubel.briefs import brief, elided, with_interval
from hubel.classifier.artefact import save_classifier
from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus
from hubel.corpus.corrections import apply_corrections, read_corrections
from hubel.errors import DownloadFailed, StoppedByUser, TrainingDiverged, UnusableInput, WeightsNotAvailable
from hubel.errors.wording import Option, Text
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import Message, OnEvent, ignore
from hubel.images.notebook import document
from hubel.pipeline.prepare import Preparation, Prepared, prepare_corpus
from hubel.pipeline.survey import Survey
from hubel.runs.commands import how_to_go_on
from hubel.runs.machine import describe_machine
from hubel.runs.out_folder import keep_out_of_the_corpus, keep_out_of_the_images
from hubel.runs.request import TrainRequest
from hubel.runs.request_record import record_request
from hubel.runs.run_folder import RunFolder
from hubel.runs.run_lock import locked
from hubel.text import counted
from hubel.training.interruption import Stop
from hubel.workflows.evaluating.mistakes import show_mistakes
from hubel.workflows.training.checkpointing import open_keeper
from hubel.workflows.training.collect_evidence import make_evidence
from hubel.workflows.training.fitting import Fitted, Work, fit
from hubel.workflows.training.grown import check_images, remember_images
from hubel.workflows.training.intake_notes import describe_intake
from hubel.workflows.training.learning_curve import check_drawable, draw_learning_curve
from hubel.workflows.training.plan import Choice, check_classes, choose
from hubel.workflows.training.resume_identity import origin_of
from hubel.workflows.training.run_documents import Documents, make_documents, with_learning_curve
from hubel.workflows.training.run_report import Finished, write_run_report
from hubel.workflows.training.scoring import Scored, score
from hubel.workflows.training.start_run import find_start
from hubel.workflows.training.warm_start import WarmStart, describe_classes, describe_parts, keep_parts, load_start


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
            tested = RunFolder(self.path).read_test_split()
        except UnusableInput:  # the folder is gone
            return document(lines, ())
        places = [place for place, each in enumerate(self.corpus.examples) if each.path in tested]
        if report is None or len(places) != len(report.labels):  # it holds another run by now
            return document(lines, ())
        return show_mistakes(lines, self.corpus, places, report)


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
            run = _train(request, folder, (begun, stop or Stop()), may_download or _asked_for(request), on_event)
        except StoppedByUser as error:
            raise StoppedByUser(f"{error} {how_to_go_on(request)}") from error
        except TrainingDiverged as error:  # its last words are what to try; the folder holds the checkpoints by now
            raise TrainingDiverged(f"{error} --overwrite") from error
        if not run.fitted.interrupted and not run.curve_interrupted:
            folder.checkpoints.remove()
    return run


def _asked_for(request: TrainRequest) -> MayDownload:
    return lambda question: request.weights == "imagenet"  # noqa: ARG005


def _train(
    request: TrainRequest,
    folder: RunFolder,
    clock: tuple[float, Stop],
    may_download: MayDownload,
    on_event: OnEvent,
) -> Run:
    begun, stop = clock
    found = folder.checkpoints.latest(on_event) if request.resume else None
    start = find_start(request)
    warm = None if start is None else load_start(start)
    seed_everything(request.seed)
    recorded = record_request(request)
    prepared = _prepare(request, warm, may_download, on_event)
    choice, decoded, splits = prepared.chosen, prepared.decoded, prepared.splits
    pretrained = choice.pretrained
    if request.learning_curve:
        check_drawable(decoded.corpus, splits, seed=request.seed, on_event=on_event)
    if found is not None:
        check_images(folder, decoded, request)
    from_weights = None if start is None else start.digest
    origin = origin_of(request, choice, decoded, splits, pretrained, from_weights=from_weights)
    keeper = open_keeper(folder.checkpoints, origin, found, begun=begun, stop=stop, on_event=on_event)
    if found is None:
        remember_images(folder, decoded)
    keeper.keep_end = request.learning_curve
    grey, labels = prepared.survey.grey, prepared.labels
    work = Work(request, choice, decoded, splits, labels, grey, keeper.started, on_event, keeper, warm=warm)
    fitted = fit(work, pretrained)
    training_s = time.monotonic() - keeper.started - keeper.intake_s
    scored = score(work, _classifier(work, fitted))
    times = {"intake_s": keeper.intake_s, "training_s": training_s}
    advice = advise(make_evidence(work, fitted, scored))
    documents = make_documents(work, fitted, scored, advice=advice, times=times, request=recorded)
    folder.write_seen_before(prepared.kept.seen)
    _write(folder, work, fitted, scored)
    _write_documents(folder, documents)
    drawn = draw_learning_curve(work, fitted, pretrained, scored.reports["test"])
    if drawn.curve is not None:
        folder.write_learning_curve(decoded.corpus, splits, drawn.predicted)
        documents = with_learning_curve(documents, drawn, total_s=time.monotonic() - keeper.started)
        _write_documents(folder, documents)
    write_run_report(folder, Finished(work, fitted, scored, prepared.copies, documents, drawn.curve))
    return Run(
        request.out,
        scored.classifier,
        documents.metrics,
        scored.reports,
        decoded.corpus,
        replace(fitted, features=None),
        scored.without_leaks,
        advice,
        drawn.curve,
        drawn.interrupted,
    )


def _prepare(
    request: TrainRequest, warm: WarmStart | None, may_download: MayDownload, on_event: OnEvent
) -> Prepared[Choice]:
    def refine(corpus: Corpus) -> Corpus:
        keep_out_of_the_images(request.out, corpus)
        return (
            corpus if request.corrections is None else apply_corrections(corpus, read_corrections(request.corrections))
        )

    def choose(survey: Survey, corpus: Corpus) -> Choice:
        classes = len(corpus.class_names)
        if warm is None:
            return _choose_with_weights(request, survey, classes, may_download, on_event)
        return replace(warm.start.choose(classes), pretrained=warm.backbone_weights())

    reading = request.reading
    how = Preparation(reading, bands=reading.bands, seed=request.seed, refine=refine)
    if warm is not None:
        keep = partial(keep_parts, warm.start, on_event=on_event)
        how = replace(how, bands=warm.start.preprocessing.bands, keep=keep)
    prepared = prepare_corpus(request.corpus, choose, how=how, on_event=on_event)
    for message in describe_intake(prepared):
        on_event(message)
    if warm is not None:
        on_event(describe_classes(warm.start, prepared.corpus.class_names))
        for message in describe_parts(prepared.kept, prepared.splits, warm.start):
            on_event(message)
    return prepared


def _choose_with_weights(
    request: TrainRequest, survey: Survey, classes: int, may_download: MayDownload, on_event: OnEvent
) -> Choice:
    choice = choose(request, survey)
    check_classes(choice, classes)
    spec = make_blueprint(choice.entry, choice.preprocessing.size, classes, alpha=request.alpha).spec
    if choice.weights == "none" or not isinstance(spec, PretrainedSpec):
        return choice
    try:
        weights = pretrained_weights(spec.backbone, spec.alpha, choice.weights, may_download=may_download)
        return replace(choice, pretrained=weights)
    except DownloadFailed:  # after a yes, going on without them would be another answer than was given
        raise
    except WeightsNotAvailable:
        if request.architecture is not None or request.weights is not None:
            raise
        fallback = choose(replace(request, weights="none"), survey)
        text = Text(
            not_here(spec.backbone, spec.alpha),
            f" Training {fallback.architecture} from scratch instead. Photographs are usually classified better with "
            "pretrained weights; to download them, add ",
            Option("weights", "imagenet"),
            ".",
        )
        on_event(Message(text, warning=True))
        return fallback


def _classifier(work: Work, fitted: Fitted) -> Classifier:
    """The classifier as it is before calibration."""
    begun_from = {} if work.warm is None else {"begun_from": work.warm.start.digest}
    provenance = {
        "corpus_fingerprint": work.decoded.fingerprint,
        "train_examples": len(work.splits.train),
        "seed": work.request.seed,
        **begun_from,
        **{name: value for name, value in describe_machine().items() if name in ("versions", "backend")},
    }
    names = work.decoded.corpus.class_names
    return Classifier(fitted.model, fitted.blueprint, names, work.choice.preprocessing, provenance=provenance)


def _write(folder: RunFolder, work: Work, fitted: Fitted, scored: Scored) -> None:
    """The artefact and every table."""
    corpus, reports = work.decoded.corpus, scored.reports
    save_classifier(scored.classifier, folder.artefact, made_by=f"hubel {version('hubel')}")
    folder.write_intake(corpus, work.splits)
    folder.write_fingerprints(corpus, work.decoded.digests)
    folder.write_leaks(corpus, work.splits)
    folder.write_history(fitted.histories)
    folder.write_predictions(corpus, work.splits, reports)
    folder.write_beside(corpus, work.splits, reports)
    folder.write_learning_curve(corpus, work.splits, {})


def _write_documents(folder: RunFolder, documents: Documents) -> None:
    folder.write_run(documents.run)
    folder.write_metrics(documents.metrics)
