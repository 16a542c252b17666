"""Shortcuts: can the class of an image be told from what should not matter? Each probe is cross-validated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.shortcuts.columns import Column
from hubel.corpus.shortcuts.probes import PROBES, Traced
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Option
from hubel.evaluation.separability import CHANCE, Design, Separation, Told, separate
from hubel.events import OnEvent, Progress, ignore
from hubel.pipeline.traces import trace_corpus
from hubel.random_streams import stream
from hubel.text import few_names, p_text
from hubel.workflows.auditing.audit import Audit
from hubel.workflows.auditing.parts import make_folds, spread
from hubel.workflows.auditing.shortcut_report import FALSE_ALARMS, ProbeResult, Shortcuts

MOST_IMAGES = 5000
"""Images that are looked at; more tell smaller differences, which matter less."""
LEAST_OF_CLASS = 10
"""Images of a class that is told from the others; of fewer, chance tells as many."""
MOST_CLASSES = 100
"""Classes that are told from the others, the largest first."""
PERMUTATIONS, FEWER_PERMUTATIONS, MANY_CLASSES = 500, 200, 20
"""Of the labels; fewer where there are more classes, each of which takes its time."""
SHOWN = 4
"""Images of the class, and of others, that are named with an alarm."""
STAGE = "looking for shortcuts"


@dataclass(frozen=True)
class _Looked:
    """The images that are looked at.

    Args:
        traced: what was read of them.
        design: classes and folds.
        columns: name of a probe → what it reads.
    """

    traced: Traced
    design: Design
    columns: dict[str, Sequence[Column]]

    def names(self, labels: Sequence[int]) -> tuple[str, ...]:
        """Class names."""
        return tuple(self.traced.class_names[label] for label in labels)


def add_shortcuts(audit: Audit, *, seed: int = 0, on_event: OnEvent = ignore) -> Audit:
    """An audit with the shortcuts that were found; the same where there is one class alone.

    Args:
        audit: of the corpus.
        seed: of folds and permutations.
        on_event: hears progress.

    Raises:
        UnusableCorpus: as `find_shortcuts`.
    """
    if len(audit.corpus.class_names) < 2:
        return audit
    return audit.with_shortcuts(find_shortcuts(audit.examined, seed=seed, on_event=on_event))


def find_shortcuts(examined: ExaminedCorpus, *, seed: int = 0, on_event: OnEvent = ignore) -> Shortcuts:
    """Try to tell each class from all others by each of `PROBES`.

    Of copies, and of each given group, one image of a class is looked at; at most `MOST_IMAGES` in all.

    Args:
        examined: at least two classes.
        seed: of folds and permutations.
        on_event: hears progress.

    Raises:
        UnusableCorpus: no class has enough images to be told from the others.
    """
    looked, left_out = _look(examined, seed=seed, on_event=on_event)
    features = {name: _encoded(columns) for name, columns in looked.columns.items()}
    telling = {name: each for name, each in features.items() if each.shape[1]}
    rng = stream("shortcut permutations", seed)
    times = PERMUTATIONS if len(looked.design.tested) <= MANY_CLASSES else FEWER_PERMUTATIONS
    found = separate(telling, looked.design, permutations=times, rng=rng, on_event=on_event)
    results = [_result(name, each, looked=looked) for name, each in found.items()]
    results.sort(key=lambda each: (not each.alarm, bool(PROBES[each.name].honest), -each.balanced_accuracy))
    silent = tuple(name for name in features if name not in telling)
    return Shortcuts(tuple(results), silent, len(looked.traced.paths), left_out)


def _look(examined: ExaminedCorpus, *, seed: int, on_event: OnEvent) -> tuple[_Looked, tuple[str, ...]]:
    """Read what the probes look at, and name the classes that have too few images."""
    corpus = examined.corpus
    every = np.array([example.label for example in corpus.examples], np.int64)
    together = np.array(examined.copies.kept_together(corpus), np.int64)
    single = np.unique(np.stack([together, every]), axis=1, return_index=True)[1]
    places = np.sort(single)
    places = places[spread(every[places], MOST_IMAGES)]
    labels = every[places]
    counts = np.bincount(labels, minlength=len(corpus.class_names))
    large = np.flatnonzero(counts >= LEAST_OF_CLASS)
    folds = make_folds(labels, together[places].tolist(), seed=seed)
    if not len(large) or len(np.unique(labels)) < 2 or len(folds) < 2:
        raise UnusableCorpus(
            f"{corpus.location} has too few images to look for shortcuts: a class needs {LEAST_OF_CLASS} or more, and "
            "copies and groups count once. Add images, or leave out ",
            Option("shortcuts"),
            ".",
        )
    tested = np.sort(large[np.argsort(-counts[large], kind="stable")][:MOST_CLASSES])
    if len(counts) == 2:  # to tell one from the other is to tell the other from the one
        tested = tested[:1]
    fold_of = np.zeros(len(labels), np.int64)
    for number, fold in enumerate(folds):
        fold_of[fold] = number
    traces = trace_corpus(examined, places.tolist(), on_event=on_event)
    traced = Traced(examined.paths(places), corpus.class_names, examined.measurements[places], traces)
    columns: dict[str, Sequence[Column]] = {}
    for number, (name, probe) in enumerate(PROBES.items(), start=1):
        columns[name] = probe.columns(traced)
        on_event(Progress("reading what probes look at", number, len(PROBES), "probes"))
    left_out = tuple(name for name, count in zip(corpus.class_names, counts, strict=True) if count < LEAST_OF_CLASS)
    return _Looked(traced, Design(labels, fold_of, tested), columns), left_out


def _encoded(columns: Sequence[Column]) -> np.ndarray:
    parts = [column.encoded() for column in columns]
    return np.concatenate(parts, axis=1) if parts else np.zeros((0, 0))


def _result(name: str, found: Separation, *, looked: _Looked) -> ProbeResult:
    limit = PROBES[name].limit
    alarming = [each for each in found.told if each.p_corrected <= FALSE_ALARMS and each.balanced_accuracy >= limit]
    alarming.sort(key=lambda each: -each.balanced_accuracy)
    told = alarming[0] if alarming else found.best
    labels = [each.label for each in alarming or [told]]
    return ProbeResult(
        name,
        told.balanced_accuracy,
        told.interval,
        min(each.p for each in alarming or [told]),
        min(each.p_corrected for each in alarming or [told]),
        bool(alarming),
        looked.names(labels),
        _surest(found, told, looked=looked) if alarming else (),
        _message(name, told, labels=labels, looked=looked),
    )


def _surest(found: Separation, told: Told, *, looked: _Looked) -> tuple[str, ...]:
    """Images of the class that look most like it, then images of others that look least like it."""
    column = [each.label for each in found.told].index(told.label)
    scores, own = found.scores[:, column], looked.design.labels == told.label
    order = np.argsort(-scores, kind="stable")
    chosen = [*order[own[order]][:SHOWN], *order[~own[order]][::-1][:SHOWN]]
    return tuple(looked.traced.paths[place] for place in chosen)


def _message(name: str, told: Told, *, labels: Sequence[int], looked: _Looked) -> str:
    """What was found: which class, how well, and what differs most."""
    probe, names = PROBES[name], looked.names(labels)
    low, high = told.interval
    others = [each for each in looked.traced.class_names if each != names[0]]
    rest = repr(others[0]) if len(others) == 1 else "the other classes"
    text = (
        f"{names[0]!r} can be told from {rest} by {probe.title}: balanced accuracy {told.balanced_accuracy:.2f} "
        f"({low:.2f} to {high:.2f}; {CHANCE} is chance, {p_text(told.p_corrected)})."
    )
    of_class = looked.design.labels == told.label
    differences = [column.difference(of_class) for column in looked.columns[name]]
    text += f" {_sentence(max(differences)[1])}."
    if len(names) > 1:
        text += f" So can {few_names(map(repr, names[1:]), most=4)}."
    return text


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
