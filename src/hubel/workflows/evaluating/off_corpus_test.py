"""Measure the off-corpus score: does it tell images of another corpus from the run's own?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.catalogue import is_archive
from hubel.engines.catalogue import load_classifier
from hubel.errors import UnusableCorpus, UnusableInput
from hubel.evaluation.evaluate import compute_outputs
from hubel.evaluation.metrics import auroc, wilson_interval
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_folder
from hubel.pipeline.decoded import decode_corpus
from hubel.runs.finished_run import read_off_corpus
from hubel.runs.known_images import find_known
from hubel.runs.tables.fingerprints import read_digests
from hubel.text import brief, counted, elided, none_of
from hubel.wishes import AUTO
from hubel.workflows.evaluating.evaluate import say_refused
from hubel.workflows.predicting.answers import predict_files
from hubel.workflows.predicting.inputs import Inputs


@brief
@dataclass(frozen=True)
class StrangerScore:
    """How well a classifier tells strangers.

    Args:
        location: of the strangers.
        own: off-corpus score of the run's own test images, float64 [examples], above 1 beyond the limit.
        strangers: the same of the strangers.
        refused: (path, reason) of strangers that cannot be read.
        known: images that were left out because they are the run's own.
    """

    location: str
    own: np.ndarray
    strangers: np.ndarray
    refused: tuple[tuple[str, str], ...]
    known: int = 0

    @property
    def auroc(self) -> float | None:
        """Chance that a stranger scores higher than a test image."""
        return auroc(self.own, self.strangers)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "format": 1,
            "strangers": self.location,
            "auroc": self.auroc,
            "own_test": _share(self.own),
            "stranger_pictures": _share(self.strangers),
            "left_out": {"own_images": self.known},
            "refused": [{"path": path, "reason": reason} for path, reason in self.refused],
        }

    def _brief(self) -> Iterator[str]:
        own, strangers = _share(self.own), _share(self.strangers)
        yield f"StrangerScore of {elided(self.location)}: {strangers['examples']:,} strangers"
        yield f"flagged: {strangers['flagged']:.3f} of the strangers, {own['flagged']:.3f} of the run's own test images"


def _share(scores: np.ndarray) -> dict[str, Any]:
    flagged = int((scores > 1).sum())
    interval = list(wilson_interval(flagged, len(scores)))
    return {"examples": len(scores), "flagged": flagged / len(scores), "flagged_interval": interval}


def score_strangers(
    run: Path, location: str, *, reading: Reading = AS_FOUND, engine: str = AUTO, on_event: OnEvent = ignore
) -> StrangerScore:
    """Compare images of another corpus with the run's own test images.

    Args:
        run: a run folder with an off-corpus score.
        location: a location that `read_corpus` takes, or a folder or archive of images in any order; labels do not
            matter.
        reading: how that corpus is read.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``.
        on_event: hears what goes on.

    Raises:
        UnusableInput: the run has no off-corpus score, or no stranger can be read.
    """
    own = read_off_corpus(run)
    corpus = _read(location, reading, on_event=on_event)
    classifier = load_classifier(run, engine=engine)
    if classifier.off_corpus is None:
        raise UnusableInput(
            f"The classifier in {run} has no off-corpus score: it does not belong to this run. Train again."
        )
    if corpus is not None:
        scores, refused, known = _of_corpus(classifier, corpus, run=run, on_event=on_event)
    else:
        scores, refused, known = _of_images(classifier, location, run=run)
    say_refused(refused, on_event)
    _say_known(known, run, location=location, left=len(scores), on_event=on_event)
    if not len(scores) and not refused:
        raise UnusableInput(f"{location} holds no images. Name another corpus.")
    if not len(scores):
        raise UnusableInput(f"{none_of(len(refused))} in {location} can be read. Name another corpus.")
    return StrangerScore(location, own, scores, refused, known)


def _read(location: str, reading: Reading, *, on_event: OnEvent) -> Corpus | None:
    """The corpus; None for a folder or archive that is none, but may hold images all the same."""
    loose = is_folder(Path(location)) or is_archive(Path(location))
    try:
        corpus = read_corpus(location, reading=reading, on_event=on_event)
    except UnusableCorpus:
        if loose:
            return None
        raise
    return None if loose and not len(corpus) else corpus


_Strangers = tuple[np.ndarray, tuple[tuple[str, str], ...], int]
"""Their scores, those that cannot be read with the reason, and how many were left out as the run's own."""


def _of_corpus(classifier: Classifier, corpus: Corpus, *, run: Path, on_event: OnEvent) -> _Strangers:
    decoded = decode_corpus(corpus, classifier.preprocessing, on_event=on_event)
    refused = tuple((row.path, row.reason) for row in decoded.corpus.refused)
    known = find_known(run, decoded, on_event=on_event)
    places = np.arange(len(decoded.corpus)) if known is None else np.flatnonzero(~known.learned & ~known.tested)
    if not len(places):
        return np.zeros(0), refused, len(decoded.corpus)
    outputs = compute_outputs(
        classifier, decoded.images, indices=places, stage="looking at strangers", on_event=on_event
    )
    return np.asarray(outputs.off_corpus, np.float64), refused, len(decoded.corpus) - len(places)


def _of_images(classifier: Classifier, location: str, *, run: Path) -> _Strangers:
    own = set((read_digests(run) or {}).values())
    answers = list(predict_files(classifier, [location]))
    refused = tuple((answer.path, answer.error.reason) for answer in answers if answer.error is not None)
    named = {answer.path: answer.prediction for answer in answers if answer.prediction is not None}
    inputs = [each for each in Inputs([location]) if each.path in named]
    new = [each.path for each in inputs if hashlib.sha256(each.read()).hexdigest() not in own]
    scores = np.array([named[path].off_corpus_score for path in new], np.float64)
    return scores, refused, len(inputs) - len(new)


def _say_known(known: int, run: Path, *, location: str, left: int, on_event: OnEvent) -> None:
    """Say how many of the strangers are none.

    Raises:
        UnusableInput: all of them.
    """
    if known and not left:
        raise UnusableInput(
            f"Every image in {location} ({known:,}) is from the corpus of {run} or a copy of one of its images, so "
            "none is a stranger. Name images of something else."
        )
    if known:
        text = f"Left out: {counted(known, 'image')} of {location}, from the corpus of {run} or copied from it."
        on_event(Message(f"{text} Strangers: the other {'one' if left == 1 else f'{left:,}'}.", warning=True))
