"""The run folder: its files, and how they are written and read. Loads no framework."""

from __future__ import annotations

import itertools
import json
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.arrays import Labels
from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.errors import OutputNotWritable, UnusableInput, WrongRequest
from hubel.evaluation.report import EvaluationReport
from hubel.files import (
    TEMPORARY_PREFIX,
    is_file,
    is_folder,
    is_there,
    read_csv,
    said_plainly,
    shown,
    write_csv,
    write_json,
)
from hubel.runs.prediction_files import PARQUET, PREDICTIONS, write_predictions
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder
from hubel.training.history import COLUMNS, History

FORMAT = 1
ARTEFACT = "classifier"
METRICS, SPLIT, INTAKE = "metrics.json", "split.csv", "intake.csv"
HISTORY, RUN, LEAKS = "history.csv", "run.json", "leaks.csv"
FINGERPRINTS, BASELINE, OFF_CORPUS = "fingerprints.csv", "dense_baseline.csv", "off_corpus.csv"
REPORT, LEARNING_CURVE = "report.html", "learning_curve.csv"
BEGINS = (f"{ARTEFACT}/manifest.json", RUN, SPLIT, FINGERPRINTS)
"""Files of a run that another training can begin from: the weights, and which images they have learned from."""
SEEN_BEFORE = "seen_before.csv"
"""SHA-256 of images that the weights a run began with have learned from, and that are not in its corpus."""
FILES = (
    METRICS, PREDICTIONS, SPLIT, INTAKE, HISTORY, RUN, LEAKS, FINGERPRINTS, BASELINE, OFF_CORPUS, REPORT,
    LEARNING_CURVE, SEEN_BEFORE, PARQUET,
)  # fmt: skip


@dataclass(frozen=True)
class RunFolder:
    """One run's folder; files of the user in it are never touched."""

    path: Path

    @property
    def artefact(self) -> Path:
        """The classifier: this folder alone can be copied and used."""
        return self.path / ARTEFACT

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Of a run that is not finished."""
        return CheckpointFolder(self.path / CHECKPOINTS)

    def prepare(self, *, overwrite: bool, resume: bool = False) -> None:
        """Make the folder and show that it can be written, before any time is spent.

        Raises:
            OutputNotWritable: it holds a run already, or cannot be written.
            WrongRequest: it holds no run to resume.
        """
        self.check(overwrite=overwrite, resume=resume)
        with said_plainly(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass

    def check(self, *, overwrite: bool, resume: bool, learning_curve: bool = False, anew: bool = True) -> None:
        """See that a run may be written here; nothing is written yet.

        Args:
            overwrite: what is there may be replaced.
            resume: it is gone on with.
            learning_curve: one is wanted, which a finished run that has none does not get afterwards.
            anew: nothing was said that keeps it from beginning with the weights of what is there.

        Raises:
            OutputNotWritable: it holds a run already.
            WrongRequest: it holds no run to resume.
        """
        taken = [name for name in (*FILES, ARTEFACT) if is_there(self.path / name)]
        unfinished = self.checkpoints.numbers()
        if resume and not unfinished:
            raise WrongRequest(self._why_not_resumed(taken))
        if unfinished and not overwrite and not resume:
            raise OutputNotWritable(
                f"{self.path} holds a run that is not finished. Go on with it: the same command with --resume. Or "
                "replace it with --overwrite, or choose another folder with -o."
            )
        if taken and not overwrite and not resume:
            curve = ""
            if learning_curve and LEARNING_CURVE not in taken:
                curve = (
                    " Its learning curve cannot be added afterwards: parts are trained beside the whole, so both are "
                    "trained anew."
                )
            raise OutputNotWritable(
                f"{self.path} holds a run already ({taken[0]}).{curve} Choose another folder with -o, such as -o "
                f"{shlex.quote(str(free_beside(self.path)))}{self._begin_from(anew)}, or replace that run with "
                "--overwrite."
            )

    def _begin_from(self, anew: bool) -> str:  # noqa: FBT001
        if anew or not all(is_file(self.path / name) for name in BEGINS):
            return ""
        return f" (with --from {shlex.quote(str(self.path))} it begins with the weights of that run)"

    def _why_not_resumed(self, taken: Sequence[str]) -> str:
        if not taken:
            return (
                f"{self.path} holds no checkpoint: no training has begun there. Type the same command without --resume."
            )
        if RUN in taken and self.read_run().get("status") == "done":
            return (
                f"The run in {self.path} is finished: there is nothing to resume. Score it with 'hubel evaluate "
                f"{self.path}', or train anew with --overwrite instead of --resume."
            )
        return (
            f"{self.path} holds a run without a checkpoint: it cannot be resumed. Train anew with --overwrite instead "
            "of --resume."
        )

    def tidy(self) -> None:
        """Remove what a program left here that was killed while it wrote."""
        self.checkpoints.tidy()
        for left in self.path.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(left) if is_folder(left) else left.unlink(missing_ok=True)

    def write_intake(self, corpus: Corpus, splits: Splits) -> None:
        """``intake.csv`` and ``split.csv``."""
        self.write_files_found(corpus)
        names = splits.names()
        write_csv(
            self.path / SPLIT,
            ("path", "label", "split", "group"),
            [
                (example.path, corpus.class_names[example.label], names[index], example.group or "")
                for index, example in enumerate(corpus.examples)
            ],
        )

    def write_files_found(self, corpus: Corpus) -> None:
        """``intake.csv`` alone."""
        rows = [(row.path, row.status, row.code, row.reason) for row in corpus.intake]
        write_csv(self.path / INTAKE, ("path", "status", "code", "reason"), rows)

    def write_fingerprints(self, corpus: Corpus, digests: Sequence[str]) -> None:
        """``fingerprints.csv``: the SHA-256 of each example's file; two runs are compared on the files they share."""
        rows = [(example.path, digest) for example, digest in zip(corpus.examples, digests, strict=True)]
        write_csv(self.path / FINGERPRINTS, ("path", "sha256"), rows)

    def write_seen_before(self, digests: Sequence[str]) -> None:
        """``seen_before.csv``; no file where nothing was seen before."""
        (self.path / SEEN_BEFORE).unlink(missing_ok=True)  # of a run that is overwritten
        if digests:
            write_csv(self.path / SEEN_BEFORE, ("sha256",), [(digest,) for digest in digests])

    def write_leaks(self, corpus: Corpus, splits: Splits) -> None:
        """``leaks.csv``: one row per example of each set that the given splits divide; no file where there is none."""
        (self.path / LEAKS).unlink(missing_ok=True)  # of a run that is overwritten
        names = splits.names()
        rows = [
            (number, corpus.examples[place].path, names[place], corpus.class_names[corpus.examples[place].label])
            for number, leak in enumerate(splits.leaks, start=1)
            for place in leak.places
        ]
        if rows:
            write_csv(self.path / LEAKS, ("set", "path", "split", "label"), rows)

    def write_history(self, histories: Sequence[History]) -> None:
        """``history.csv``: one row per epoch."""
        rows = [[getattr(row, column) for column in COLUMNS] for history in histories for row in history.rows]
        write_csv(self.path / HISTORY, COLUMNS, rows)

    def write_predictions(self, corpus: Corpus, splits: Splits, reports: Mapping[str, EvaluationReport]) -> None:
        """``predictions.csv``, and ``predictions.parquet`` where there are many classes."""
        paths = {split: [corpus.examples[index].path for index in splits.of(split)] for split in reports}
        write_predictions(
            self.path, corpus.class_names, {split: (report, paths[split]) for split, report in reports.items()}
        )

    def write_beside(self, corpus: Corpus, splits: Splits, reports: Mapping[str, EvaluationReport]) -> None:
        """``dense_baseline.csv`` and ``off_corpus.csv``: what scores rest on beside the predictions."""
        baseline, scores = [], []
        for split, report in reports.items():
            for place, index in enumerate(splits.of(split)):
                path = corpus.examples[index].path
                if report.baseline is not None:
                    named = report.class_names[int(report.baseline[place])]
                    label = report.class_names[int(report.labels[place])]
                    baseline.append((path, split, label, named))
                if report.off_corpus is not None:
                    scores.append((path, split, float(report.off_corpus[place])))
        for name, header, rows in (
            (BASELINE, ("path", "split", "label", "predicted"), baseline),
            (OFF_CORPUS, ("path", "split", "score"), scores),
        ):
            (self.path / name).unlink(missing_ok=True)  # of a run that is overwritten
            if rows:
                write_csv(self.path / name, header, rows)

    def write_learning_curve(self, corpus: Corpus, splits: Splits, predicted: Mapping[float, Labels]) -> None:
        """``learning_curve.csv``: one row per test example and part of the training split; no file without parts.

        Args:
            corpus: names the classes.
            splits: of the run.
            predicted: share of the training split → class index of each test example.
        """
        (self.path / LEARNING_CURVE).unlink(missing_ok=True)  # of a run that is overwritten
        examples, names = [corpus.examples[index] for index in splits.test], corpus.class_names
        rows = [
            (example.path, names[example.label], share, names[int(named)])
            for share, named_classes in predicted.items()
            for example, named in zip(examples, named_classes, strict=True)
        ]
        if rows:
            write_csv(self.path / LEARNING_CURVE, ("path", "label", "train_share", "predicted"), rows)

    def write_metrics(self, document: dict[str, Any]) -> None:
        """``metrics.json``."""
        write_json(self.path / METRICS, document)

    def write_run(self, document: dict[str, Any]) -> None:
        """``run.json``: everything needed to repeat the run."""
        write_json(self.path / RUN, document)

    def read_run(self) -> dict[str, Any]:
        """``run.json``.

        Raises:
            UnusableInput: there is none, or it is damaged.
        """
        path = self.path / RUN
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            if self.path.name == ARTEFACT and is_file(self.path.parent / RUN):
                raise UnusableInput(
                    f"{self.path} is the classifier of a run. Give the folder of the run: {shown(self.path.parent)}"
                ) from error
            raise UnusableInput(
                f"{self.path} is no run folder: it has no {RUN}. Give the folder named with -o in 'hubel train', "
                "or name a corpus to score: hubel evaluate RUN CORPUS"
            ) from error
        except (OSError, ValueError) as error:
            raise UnusableInput(
                f"{path} cannot be read ({error}). Name a corpus to score: hubel evaluate RUN CORPUS"
            ) from error
        return document

    def read_test_split(self) -> dict[str, str]:
        """Path → class name, as corrected, of the test examples."""
        try:
            return {row["path"]: row["label"] for row in read_csv(self.path / SPLIT) if row["split"] == "test"}
        except (OSError, KeyError, ValueError) as error:
            raise UnusableInput(
                f"{self.path / SPLIT} cannot be read ({error}). Name a corpus to score: hubel evaluate RUN CORPUS"
            ) from error

    def read_baseline(self) -> dict[str, str]:
        """Path → the class that the dense network named, of the test examples; empty where none was trained."""
        if not is_file(self.path / BASELINE):
            return {}
        return {row["path"]: row["predicted"] for row in read_csv(self.path / BASELINE) if row["split"] == "test"}

    def read_leaking_test(self) -> set[str]:
        """Paths of the test examples that have a copy in another part."""
        if not is_file(self.path / LEAKS):
            return set()
        return {row["path"] for row in read_csv(self.path / LEAKS) if row["split"] == "test"}


def free_beside(path: Path) -> Path:
    """The first name that is free: this one, or with a number behind it."""
    names = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return path if not is_there(path) else next(each for each in names if not is_there(each))


def labels_of(corpus: Corpus) -> np.ndarray:
    """int64 [examples], class indices."""
    return np.array([example.label for example in corpus.examples], np.int64)
