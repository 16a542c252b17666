"""Evaluate: score a model file of others on a corpus, say what that rests on, and write the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.layer_table import layer_table, total_of
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.corpus.corpus import IntakeRow
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Text, facts_of
from hubel.evaluation.report import INTERVAL_METHOD
from hubel.events import Message, OnEvent, Progress, ignore
from hubel.files import write_bytes, write_json
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.reports.run_page import OF_A_MODEL_FILE, RunPage, render_run_page, shown_places
from hubel.reports.sheets import make_sheets
from hubel.runs.is_run import METRICS, REPORT
from hubel.runs.machine import describe_machine
from hubel.runs.out_folder import prepare_folder
from hubel.runs.request_record import file_digest
from hubel.runs.run_folder import FORMAT
from hubel.runs.tables.intake import INTAKE, write_intake
from hubel.runs.tables.predictions import PARQUET, PREDICTIONS, write_predictions
from hubel.shell import text_in_shell
from hubel.text import brief, elided
from hubel.workflows.evaluating.evaluate import Evaluation, evaluate_decoded
from hubel.workflows.evaluating.page_images import Tested, some_of_each_class, worst_mistakes
from hubel.workflows.evaluating.score_wishes import ScoreWishes, check_score_of_a_model
from hubel.workflows.evaluating.suspicion import TRIED, suspect
from hubel.workflows.opening import OF_THE_CORPUS, open_foreign

FILES = (METRICS, PREDICTIONS, PARQUET, INTAKE, REPORT)
UNKNOWN_TRAINING = (
    "It is not known what the model was trained on: images that it has seen make the score look better than it is."
)


@brief
@dataclass(frozen=True)
class ForeignEvaluation:
    """The score of a model file.

    Args:
        classifier: that was scored.
        evaluation: the score.
        decoded: the corpus.
        warnings: why the score may not be the model's.
    """

    classifier: ForeignClassifier
    evaluation: Evaluation
    decoded: DecodedCorpus
    warnings: tuple[Text, ...]

    @property
    def refused(self) -> tuple[IntakeRow, ...]:
        """Files that cannot be read."""
        return self.evaluation.refused

    def to_json(self) -> dict[str, Any]:
        """Plain data: that of an evaluation, what it rests on, and what may be wrong with it."""
        return {
            **self.evaluation.to_json(),
            **describe_model(self.classifier),
            "warnings": self.warnings_to_json(),
        }

    def warnings_to_json(self) -> list[dict[str, str]]:
        """The warnings as the command line says them."""
        return [{"text": text_in_shell(text)} for text in self.warnings]

    def _brief(self) -> Iterator[str]:
        yield f"ForeignEvaluation of {elided(self.classifier.path)}"
        yield from repr(self.evaluation).splitlines()
        yield from map(str, self.warnings[:3])


def describe_model(classifier: ForeignClassifier) -> dict[str, Any]:
    """The file, and what was assumed of it."""
    return {
        "model_file": str(classifier.path),
        "input": [*classifier.preprocessing.size, classifier.channels],
        "pixels": classifier.pixels,
        "outputs": classifier.output.activation or "logits",
        "calibrated": False,
        "assumptions": list(_assumptions(classifier)),
    }


def _assumptions(classifier: ForeignClassifier) -> tuple[str, ...]:
    return (*classifier.assumptions(), UNKNOWN_TRAINING)


def evaluate_foreign(request: ScoreWishes, *, on_event: OnEvent = ignore) -> ForeignEvaluation:
    """Score a model file, and write the report where one is asked for.

    Args:
        request: model file, corpus and report.
        on_event: hears assumptions, progress and warnings.

    Raises:
        WrongRequest: the class names or pixels are not said, or do not fit the model.
        UnusableInput: the model cannot be loaded, or the corpus cannot be read.
        UnusableCorpus: nothing to score.
        OutputNotWritable: the folder cannot be written.
    """
    location, path, said = check_score_of_a_model(request), request.run, request.said
    if said.class_names is None:
        raise WrongRequest(
            f"Which class does each output of {path} stand for? Give ",
            Option("class_names", "FILE"),
            ", one name per line in the order of the outputs; or ",
            Option("class_names", OF_THE_CORPUS),
            ", the corpus' own in alphabetical order, which is what image_dataset_from_directory of Keras uses.",
        )
    if request.out is not None:
        prepare_folder(
            request.out, location, names=FILES, reading=request.reading, what="an evaluation or a run",
            overwrite=request.overwrite,
        )  # fmt: skip
    if said.class_names == OF_THE_CORPUS:
        corpus = read_corpus(location, reading=request.reading, on_event=on_event)
        classifier = open_foreign(path, said, corpus_names=corpus.class_names)
    else:
        classifier = open_foreign(path, said)
        corpus = read_corpus(location, reading=request.reading, on_event=on_event)
    for sentence in _assumptions(classifier):  # what is missing is said here, before the images are decoded
        on_event(Message(sentence))
    decoded = decode_corpus(corpus, classifier.preprocessing, on_event=on_event)
    evaluation = evaluate_decoded(classifier, decoded, on_event=on_event)
    scored = ForeignEvaluation(
        classifier, evaluation, decoded, tuple(_warnings(classifier, evaluation, decoded=decoded))
    )
    for warning in scored.warnings:
        on_event(Message(warning, warning=True))
    if request.out is not None:
        _write(request.out, scored, command=request.command, on_event=on_event)
    return scored


def _warnings(classifier: ForeignClassifier, evaluation: Evaluation, *, decoded: DecodedCorpus) -> list[Text]:
    count = len(evaluation.places)
    some = np.unique(np.linspace(0, count - 1, min(count, TRIED)).astype(np.int64))
    images = np.asarray(decoded.images[evaluation.places[some]])
    return suspect(classifier, evaluation.report, images, evaluation.report.labels[some])


def _write(folder: Path, scored: ForeignEvaluation, *, command: Sequence[str], on_event: OnEvent) -> None:
    """``metrics.json``, ``predictions.csv``, ``intake.csv`` and ``report.html``, as in a run folder."""
    on_event(Progress("writing the report", 0, 2, "parts"))
    report = scored.evaluation.report
    metrics = _metrics(scored)
    write_intake(folder, scored.decoded.corpus)
    write_predictions(folder, report.class_names, parts={"test": (report, scored.evaluation.paths)})
    write_json(folder / METRICS, metrics)
    page = _page(scored, metrics, command=command)
    on_event(Progress("writing the report", 1, 2, "parts"))
    write_bytes(folder / REPORT, render_run_page(page, template=OF_A_MODEL_FILE).encode())
    on_event(Progress("writing the report", 2, 2, "parts"))


def _metrics(scored: ForeignEvaluation) -> dict[str, Any]:
    classifier, report = scored.classifier, scored.evaluation.report
    return {
        "format": FORMAT,
        "classes": list(report.class_names),
        "test": report.to_json(),
        "validation": {"examples": 0},
        "accuracy_interval_method": INTERVAL_METHOD,
        "intake": scored.evaluation.corpus.intake_counts,
        "model": {
            "architecture": classifier.path.name,
            "parameters": classifier.model.count_params(),
            "macs": total_of(layer_table(classifier.model)).macs,
            "image_size": [*classifier.preprocessing.size, classifier.channels],
            "sha256": file_digest(classifier.path),
        },
        **describe_model(classifier),
        "warnings": scored.warnings_to_json(),
    }


def _page(scored: ForeignEvaluation, metrics: dict[str, Any], *, command: Sequence[str]) -> RunPage:
    evaluation, decoded = scored.evaluation, scored.decoded
    report, names = evaluation.report, evaluation.report.class_names
    shown = shown_places(report, seed=0)
    counts = np.bincount(report.labels, minlength=len(names)).tolist()
    run = {
        "status": "done",
        "command": list(command),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "corpus": {"fingerprint": decoded.fingerprint},
        **describe_machine(),
    }
    return RunPage(
        location=decoded.corpus.location,
        made_by=f"hubel {version('hubel')}",
        metrics=metrics,
        run=run,
        report=report,
        paths=evaluation.paths,
        split_counts={"test": dict(zip(names, counts, strict=True))},
        history=(),
        layers=layer_table(scored.classifier.model),
        notes=tuple(map(facts_of, decoded.corpus.notes)),
        refused=decoded.corpus.refused,
        shown=shown.tolist(),
        sheets=make_sheets(decoded.images, evaluation.places[shown]),
        mistakes=worst_mistakes(Tested(decoded, evaluation.places, report, scored.classifier)),
        class_images=some_of_each_class(decoded, evaluation.places, labels=report.labels, class_names=names),
    )
