"""Train: corpus → run folder."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hubel.advice.advise import advise
from hubel.advice.remarks import Advice
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import pretrained_weights
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.families.weight_files import MayDownload, not_here
from hubel.backends.seeding import seed_everything
from hubel.briefs import brief, elided, with_interval
from hubel.classifier.classifier import Classifier
from hubel.corpus.audit.images import describe_frames
from hubel.corpus.class_names import alike, difference
from hubel.corpus.corpus import Corpus, check_trainable
from hubel.corpus.corrections import apply_corrections, read_corrections
from hubel.corpus.duplicates import members
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.split import Splits
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import DownloadFailed, StoppedByUser, TrainingDiverged, UnusableInput, WeightsNotAvailable
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import Message, OnEvent, ignore
from hubel.images.notebook import document
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.pipeline.examine import examine_decoded
from hubel.runs.commands import how_to_go_on
from hubel.runs.machine import describe_machine
from hubel.runs.out_folder import keep_out_of_the_corpus, keep_out_of_the_images
from hubel.runs.request import TrainRequest
from hubel.runs.request_record import record_request
from hubel.runs.run_folder import RunFolder, labels_of
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
from hubel.training.interruption import Stop
from hubel.workflows.evaluating.mistakes import show_mistakes
from hubel.workflows.training.checkpointing import open_keeper
from hubel.workflows.training.collect_evidence import make_evidence
from hubel.workflows.training.division import divide
from hubel.workflows.training.fitting import Fitted, Work, fit
from hubel.workflows.training.grown import check_images, remember_images
from hubel.workflows.training.learning_curve import check_drawable, draw_learning_curve
from hubel.workflows.training.plan import Choice, check_classes, choose
from hubel.workflows.training.resume_identity import origin_of
from hubel.workflows.training.run_documents import Documents, make_documents, with_learning_curve
from hubel.workflows.training.run_report import Finished, write_run_report
from hubel.workflows.training.scoring import Scored, score
from hubel.workflows.training.start_run import find_start
from hubel.workflows.training.survey import Survey, survey_corpus
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
            tested = {path for path, placed in read_split(self.path).items() if placed.split == "test"}
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
            raise StoppedByUser(error.text, " ", how_to_go_on(request)) from error
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
    choice, decoded, splits, pretrained = prepared.choice, prepared.decoded, prepared.splits, prepared.pretrained
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
    labels = labels_of(decoded.corpus)
    work = Work(
        request, choice, decoded, splits, labels, prepared.grey, keeper.started, on_event, keeper, warm=warm
    )  # fmt: skip
    fitted = fit(work, pretrained)
    training_s = time.monotonic() - keeper.started - keeper.intake_s
    scored = score(work, _classifier(work, fitted))
    times = {"intake_s": keeper.intake_s, "training_s": training_s}
    advice = advise(make_evidence(work, fitted, scored))
    documents = make_documents(work, fitted, scored, advice=advice, times=times, request=recorded)
    write_seen_before(folder.path, prepared.seen)
    _write(folder, work, fitted, scored)
    _write_documents(folder, documents)
    drawn = draw_learning_curve(work, fitted, pretrained, scored.reports["test"])
    if drawn.curve is not None:
        write_learning_curve(folder.path, decoded.corpus, splits, drawn.predicted)
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


@dataclass(frozen=True)
class _Prepared:
    """A corpus that is read and divided, and what will be trained on it.

    Args:
        choice: architecture and preprocessing.
        decoded: corpus and pixels.
        splits: of it.
        pretrained: weights of the backbone; None from scratch.
        grey: the images have no colour.
        copies: images that are copies of one another.
        seen: SHA-256 of images outside of it that the weights of ``--from`` have learned from.
    """

    choice: Choice
    decoded: DecodedCorpus
    splits: Splits
    pretrained: list[np.ndarray] | None
    grey: bool
    copies: int
    seen: tuple[str, ...] = ()


def _prepare(request: TrainRequest, warm: WarmStart | None, may_download: MayDownload, on_event: OnEvent) -> _Prepared:
    corpus = _read(request, on_event)
    bands = request.reading.bands if warm is None else warm.start.preprocessing.bands
    survey = survey_corpus(corpus, bands=bands)
    if warm is None:
        choice, pretrained = _choose_with_weights(request, survey, len(corpus.class_names), may_download, on_event)
    else:
        choice, pretrained = warm.start.choose(len(corpus.class_names)), warm.backbone_weights()
    decoded = decode_corpus(corpus, choice.preprocessing, on_event=on_event)
    check_trainable(decoded.corpus)
    kept = None if warm is None else keep_parts(warm.start, decoded, on_event=on_event)
    if kept is not None:
        decoded = kept.decoded
    examined = examine_decoded(decoded, copies=request.reading.copies, on_event=on_event)
    together = examined.copies.kept_together(decoded.corpus)
    splits = divide(decoded.corpus, together, seed=request.seed, kept=() if kept is None else kept.parts)
    _say_notes(examined, splits, on_event)
    if warm is not None and kept is not None:
        for message in (
            describe_classes(warm.start, decoded.corpus.class_names),
            *describe_parts(kept, splits, warm.start),
        ):
            on_event(message)
    copies = sum(len(places) for places in members(examined.copies.sets()))
    seen = () if kept is None else kept.seen
    return _Prepared(choice, decoded, splits, pretrained, survey.grey, copies, seen)


def _read(request: TrainRequest, on_event: OnEvent) -> Corpus:
    if isinstance(request.corpus, Corpus):
        corpus = request.corpus
    else:
        corpus = read_corpus(request.corpus, reading=request.reading, on_event=on_event)
    keep_out_of_the_images(request.out, corpus)
    if request.corrections is not None:
        corpus = apply_corrections(corpus, read_corrections(request.corrections))
    check_trainable(corpus)
    return corpus


def _choose_with_weights(
    request: TrainRequest, survey: Survey, classes: int, may_download: MayDownload, on_event: OnEvent
) -> tuple[Choice, list[np.ndarray] | None]:
    choice = choose(request, survey)
    check_classes(choice, classes)
    spec = make_blueprint(choice.entry, choice.preprocessing.size, classes, alpha=request.alpha).spec
    if choice.weights == "none" or not isinstance(spec, PretrainedSpec):
        return choice, None
    try:
        return choice, pretrained_weights(spec.backbone, spec.alpha, choice.weights, may_download=may_download)
    except DownloadFailed:  # after a yes, going on without them would be another answer than was given
        raise
    except WeightsNotAvailable:
        if request.architecture is not None or request.weights is not None:
            raise
        fallback = choose(replace(request, weights="none"), survey)
        text = (
            f"{not_here(spec.backbone, spec.alpha)} Training {fallback.architecture} from scratch instead; photographs "
            "are mostly told apart better with them: to download them, add --weights imagenet."
        )
        on_event(Message(text, warning=True))
        return fallback, None


def _notes_on_names(corpus: Corpus) -> list[str]:
    return [
        f"The classes {', '.join(ascii(name) for name in names)} differ only by {difference(names)}: they are kept "
        "apart. If they are one class, give their images one folder."
        for names in alike(corpus.class_names)
    ]


def _say_notes(examined: ExaminedCorpus, splits: Splits, on_event: OnEvent) -> None:
    corpus = examined.corpus
    _say_copies(examined, on_event)
    for note in (*corpus.notes, *_notes_on_names(corpus), *describe_frames(examined), *splits.notes):
        on_event(Message(note, warning=True))
    _say_refused(corpus, on_event)


def _say_copies(examined: ExaminedCorpus, on_event: OnEvent) -> None:
    count = sum(len(places) for places in members(examined.copies.sets()))
    if count:
        text = f"{count:,} images are copies of one another; in a split that is cut, each set stays on one side."
        on_event(Message(f"{text} See them: hubel audit {shlex.quote(examined.corpus.location)}"))


def _say_refused(corpus: Corpus, on_event: OnEvent) -> None:
    refused = corpus.refused
    for row in refused[:5]:
        on_event(Message(f"Refused {row.path!r}: {row.reason}.", warning=True))
    if len(refused) > 5:
        on_event(
            Message(
                f"Refused {len(refused) - 5} more files; intake.csv in the run folder lists them all.", warning=True
            )
        )


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
    return Classifier(
        KerasEngine(fitted.model), fitted.blueprint, names, work.choice.preprocessing, provenance=provenance
    )


def _write(folder: RunFolder, work: Work, fitted: Fitted, scored: Scored) -> None:
    """The artefact and every table."""
    corpus, reports = work.decoded.corpus, scored.reports
    save_classifier(scored.classifier, folder.artefact, made_by=f"hubel {version('hubel')}")
    write_intake(folder.path, corpus)
    write_split(folder.path, corpus, work.splits)
    write_digests(folder.path, corpus, work.decoded.digests)
    write_leaks(folder.path, corpus, work.splits)
    write_history(folder.path, fitted.histories)
    paths = {split: [corpus.examples[index].path for index in work.splits.of(split)] for split in reports}
    write_predictions(folder.path, corpus.class_names, {name: (reports[name], paths[name]) for name in reports})
    write_baseline(folder.path, corpus, work.splits, reports)
    write_scores(folder.path, corpus, work.splits, reports)
    write_learning_curve(folder.path, corpus, work.splits, {})


def _write_documents(folder: RunFolder, documents: Documents) -> None:
    write_documents(folder.path, run=documents.run, metrics=documents.metrics)
