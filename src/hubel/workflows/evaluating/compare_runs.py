"""Compare two finished runs on the images that both kept for testing. Loads no framework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.corpus.corpus import IntakeRow
from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option, Text
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import PairedTest, compare_hits
from hubel.events import Message, OnEvent, ignore
from hubel.runs.finished_run import read_seen
from hubel.runs.tables.fingerprints import FINGERPRINTS, read_digests
from hubel.runs.tables.predictions import read_predictions
from hubel.text import brief, counted, elided, have


@dataclass(frozen=True)
class Named:
    """What one classifier says of images.

    Args:
        run: its folder, as the user typed it.
        class_names: that it knows.
        answers: what identifies an image → (its label, the class it was named).
    """

    run: str
    class_names: Set[str]
    answers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class ClassPair:
    """How many images of one class each of two classifiers names rightly."""

    name: str
    examples: int
    first_right: int
    second_right: int


@brief
@dataclass(frozen=True)
class Against:
    """One classifier against another on the same images.

    Args:
        first: run folder of the one that is judged.
        second: run folder of the other.
        corpus: where the images are from; None for the test images that both runs have.
        labels: true class names of the images, by the first run or by the corpus.
        first_hits: bool [images], whether the first is right.
        second_hits: the same of the second.
        relabelled: images with another label in the second run.
        by_other_labels: the test by the labels of the second run; None where they are the same.
        unknown: images left out because one of the two does not know their class, by class.
        seen: images left out because training or calibration of one of the two has seen them.
        refused: files of the corpus that cannot be read.
    """

    first: str
    second: str
    corpus: str | None
    labels: tuple[str, ...]
    first_hits: np.ndarray
    second_hits: np.ndarray
    relabelled: int
    by_other_labels: PairedTest | None
    unknown: Mapping[str, int]
    seen: int
    refused: tuple[IntakeRow, ...] = ()

    @property
    def test(self) -> PairedTest:
        """The exact McNemar test."""
        return compare_hits(self.first_hits, self.second_hits)

    @property
    def classes(self) -> list[ClassPair]:
        """Every class with images, those where the two differ most first."""
        labels = np.array(self.labels, object)
        pairs = []
        for name in sorted(set(self.labels)):
            mine = labels == name
            pairs.append(
                ClassPair(name, int(mine.sum()), int(self.first_hits[mine].sum()), int(self.second_hits[mine].sum()))
            )
        return sorted(pairs, key=lambda pair: -abs(pair.first_right - pair.second_right))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        test = self.test
        return {
            "format": 1,
            "run": self.first,
            "against": self.second,
            "corpus": self.corpus,
            "verdict": test.verdict,
            "examples": test.examples,
            "run_score": _score(self.first_hits),
            "against_score": _score(self.second_hits),
            "test": test.to_json(),
            "relabelled": self.relabelled,
            "by_other_labels": None if self.by_other_labels is None else self.by_other_labels.to_json(),
            "left_out": {"unknown_classes": dict(self.unknown), "seen_in_training": self.seen},
            "per_class": {
                pair.name: {
                    "examples": pair.examples, "run_right": pair.first_right, "against_right": pair.second_right,
                }
                for pair in self.classes
            },
        }  # fmt: skip

    def _brief(self) -> Iterator[str]:
        yield f"Against: {elided(self.first)} against {elided(self.second)} on {counted(len(self.labels), 'image')}"
        if len(self.labels):
            yield f"accuracy {self.first_hits.mean():.3f} against {self.second_hits.mean():.3f}"


def _score(hits: np.ndarray) -> dict[str, Any]:
    count, right = len(hits), int(hits.sum())
    return {"accuracy": right / count, "accuracy_interval": list(wilson_interval(right, count))}


def compare_runs(first: Path, second: Path, *, on_event: OnEvent = ignore) -> Against:
    """Compare one finished run with another on the images in the test splits of both, told by their content.

    Labels are those of the first run. Images with a copy outside of a test split are left out.

    Args:
        first: the run folder that is judged.
        second: the run folder it is compared with.
        on_event: hears what is left out, and why.

    Raises:
        UnusableInput: no run folder, one of a version that kept no fingerprints, or no image to compare on.
    """
    sides = [_own_test(run, (first, second)) for run in (first, second)]
    seen = (read_seen(first) or set()) | (read_seen(second) or set())
    return pair(*sides, seen=seen, corpus=None, on_event=on_event)


def _own_test(run: Path, both: tuple[Path, Path]) -> Named:
    """The answers for the run's test images, by SHA-256; copies of one file are one image."""
    answers = read_predictions(run).of("test")
    if not answers.paths:
        raise UnusableInput(
            f"{run} has no test images to compare on. Compare the two on one corpus: ", on_a_corpus(*both)
        )
    digests = read_digests(run)
    if digests is None:
        raise UnusableInput(
            f"{run} has no {FINGERPRINTS}, as version 0.3 and older wrote none, so it is not known which images "
            "it shares with another run. Compare the two on one corpus: ",
            on_a_corpus(*both),
        )
    told: dict[str, tuple[str, str]] = {}
    for path, label, predicted in zip(answers.paths, answers.labels, answers.predicted, strict=True):
        if path in digests:
            told.setdefault(digests[path], (label, predicted))
    return Named(str(run), set(answers.class_names), told)


def on_a_corpus(first: Path | str, second: Path | str) -> Command:
    """The command that compares two classifiers on a corpus yet to be named.

    Args:
        first: run folder of the one that is judged.
        second: run folder of the other.
    """
    return Command("evaluate", (str(first), "CORPUS"), (Option("against", str(second)),))


def pair(first: Named, second: Named, *, seen: Set[str], corpus: str | None, on_event: OnEvent) -> Against:
    """Compare the answers of two classifiers for the same images.

    Args:
        first: whose labels count.
        second: the other.
        seen: images that one of the two knows from its training.
        corpus: where the images are from; None for the test images of both.
        on_event: hears what is left out, and why.

    Raises:
        UnusableInput: no image is left.
    """
    common = [key for key in first.answers if key in second.answers]
    fresh = [key for key in common if key not in seen]
    known = first.class_names & second.class_names
    kept = [key for key in fresh if first.answers[key][0] in known]
    unknown = Counter(first.answers[key][0] for key in fresh if first.answers[key][0] not in known)
    relabelled = sum(first.answers[key][0] != second.answers[key][0] for key in kept)
    left = len(common) - len(fresh)
    notes = _notes(first.run, second.run, left=left, unknown=unknown)
    if not kept:
        raise UnusableInput(_nothing_left(first.run, second.run, corpus=corpus, notes=notes))
    if relabelled:
        text = f"{relabelled:,} of {counted(len(kept), 'image')} {have(relabelled)} a different label in {second.run}"
        notes.append(f"{text}; both are judged by the labels of {first.run}.")
    for note in notes:
        on_event(Message(note, warning=True))
    labels = tuple(first.answers[key][0] for key in kept)
    mine, theirs = _hits(kept, labels, sides=(first, second))
    by_other = None
    if relabelled:
        by_other = compare_hits(*_hits(kept, [second.answers[key][0] for key in kept], sides=(first, second)))
    return Against(first.run, second.run, corpus, labels, mine, theirs, relabelled, by_other, unknown, left)


def _hits(keys: Sequence[str], labels: Sequence[str], *, sides: Sequence[Named]) -> list[np.ndarray]:
    """Bool [images] for each side: named as the label says."""
    pairs = list(zip(keys, labels, strict=True))
    return [np.array([side.answers[key][1] == label for key, label in pairs], bool) for side in sides]


def _notes(first: str, second: str, *, left: int, unknown: Mapping[str, int]) -> list[str]:
    notes = []
    if left:
        text = f"Left out: {counted(left, 'image')} that {first} or {second} has seen in training or validation"
        notes.append(f"{text}: the same image, a copy, or one of the same group.")
    if unknown:
        names = ", ".join(list(unknown)[:5]) + (" ..." if len(unknown) > 5 else "")
        images = counted(sum(unknown.values()), "image")
        notes.append(f"Left out: {images} of classes that {second} does not know: {names}.")
    return notes


def _nothing_left(first: str, second: str, *, corpus: str | None, notes: list[str]) -> Text:
    why = f" {' '.join(notes)}" if notes else ""
    if corpus is not None:
        return Text(f"{corpus} has no image to compare {first} and {second} on.{why} Name another corpus.")
    return Text(
        f"{first} and {second} have no test image in common, going by the content of the files.{why} Compare the two "
        "on one corpus: ",
        on_a_corpus(first, second),
    )
