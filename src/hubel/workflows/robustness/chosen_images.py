"""Which images are changed: of the run's own test split or of another corpus, all or a stratified part of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Labels
from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus, Example
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Command, Text
from hubel.events import Message, OnEvent, ignore
from hubel.random_streams import stream
from hubel.text import counted
from hubel.workflows.evaluating.evaluate import evaluate_run
from hubel.workflows.evaluating.own_test_split import none_can_be_read, read_own_test_split, say_missing
from hubel.workflows.robustness.robustness_request import RobustnessRequest

MOST_EXAMPLES = 400
"""Images that are changed where the user says no other number: they take minutes at most on a slow laptop."""


@dataclass(frozen=True)
class ChosenImages:
    """The images that are changed.

    Args:
        corpus: that holds them.
        split: ``"test"``, or ``"all"`` of another corpus.
        places: of the examples in the corpus, int64 [examples].
        labels: as the classifier counts classes, int64 [examples].
        available: images there were to choose from.
    """

    corpus: Corpus
    split: str
    places: np.ndarray
    labels: Labels
    available: int

    def take(self, chosen: np.ndarray) -> ChosenImages:
        """Some of them: a mask, bool [examples], or places, int64 [chosen]."""
        return ChosenImages(self.corpus, self.split, self.places[chosen], self.labels[chosen], self.available)

    @property
    def examples(self) -> tuple[Example, ...]:
        """In their order."""
        return tuple(self.corpus.examples[place] for place in self.places)


def choose_images(
    request: RobustnessRequest, classifier: Classifier, *, on_event: OnEvent = ignore
) -> ChosenImages:  # fmt: skip
    """The images that are changed, at most as many as are wished for: a part has every class in proportion.

    Args:
        request: what is asked for.
        classifier: whose classes are matched by name.
        on_event: hears what goes on.

    Raises:
        HubelError: there are none, or the corpus cannot be read.
    """
    found = (
        _of_the_run(request, classifier, on_event=on_event)
        if request.corpus is None
        else _of_another(request, on_event)
    )
    most = MOST_EXAMPLES if request.max_examples is None else request.max_examples
    if most >= len(found.places):
        return found
    part = found.take(_stratified(found.labels, most))
    of = counted(found.available, "image")
    said = f"{len(part.places):,} of {of} are used: a random sample with every class in proportion."
    on_event(Message(Text(said, *request.more_images(found.available))))
    return part


def _of_the_run(request: RobustnessRequest, classifier: Classifier, *, on_event: OnEvent) -> ChosenImages:
    on_another = Command("robustness", (str(request.run), "CORPUS"))
    corpus, split = read_own_test_split(request.run, on_another=on_another, on_event=on_event)
    say_missing(split, corpus, on_event=on_event)
    index_of = {name: index for index, name in enumerate(classifier.class_names)}
    pairs = [
        (place, index_of[split.class_of[example.path]])
        for place, example in enumerate(corpus.examples)
        if split.class_of.get(example.path) in index_of
    ]
    if not pairs:
        raise UnusableCorpus(none_can_be_read(split, corpus, on_another=on_another))
    places, labels = np.array(pairs, np.int64).T
    return ChosenImages(corpus, "test", places, labels, len(places))


def _of_another(request: RobustnessRequest, on_event: OnEvent) -> ChosenImages:
    scored = evaluate_run(
        request.run, request.corpus, reading=request.reading, engine=request.engine, on_event=on_event
    )
    return ChosenImages(scored.corpus, scored.split, scored.places, scored.report.labels, len(scored.places))


def _stratified(labels: Labels, most: int) -> np.ndarray:
    """Places of so many images, int64 [most], ascending; each class has its share, and the largest remainders win."""
    rng = stream("robustness sample")
    order = rng.permutation(len(labels))
    rank = np.zeros(len(labels), np.float64)
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        rank[mine] = (np.arange(len(mine)) + 0.5) / len(mine)  # the first so many of every class come first
    return np.sort(order[np.argsort(rank[order], kind="stable")][:most])


def groups_of(chosen: ChosenImages, class_names: Sequence[str]) -> tuple[str, ...]:
    """The group of each image: of the corpus, or else the folders below that of its class; empty without one.

    Args:
        chosen: the images.
        class_names: as the classifier counts classes.
    """
    examples = chosen.examples
    if any(example.group for example in examples):
        return tuple(example.group or "" for example in examples)
    return tuple(
        _below_the_class(example.path, class_names[label])
        for example, label in zip(examples, chosen.labels, strict=True)
    )


def _below_the_class(path: str, class_name: str) -> str:
    *folders, _ = path.split("/")
    return "/".join(folders[folders.index(class_name) + 1 :]) if class_name in folders else ""
