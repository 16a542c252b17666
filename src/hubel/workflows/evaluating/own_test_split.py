"""A run's own test split: where its images are now, and the labels it was scored with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import BUILT_IN, read_corpus
from hubel.errors import UnusableCorpus, UnusableInput
from hubel.errors.wording import Command, Text
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_file, is_there
from hubel.runs.documents import no_run, read_document
from hubel.runs.is_run import RUN
from hubel.runs.request_record import reading_of
from hubel.runs.tables.dense_baseline import read_baseline
from hubel.runs.tables.leaks import read_leaks
from hubel.runs.tables.split import read_split
from hubel.text import counted


@dataclass(frozen=True)
class OwnTestSplit:
    """A run's own test split.

    Args:
        class_of: path → class name, corrections applied.
        leaking: the paths that have a copy in another part.
        baseline: path → what the dense network named.
    """

    class_of: dict[str, str]
    leaking: set[str]
    baseline: dict[str, str]


def read_own_test_split(
    run: Path, *, on_another: Command, on_event: OnEvent = ignore
) -> tuple[Corpus, OwnTestSplit]:  # fmt: skip
    """The corpus of a run, read as it was for the training, and which of it is its test split.

    Args:
        run: a run folder.
        on_another: the command that takes another corpus.
        on_event: hears what goes on.

    Raises:
        UnusableInput: no run, no test images, or its corpus is not where it was.
    """
    if not is_file(run / RUN):
        raise UnusableInput(no_run(run, RUN), " Without it, a corpus can be scored: ", on_another)
    document = read_document(run)
    described = document.get("corpus", {})
    location = described.get("location", "")
    if str(location) not in BUILT_IN and not is_there(location):
        raise UnusableInput(
            f"The corpus of {run} was {location!r}, which is no longer there. Say where it is now: ", on_another
        )
    try:
        own = read_corpus(location, reading=reading_of(document.get("request", {})), on_event=on_event)
    except UnusableCorpus as error:
        changed = "The corpus of this run has changed: "
        raise UnusableInput(changed, error.text, " Name another one: ", on_another) from error
    split = OwnTestSplit(
        {path: placed.label for path, placed in read_split(run).items() if placed.split == "test"},
        {path for path, part in read_leaks(run).items() if part == "test"},
        read_baseline(run, "test"),
    )
    if not split.class_of:
        raise UnusableInput(
            f"{run} has no test images, so it has no score. Name a corpus of images that it was not trained on: ",
            on_another,
        )
    return own, split


def say_missing(split: OwnTestSplit, corpus: Corpus, *, on_event: OnEvent) -> None:
    """Say how many of the test images are no longer there, if any.

    Args:
        split: of the run.
        corpus: as it was read now.
        on_event: hears it.
    """
    gone = set(split.class_of) - {example.path for example in corpus.examples}
    if gone:
        text = f"Missing: {counted(len(gone), 'test image')} of the run, such as {min(gone)!r}."
        on_event(Message(f"{text} The score is that of the others.", warning=True))


def none_can_be_read(split: OwnTestSplit, corpus: Corpus, *, on_another: Command) -> Text:
    """What is said where no test image is left.

    Args:
        split: of the run.
        corpus: as it was read now.
        on_another: the command that takes another corpus.
    """
    return Text(
        f"None of the test images of the run ({len(split.class_of):,}) can be read in {corpus.location}. Put them "
        "back, or name a corpus to score it on: ",
        on_another,
    )
