"""What a finished run wrote about its own test images, read back without loading its classifier or any framework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hubel.calibration.off_corpus import MIN_EXAMPLES as LEAST
from hubel.classifier.prediction_sets import PredictionSets
from hubel.errors import UnusableInput
from hubel.evaluation.set_score import SetScore, score_sets
from hubel.files import is_file
from hubel.runs.documents import no_run
from hubel.runs.is_run import METRICS
from hubel.runs.tables.fingerprints import read_digests
from hubel.runs.tables.leaks import read_leaks
from hubel.runs.tables.off_corpus import OFF_CORPUS, read_scores
from hubel.runs.tables.predictions import PREDICTIONS, read_predictions
from hubel.runs.tables.seen_before import read_seen_before
from hubel.runs.tables.split import read_split


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
    seen = {path for path, placed in read_split(run).items() if placed.split != "test"} | read_leaks(run).keys()
    return {digests[path] for path in seen if path in digests} | read_seen_before(run)


def read_off_corpus(run: Path) -> np.ndarray:
    """Off-corpus scores of the run's test images, float64 [examples], at least one.

    Raises:
        UnusableInput: no run folder, or its classifier has no such score.
    """
    if not is_file(run / OFF_CORPUS):
        if not is_file(run / PREDICTIONS):
            raise UnusableInput(no_run(run, PREDICTIONS))
        parts = Counter(placed.split for placed in read_split(run).values())
        has = f"it has {parts['train']:,} and {parts['validation']:,}"
        few = min(parts["train"], parts["validation"]) < LEAST
        cure = "Train again, with more images." if few else "A version before 0.4 made it: train again."
        raise UnusableInput(
            f"The classifier in {run} has no off-corpus score. That needs {LEAST} training and {LEAST} validation "
            f"images, and {has}. {cure}"
        )
    scores = read_scores(run, "test")
    if not len(scores):
        raise UnusableInput(f"{run} has no test images to compare the others with. Train again, with more images.")
    return scores


def score_promise(run: Path, sets: PredictionSets, *, class_names: Sequence[str], coverage: float) -> SetScore | None:
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
        answers = read_predictions(run).of("test")
    except UnusableInput:
        return None
    if not answers.labels or answers.class_names != tuple(class_names) or not set(answers.labels) <= set(class_names):
        return None
    index_of = {name: index for index, name in enumerate(class_names)}
    labels = np.array([index_of[label] for label in answers.labels], np.int64)
    return score_sets(sets, coverage, probabilities=answers.probabilities, labels=labels)
