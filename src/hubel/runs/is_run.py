"""Is a path a run? Told by the names of the files in it; nothing is read."""

from __future__ import annotations

from pathlib import Path

from hubel.architectures.file_kinds import is_model_target
from hubel.errors import UnusableInput
from hubel.files import is_folder, is_there

ARTEFACT, RUN, METRICS, PREDICTIONS = "classifier", "run.json", "metrics.json", "predictions.csv"
BASELINE = "dense_baseline.csv"
EXPLANATIONS_FILE = "explanations.json"
FINGERPRINTS = "fingerprints.csv"
HISTORY = "history.csv"
INTAKE = "intake.csv"
LEAKS = "leaks.csv"
LEARNING_CURVE = "learning_curve.csv"
OFF_CORPUS = "off_corpus.csv"
PAGE = "page.html"
PARQUET = "predictions.parquet"
SEEN_BEFORE = "seen_before.csv"
SPLIT = "split.csv"
REPORT = "report.html"
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
RUNS = "runs"
"""The folder of runs that are not given a place."""
MARKS = (ARTEFACT, MANIFEST, RUN, METRICS, PREDICTIONS)
"""Files of a run folder or of its ``classifier/`` folder: one is enough, the command knows what else it needs."""
FILES = (
    METRICS, PREDICTIONS, SPLIT, INTAKE, HISTORY, RUN, LEAKS, FINGERPRINTS, BASELINE, OFF_CORPUS, REPORT,
    LEARNING_CURVE, SEEN_BEFORE, PARQUET, EXPLANATIONS_FILE, PAGE,
)  # fmt: skip
"""All that a run may hold beside its ``classifier/`` folder."""


def is_run_or_model(path: Path) -> bool:
    """It is a run, perhaps a damaged one, or a model file.

    Raises:
        UnusableInput: the operating system does not let us look.
    """
    marked = is_folder(path) and any(is_there(path / name) for name in MARKS)
    return marked or (is_model_target(path) and is_there(path))


def can_be_run(path: Path) -> bool:
    """It surely holds a classifier; nothing that cannot be looked at does."""
    try:
        own = is_there(path / MANIFEST) and is_there(path / WEIGHTS)
        return own or is_there(path / ARTEFACT / MANIFEST) or (is_there(path) and is_model_target(path))
    except UnusableInput:
        return False
