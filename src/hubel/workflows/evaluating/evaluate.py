"""Evaluate: score a run on its test split, or a classifier on another corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.classifier.answering import Answering
from hubel.corpus.corpus import Corpus, IntakeRow
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.engines.catalogue import load_classifier
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Command, Text
from hubel.evaluation.evaluate import compute_outputs, evaluate_outputs
from hubel.evaluation.report import EvaluationReport
from hubel.events import Message, OnEvent, ignore
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.runs.known_images import Known, find_known
from hubel.text import brief, counted, elided, none_of, with_interval
from hubel.wishes import AUTO
from hubel.workflows.evaluating.mistakes import show_mistakes
from hubel.workflows.evaluating.own_test_split import OwnTestSplit, none_can_be_read, read_own_test_split, say_missing

MOST_REFUSED_NAMED = 20


@brief
@dataclass(frozen=True)
class LeftOut:
    """Images of another corpus that are not scored because the run has learned from them, by their paths.

    Args:
        trained_on: of the same content as an image of its training or validation split.
        copies: copies of such images, and images of their groups.
        tested: how many of those that are scored are of the run's own test split.
    """

    trained_on: tuple[str, ...]
    copies: tuple[str, ...]
    tested: int

    @property
    def paths(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.trained_on) | frozenset(self.copies)

    def to_json(self) -> dict[str, int]:
        """The object under ``"left_out"``."""
        return {"trained_on": len(self.trained_on), "copies_of_trained_on": len(self.copies)}


@brief
@dataclass(frozen=True)
class Evaluation:
    """A score and what it was measured on.

    Args:
        location: of the corpus.
        split: ``"test"``, or ``"all"`` of another corpus.
        report: the numbers.
        corpus: as it was read.
        paths: of the examples, in the order of the report.
        digests: SHA-256 of their content, in the same order.
        places: of the examples in the corpus, in the same order.
        without_leaks: the score without the test examples that have a copy in another part; None where none has.
        left_out: of another corpus, what the run has learned from; None where nobody can tell, and of a test split.
    """

    location: str
    split: str
    report: EvaluationReport
    corpus: Corpus
    paths: tuple[str, ...]
    digests: tuple[str, ...]
    places: np.ndarray
    without_leaks: EvaluationReport | None = None
    left_out: LeftOut | None = None

    @property
    def refused(self) -> tuple[IntakeRow, ...]:
        """Files that cannot be read."""
        return self.corpus.refused

    def to_json(self) -> dict[str, Any]:
        """Plain data; the score has the keys of ``metrics.json``."""
        document = {
            "format": 1,
            "corpus": self.location,
            "split": self.split,
            "classes": list(self.report.class_names),
            self.split: self.report.to_json(),
            "intake": self.corpus.intake_counts,
        }
        if self.split == "all":
            document["left_out"] = None if self.left_out is None else self.left_out.to_json()
            document["own_test_images"] = None if self.left_out is None else self.left_out.tested
        if self.without_leaks is not None:
            left_out = len(self.report.labels) - len(self.without_leaks.labels)
            document["leakage"] = {"test_examples": left_out, "test_without": self.without_leaks.to_json()}
        return document

    def _brief(self) -> Iterator[str]:
        count = len(self.report.labels)
        yield f"Evaluation on {elided(self.location)}: {counted(count, 'image')} ({self.split})"
        if count:
            yield f"accuracy {with_interval(self.report.accuracy, self.report.accuracy_interval)}"

    def _repr_html_(self) -> str:
        return show_mistakes(self._brief(), self.corpus, places=self.places, report=self.report)


def evaluate_run(
    run: Path, corpus: str | None = None, *, reading: Reading = AS_FOUND, keep_known: bool = False,
    engine: str = AUTO, on_event: OnEvent = ignore,
) -> Evaluation:  # fmt: skip
    """Score a run.

    What it has learned from is left out of another corpus, whatever it is called there: see `find_known`.

    Args:
        run: a run folder; with a corpus also a ``classifier/`` folder.
        corpus: a location that `read_corpus` takes; by default the run's own, of which the test split is scored.
        reading: how that corpus is read; the run's own is read as it was.
        keep_known: score what the run has learned from all the same; ``left_out`` names it.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``.
        on_event: hears what goes on.

    Raises:
        UnusableInput: no run, or its corpus is not where it was.
        UnusableCorpus: nothing to score.
    """
    classifier = load_classifier(run, engine=engine)
    if corpus is not None:
        other = read_corpus(corpus, reading=reading, on_event=on_event)
        decoded = decode_corpus(other, classifier.preprocessing, on_event=on_event)
        known = find_known(run, decoded, on_event=on_event)
        return evaluate_decoded(classifier, decoded, known=known, keep_known=keep_known, on_event=on_event)
    own, split = read_own_test_split(run, on_another=Command("evaluate", (str(run), "CORPUS")), on_event=on_event)
    decoded = decode_corpus(own, classifier.preprocessing, on_event=on_event)
    return evaluate_decoded(classifier, decoded, own=split, on_event=on_event)


def evaluate_decoded(
    classifier: Answering,
    decoded: DecodedCorpus,
    *,
    own: OwnTestSplit | None = None,
    known: Known | None = None,
    keep_known: bool = False,
    on_event: OnEvent = ignore,
) -> Evaluation:
    """Score a classifier on images at its working size.

    Args:
        classifier: whose classes are matched by name.
        decoded: the corpus.
        own: what of it is scored, where it is the corpus of the classifier's own run.
        known: what the classifier's run knows of it, where it is another; None where nobody can tell.
        keep_known: score what the run has learned from too: whoever asks leaves it out later.
        on_event: hears what goes on.

    Raises:
        UnusableCorpus: nothing to score.
    """
    corpus = decoded.corpus
    say_refused([(row.path, row.reason) for row in corpus.refused], on_event)
    _say_differences(classifier, corpus, own=own, on_event=on_event)
    indices, labels = _scorable(classifier, corpus, own=own)
    if not len(indices):
        raise UnusableCorpus(_why_nothing_is_scored(classifier, corpus, own=own))
    left_out = None
    if known is not None:
        left_out = _left_out(corpus, indices, known=known)
        if not keep_known:
            kept = ~known.learned[indices]
            _say_left_out(left_out, known, where=(len(indices), corpus.location), on_event=on_event)
            indices, labels = indices[kept], labels[kept]
    outputs = compute_outputs(classifier, decoded.images, indices=indices, on_event=on_event)
    paths = tuple(corpus.examples[index].path for index in indices)
    digests = tuple(decoded.digests[index] for index in indices)
    if own is None:
        report = evaluate_outputs(classifier, outputs, labels=labels)
        return Evaluation(corpus.location, "all", report, corpus, paths, digests, indices, left_out=left_out)
    index_of = {name: index for index, name in enumerate(classifier.class_names)}
    baseline = None
    if all(own.baseline.get(path) in index_of for path in paths):
        baseline = np.array([index_of[own.baseline[path]] for path in paths], np.int64)
    report = evaluate_outputs(classifier, outputs, labels=labels, baseline=baseline)
    clean = np.array([path not in own.leaking for path in paths])
    without_leaks = None if clean.all() else report.take(clean)
    return Evaluation(corpus.location, "test", report, corpus, paths, digests, indices, without_leaks)


def _scorable(classifier: Answering, corpus: Corpus, *, own: OwnTestSplit | None) -> tuple[np.ndarray, np.ndarray]:
    """Places of the examples whose class the classifier knows, and their labels as it counts classes."""
    index_of = {name: index for index, name in enumerate(classifier.class_names)}
    chosen = []
    for index, example in enumerate(corpus.examples):
        # Of its own split the labels are those it was scored with, corrections applied.
        name = corpus.class_names[example.label] if own is None else own.class_of.get(example.path)
        if name in index_of:
            chosen.append((index, index_of[name]))
    pairs = np.array(chosen, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _left_out(corpus: Corpus, indices: np.ndarray, *, known: Known) -> LeftOut:
    """Of the images that could be scored."""

    def paths(marked: np.ndarray) -> tuple[str, ...]:
        return tuple(corpus.examples[index].path for index in indices[marked[indices]])

    return LeftOut(paths(known.trained_on), paths(known.copies), int(known.tested[indices].sum()))


def _say_left_out(left_out: LeftOut, known: Known, *, where: tuple[int, str], on_event: OnEvent) -> None:
    """Say what is left out, of so many images in a place, and what remains.

    Raises:
        UnusableCorpus: nothing remains.
    """
    count, location = where
    words = []
    if left_out.trained_on:
        words.append(f"{len(left_out.trained_on):,} that it was trained on (training and validation images)")
    if left_out.copies:
        be = "is a copy" if len(left_out.copies) == 1 else "are copies"
        words.append(f"{len(left_out.copies):,} that {be} of such images or in one group with them")
    remaining = count - len(left_out.paths)
    if not remaining:
        own = ("Score it on its own test images: ", Command("evaluate", (str(known.run),)), ". Or name")
        raise UnusableCorpus(
            f"{location} has no image that is new to {known.run}. Left out of its {counted(count, 'image')}: "
            f"{', and '.join(words)}. A score on these would say nothing about other images. ",
            *(own if known.test_images else ("Name",)),
            " a corpus of other images.",
        )
    if words:
        images = counted(count, "image")
        text = f"Left out of the score of {known.run}, of {images} in {location}: {', and '.join(words)}."
        if left_out.tested:
            those = "all" if left_out.tested == remaining else f"{left_out.tested:,}"
            text += f" Scored: {counted(remaining, 'image')}, {those} of its own test split."
        on_event(Message(text, warning=True))


def _why_nothing_is_scored(classifier: Answering, corpus: Corpus, *, own: OwnTestSplit | None) -> Text:
    if own is not None:
        return none_can_be_read(own, corpus, on_another=Command("evaluate", ("RUN", "CORPUS")))
    if not len(corpus):
        return Text(f"{none_of(len(corpus.refused))} in {corpus.location} can be read. Name another corpus.")
    return Text(
        f"{corpus.location} has no image to score: the classifier knows {', '.join(classifier.class_names[:5])}, "
        f"the corpus has {', '.join(corpus.class_names[:5])}. Class folders are matched by name."
    )


def _say_differences(classifier: Answering, corpus: Corpus, *, own: OwnTestSplit | None, on_event: OnEvent) -> None:
    if own is not None:
        say_missing(own, corpus, on_event=on_event)
        return
    extra = [name for name in corpus.class_names if name not in classifier.class_names]
    missing = [name for name in classifier.class_names if name not in corpus.class_names]
    if extra:
        images = counted(sum(corpus.class_counts[name] for name in extra), "image")
        text = f"Not scored: {images} of classes that the classifier does not know: {', '.join(extra[:5])}."
        on_event(Message(text, warning=True))
    if missing:
        on_event(Message(f"Not tested, for lack of images: {', '.join(missing[:5])}.", warning=True))


def say_refused(refused: Sequence[tuple[str, str]], on_event: OnEvent) -> None:
    """Name the files that cannot be read; of many only the first.

    Args:
        refused: (path, reason) of each.
        on_event: hears the names.
    """
    for path, reason in refused[:MOST_REFUSED_NAMED]:
        on_event(Message(f"Refused {path!r}: {reason}.", warning=True))
    if len(refused) > MOST_REFUSED_NAMED:
        on_event(Message(f"Refused {len(refused) - MOST_REFUSED_NAMED} more files.", warning=True))
