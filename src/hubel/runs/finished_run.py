"""What a finished run wrote about its own test images, read back without loading its classifier or any framework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hubel.arrays import Probabilities
from hubel.calibration.off_corpus import MIN_EXAMPLES as LEAST
from hubel.classifier.prediction_sets import PredictionSets
from hubel.errors import UnusableInput
from hubel.evaluation.set_score import SetScore, score_sets
from hubel.files import is_file, is_there, read_csv
from hubel.runs.prediction_files import PREDICTIONS, read_predictions
from hubel.runs.run_folder import FINGERPRINTS, LEAKS, METRICS, OFF_CORPUS, SEEN_BEFORE, SPLIT


@dataclass(frozen=True)
class Answers:
    """What a run's classifier said of its test images, one row of ``predictions.csv`` each.

    Args:
        class_names: in the order of the columns.
        paths: relative to the corpus.
        labels: true class names, as corrected.
        predicted: class names.
        probabilities: calibrated, float64 [examples, classes].
    """

    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: tuple[str, ...]
    predicted: tuple[str, ...]
    probabilities: Probabilities


def read_answers(run: Path) -> Answers:
    """The test rows of ``predictions.csv``; by place, because a class may be named like another column.

    Raises:
        UnusableInput: no run folder, or the file is damaged.
    """
    path = run / PREDICTIONS
    try:
        table = read_predictions(run)
        mine = [place for place, split in enumerate(table.splits) if split == "test"]
        columns = (tuple(column[place] for place in mine) for column in (table.paths, table.labels, table.predicted))
        return Answers(table.class_names, *columns, table.probabilities[mine])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnusableInput(no_run(run, PREDICTIONS)) from error
    except (OSError, ValueError, IndexError) as error:
        raise UnusableInput(
            f"{path} cannot be read ({error}). Copy the run folder again, or train it again."
        ) from error


def no_run(run: Path, missing: str) -> str:
    """What is said of a folder without this file of a run."""
    if not is_there(run):
        return f"There is no folder {str(run)!r}. Give the folder named with -o in 'hubel train'."
    return f"{run} is no run folder: it has no {missing}. Give the folder named with -o in 'hubel train'."


def read_columns(path: Path, *columns: str) -> list[list[str]]:
    """These columns of a CSV of a run, row by row.

    Raises:
        UnusableInput: the file is damaged.
    """
    try:
        return [[row[column] for column in columns] for row in read_csv(path)]
    except (OSError, ValueError, KeyError) as error:
        raise UnusableInput(
            f"{path} cannot be read ({error}). Copy the run folder again, or train it again."
        ) from error


def read_digests(run: Path) -> Mapping[str, str] | None:
    """Path → SHA-256 of each example's content; None where the run kept none.

    Raises:
        UnusableInput: the file is damaged.
    """
    path = run / FINGERPRINTS
    return dict(read_columns(path, "path", "sha256")) if is_file(path) else None


def read_seen_before(run: Path) -> set[str]:
    """SHA-256 of images outside of its corpus that the weights a run began with have learned from.

    Raises:
        UnusableInput: the file is damaged.
    """
    path = run / SEEN_BEFORE
    return {digest for (digest,) in read_columns(path, "sha256")} if is_file(path) else set()


def read_seen(run: Path) -> set[str] | None:
    """SHA-256 of what training or calibration has seen; None where the run kept none.

    That is everything outside its test split, the test images that have a copy or one of their group there, and what
    the weights it began with had seen.

    Raises:
        UnusableInput: a file is damaged.
    """
    digests = read_digests(run)
    if digests is None:
        return None
    seen = {path for path, split in read_columns(run / SPLIT, "path", "split") if split != "test"}
    if is_file(run / LEAKS):
        seen |= {path for (path,) in read_columns(run / LEAKS, "path")}
    return {digests[path] for path in seen if path in digests} | read_seen_before(run)


def read_off_corpus(run: Path) -> np.ndarray:
    """Off-corpus scores of the run's test images, float64 [examples], at least one.

    Raises:
        UnusableInput: no run folder, or its classifier has no such score.
    """
    path = run / OFF_CORPUS
    if not is_file(path):
        if not is_file(run / PREDICTIONS):
            raise UnusableInput(no_run(run, PREDICTIONS))
        parts = Counter(split for (split,) in read_columns(run / SPLIT, "split"))
        has = f"it has {parts['train']:,} and {parts['validation']:,}"
        few = min(parts["train"], parts["validation"]) < LEAST
        cure = "Train again, with more images." if few else "It is of a version before 0.4: train again."
        raise UnusableInput(
            f"The classifier in {run} has no off-corpus score. That needs {LEAST} training and {LEAST} validation "
            f"images, and {has}. {cure}"
        )
    rows = read_columns(path, "split", "score")
    try:
        scores = np.array([float(score) for split, score in rows if split == "test"], np.float64)
    except ValueError as error:
        raise UnusableInput(
            f"{path} cannot be read ({error}). Copy the run folder again, or train it again."
        ) from error
    if not len(scores):
        raise UnusableInput(f"{run} has no test images to hold strangers against. Train again, with more images.")
    return scores


def score_promise(run: Path, sets: PredictionSets, class_names: Sequence[str], coverage: float) -> SetScore | None:
    """What became of a promise on the run's own test images; None where no test score lies beside the classifier.

    Args:
        run: a run folder, or a bare ``classifier/`` folder.
        sets: of its classifier.
        class_names: of its classifier.
        coverage: the promise.
    """
    if not is_file(run / METRICS):
        return None
    try:
        answers = read_answers(run)
    except UnusableInput:
        return None
    if not answers.labels or answers.class_names != tuple(class_names) or not set(answers.labels) <= set(class_names):
        return None
    index_of = {name: index for index, name in enumerate(class_names)}
    labels = np.array([index_of[label] for label in answers.labels], np.int64)
    return score_sets(sets, coverage, answers.probabilities, labels)
