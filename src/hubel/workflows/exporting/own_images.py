"""The images of a run, where they are now: each is taken only if it is the one that the run had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hubel.arrays import Image
from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import BUILT_IN, read_corpus
from hubel.errors import UnreadableImage, UnusableCorpus, UnusableInput
from hubel.errors.wording import Command, Text
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_file, is_there
from hubel.pipeline.contents import digest_of
from hubel.runs.documents import no_run, read_document
from hubel.runs.is_run import RUN
from hubel.runs.request_record import reading_of
from hubel.runs.tables.fingerprints import read_digests
from hubel.runs.tables.split import Placed, read_split
from hubel.text import counted

WHY = "An export is handed over only when it was held against the classifier on test images of its run"


@dataclass(frozen=True)
class Purpose:
    """What the images of a run are wanted for, in the words of a message.

    Args:
        why: they are needed, a sentence without its full stop.
        cure: run → what to do where they are not there.
    """

    why: str
    cure: Callable[[Path], tuple[str | Command, ...]]


CALIBRATED_ON = 128
"""Training images on which the ranges of numbers are measured that 8 bits must hold; with 512 they are the same."""


@dataclass(frozen=True)
class OwnImages:
    """The corpus of a run.

    Args:
        run: its folder.
        corpus: as it lies there now.
        placed: path → label and split, as the run had them.
        digests: path → SHA-256 of each image of the run; empty where it kept none, as before version 0.4.
        on_event: hears what is left out.
    """

    run: Path
    corpus: Corpus
    placed: Mapping[str, Placed]
    digests: Mapping[str, str]
    on_event: OnEvent = ignore

    def contents(self, split: str, *, most: int) -> Iterator[tuple[str, bytes | Image]]:
        """Class name and content of images of a part, spread evenly; those that are others now are left out.

        Args:
            split: ``"train"``, ``"validation"`` or ``"test"``.
            most: so many are looked at.
        """
        for _, label, content in self.spread(split, most=most):
            yield label, content

    def spread(self, split: str, *, most: int) -> Iterator[tuple[str, str, bytes | Image]]:
        """Path, class name and content of the same images.

        Args:
            split: as for `contents`.
            most: so many are looked at.
        """
        yield from self._as_they_were(split, _spread(self._places(split), most))

    def of_each_class(self, split: str, *, most: int) -> Iterator[tuple[str, str, bytes | Image]]:
        """Path, class name and content of images of a part, of each class spread evenly; in the order of the corpus.

        Args:
            split: as for `contents`.
            most: so many of a class are looked at.
        """
        examples, of_class = self.corpus.examples, defaultdict(list)
        for place in self._places(split):
            of_class[self.placed[examples[place].path].label].append(place)
        chosen = [place for places in of_class.values() for place in _spread(places, most)]
        yield from self._as_they_were(split, sorted(chosen))

    def _places(self, split: str) -> list[int]:
        examples = self.corpus.examples
        return [place for place, each in enumerate(examples) if self._split_of(each.path) == split]

    def _as_they_were(self, split: str, places: Sequence[int]) -> Iterator[tuple[str, str, bytes | Image]]:
        """Path, class name and content, but for what cannot be read, or is another image now."""
        others = []
        for place in places:
            path = self.corpus.examples[place].path
            try:
                content = self.corpus.read(place)
            except UnreadableImage as error:
                self.on_event(Message(f"{path!r} is left out: {error.reason}.", warning=True))
                continue
            if self.digests and digest_of(content) != self.digests.get(path):
                others.append(path)
                continue
            yield path, self.placed[path].label, content
        if others:
            text = f"Left out: {counted(len(others), f'{split} image')} whose content is not what the run had, such as"
            self.on_event(Message(f"{text} {others[0]!r}.", warning=True))

    def _split_of(self, path: str) -> str:
        return self.placed[path].split if path in self.placed else ""


def _spread(places: Sequence[int], most: int) -> list[int]:
    """So many of them, spread evenly."""
    chosen = np.unique(np.linspace(0, len(places) - 1, min(most, len(places))).round().astype(int))
    return [places[each] for each in chosen]


def elsewhere(run: Path) -> tuple[str | Command, ...]:
    """What to do where the images of a run are not there."""
    return "Put it back, or say where it is now: ", Command("export", (str(run), "CORPUS"))


EXPORT = Purpose(WHY, elsewhere)


def find_own_images(
    run: Path, location: str | None = None, *, purpose: Purpose = EXPORT, on_event: OnEvent = ignore
) -> OwnImages:
    """The corpus of a run.

    Args:
        run: a run folder.
        location: where it is now; None for where it was.
        purpose: what it is for.
        on_event: hears what is left out, now and later.

    Raises:
        UnusableInput: it is no run folder, or has no test images, or its corpus is not where it was; or it is
            somewhere else, and the run kept nothing to know its images by.
    """
    if not is_file(run / RUN):
        raise UnusableInput(no_run(run, RUN), f" {purpose.why}, so it takes the whole run folder.")
    placed, digests = read_split(run), read_digests(run)
    if not any(each.split == "test" for each in placed.values()):
        raise UnusableInput(f"{run} has no test images. {purpose.why}. Train again, with images for testing.")
    if location is not None and digests is None:
        raise UnusableInput(f"{run} did not keep what tells its images from others. Put its corpus back where it was.")
    corpus = _read(run, location, purpose=purpose, on_event=on_event)
    if not any(each.path in placed and placed[each.path].split == "test" for each in corpus.examples):
        raise UnusableInput(
            f"None of the test images of {run} is in {corpus.location}. {purpose.why}. ", *purpose.cure(run)
        )
    return OwnImages(run, corpus, placed, digests or {}, on_event)


def _read(run: Path, location: str | None, *, purpose: Purpose, on_event: OnEvent) -> Corpus:
    document = read_document(run)
    where = str(document.get("corpus", {}).get("location", "")) if location is None else location
    if location is None and where not in BUILT_IN and not is_there(where):
        raise UnusableInput(
            f"The corpus of {run} was {where!r}, which is no longer there. {purpose.why}. ", *purpose.cure(run)
        )
    try:
        return read_corpus(where, reading=reading_of(document.get("request", {})), on_event=on_event)
    except UnusableCorpus as error:
        if location is not None:
            raise
        raise UnusableInput(
            Text("The corpus of this run has changed: ", error.text), f" {purpose.why}. ", *purpose.cure(run)
        ) from error


def training_pixels(own: OwnImages, classifier: Classifier) -> np.ndarray:
    """Some training images as the network sees them, always the same: uint8 [images, height, width, 3].

    Args:
        own: the images of the run.
        classifier: that reads them.

    Raises:
        UnusableInput: none can be read.
    """
    pixels = []
    for _, content in own.contents("train", most=CALIBRATED_ON):
        try:
            pixels.append(classifier.read_pixels(content))
        except UnreadableImage as error:
            own.on_event(Message(f"A training image is left out: {error.reason}.", warning=True))
    if not pixels:
        raise UnusableInput(
            f"None of the training images of {own.run} can be read in {own.corpus.location}. What 8 bits must hold is "
            "measured on these. ", *elsewhere(own.run),
        )  # fmt: skip
    return np.stack(pixels)
