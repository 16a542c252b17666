"""Images → a file with their answers, of however many images, which can be killed and gone on with at any instant."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from hubel.classifier.answering import Answering
from hubel.errors import StoppedByUser, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.events import Message, NamingProgress, OnEvent, ignore
from hubel.runs.run_folder import locked
from hubel.text import counted
from hubel.workflows.predicting.answers import AnsweredGroup, answer_groups
from hubel.workflows.predicting.finishing import HEADER_BYTES, finish
from hubel.workflows.predicting.forms import form_of
from hubel.workflows.predicting.inputs import Input, Inputs
from hubel.workflows.predicting.rows import Shown, record_of
from hubel.workflows.predicting.settings import check_same, settings_of
from hubel.workflows.predicting.unfinished import ANSWERS, FEATURES, Part, Reached, Unfinished

SECONDS_BETWEEN_POINTS = 2.0
"""A kill loses no more work than that."""


@dataclass(frozen=True)
class FileWishes:
    """What is to be written, and where.

    Args:
        out: the file with the answers.
        features: a .npy file for the feature vectors.
        top: classes of each answer in a table.
        coverage: of prediction sets.
        resume: what is unfinished is gone on with.
        overwrite: what is there may be replaced.
    """

    out: Path
    features: Path | None = None
    top: int = 1
    coverage: float | None = None
    resume: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Written:
    """What became of all inputs.

    Args:
        out: the file.
        features: the file with the feature vectors.
        point: at the end.
        images: that this program named or refused; the others were when it began.
        seconds: it took.
    """

    out: Path
    features: Path | None
    point: Reached
    images: int
    seconds: float

    @property
    def images_per_s(self) -> float:
        """Of this program."""
        return self.images / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "file": str(self.out),
            "features": None if self.features is None else str(self.features),
            "named": self.point.named,
            "refused": self.point.refused,
            "skipped": dict(self.point.skipped),
            "seconds": self.seconds,
            "images_per_s": self.images_per_s,
        }


def predict_to_file(
    classifier: Answering, given: Iterable[str | bytes], *, wishes: FileWishes, run: Path, on_event: OnEvent = ignore
) -> Written:
    """Name every input, and write the answers; the file is there when it is complete, and not before.

    Args:
        classifier: names the images.
        given: files, folders and archives; bytes are those of one image.
        wishes: what is written, and where.
        run: where the classifier was read.
        on_event: hears `NamingProgress`.

    Raises:
        WrongRequest: it cannot be resumed, for it was begun with other settings or inputs.
        OutputNotWritable: a file cannot be written, or another program writes it.
        StoppedByUser: Ctrl-C; what was answered is kept.
    """
    started = time.monotonic()
    shown = Shown(min(wishes.top, len(classifier.class_names)), with_sets=wishes.coverage is not None)
    channels = None if wishes.features is None else classifier.count_features()
    settings = settings_of(classifier, run=run, shown=shown, coverage=wishes.coverage, channels=channels)
    work = _Work(Unfinished(wishes.out), settings, shown)
    with locked(work.unfinished.folder, doing="writing into it", what="file"), _nothing_left(work.unfinished):
        before = _begin(work, resume=wishes.resume, on_event=on_event)
        inputs = Inputs(given)
        items, seen = _after(iter(inputs), Reached() if before.complete else before)
        point = before
        if not before.complete:
            groups = answer_groups(classifier, items, coverage=wishes.coverage, features=channels is not None)
            try:
                with closing(groups), _Writer(work, before, seen=seen) as writer:
                    for group in groups:
                        writer.add(group)
                        on_event(writer.progress(inputs.expected, time.monotonic() - started))
                    point = writer.complete()
            except KeyboardInterrupt:
                raise _stopped(work.unfinished) from None
        finish(work.unfinished, shown=shown, named=point.named, channels=channels, features=wishes.features)
    images = point.named + point.refused - before.named - before.refused
    return Written(wishes.out, wishes.features, point, images, time.monotonic() - started)


@dataclass(frozen=True)
class _Work:
    """Where the work is kept, and what the answers depend on."""

    unfinished: Unfinished
    settings: Mapping[str, Any]
    shown: Shown


@contextmanager
def _nothing_left(unfinished: Unfinished) -> Generator[None]:
    """Where it fails before anything was answered, nothing stays."""
    try:
        yield
    except BaseException:
        found = unfinished.read()
        if found is None or not found[0].inputs:
            unfinished.remove()
        raise


def _begin(work: _Work, *, resume: bool, on_event: OnEvent) -> Reached:
    """From where to go on; what is there and of no use is removed."""
    unfinished = work.unfinished
    found = unfinished.read() if resume else None
    if found is not None and found[0].inputs:
        point, earlier = found
        check_same(earlier, work.settings, out=unfinished.out)
        if _is_whole(unfinished, point):
            return point
    if resume and (found is None or found[0].inputs) and unfinished.part(ANSWERS).exists():
        why = f"What {unfinished.folder} holds is damaged. It is left out: the work begins with the first image."
        on_event(Message(why, warning=True))
    unfinished.clear()
    unfinished.write(Reached(), work.settings)
    return Reached()


def _is_whole(unfinished: Unfinished, point: Reached) -> bool:
    """Whether the parts are what the journal says, as far as it says; complete ones may have their final names."""
    if point.complete:
        return unfinished.part(ANSWERS).is_file() or unfinished.out.is_file()
    for name, size in point.sizes.items():
        path = unfinished.part(name)
        if not path.is_file() or path.stat().st_size < size:
            return False
        part = Part(path, size)
        part.close()
        if part.sha256 != point.sha256.get(name):
            return False
    return True


def _after(items: Iterator[Input], point: Reached) -> tuple[Iterator[Input], _AnsweredInputs]:
    """The inputs that are not answered yet, and the digest of those that are.

    Raises:
        WrongRequest: those that were answered are not the ones that are there now.
    """
    seen = _AnsweredInputs()
    for item in islice(items, point.inputs):
        seen.add(item, "" if item.passed_over else item.mark())
    if seen.count < point.inputs or (point.inputs and seen.sha256 != point.inputs_sha256):
        raise WrongRequest(
            f"The inputs have changed: the first {counted(point.inputs, 'file')} of them are not those that were "
            "answered, by their names, sizes and times.",
            Remedy("Begin anew: ", Option("overwrite", value=True), " in place of ", Option("resume", value=True), "."),
        )
    return items, seen


class _AnsweredInputs:
    """Which inputs were answered."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, item: Any, mark: str) -> None:
        self._hash.update(f"{item.path}\0{mark}\n".encode("utf-8", "surrogateescape"))
        self.count += 1


class _Writer:
    """Writes answers, and from time to time says in the journal how far they are on the disk."""

    def __init__(self, work: _Work, point: Reached, *, seen: _AnsweredInputs) -> None:
        self._work = work
        self._form = form_of(work.unfinished.out)
        self._seen = seen
        self._point = self._begun = point
        self._skipped = Counter(point.skipped)
        self._told_s = time.monotonic()
        starts = {ANSWERS: self._form.begin(work.shown)}
        if work.settings["features"] is not None:
            starts[FEATURES] = bytes(HEADER_BYTES)  # it says how many there are, which is known at the end
        self._parts = {name: Part(work.unfinished.part(name), point.sizes.get(name, 0)) for name in starts}
        for name, part in self._parts.items():
            if not point.sizes:
                part.append(starts[name])

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._parts.values():
            part.close()

    def add(self, group: AnsweredGroup) -> None:
        """Write the answers of a group."""
        answered = [answer for answer in group.answers if not answer.passed_over]
        records = [record_of(answer) for answer in answered]
        self._parts[ANSWERS].append(self._form.write(records, self._work.shown))
        if group.features is not None:
            self._parts[FEATURES].append(group.features.astype("<f4").tobytes())
        for answer, mark in zip(group.answers, group.marks, strict=True):
            self._seen.add(answer, mark)
        self._skipped.update(answer.passed_over for answer in group.answers if answer.passed_over)
        refused = sum(answer.error is not None for answer in answered)
        named = len(answered) - refused
        self._point = replace(self._point, named=self._point.named + named, refused=self._point.refused + refused)
        if time.monotonic() - self._told_s >= SECONDS_BETWEEN_POINTS:
            self._say()

    def _say(self, *, complete: bool = False) -> Reached:
        for part in self._parts.values():
            part.sync()
        self._point = replace(
            self._point,
            inputs=self._seen.count,
            inputs_sha256=self._seen.sha256,
            sizes={name: part.size for name, part in self._parts.items()},
            sha256={name: part.sha256 for name, part in self._parts.items()},
            skipped=dict(self._skipped),
            complete=complete,
        )
        self._work.unfinished.write(self._point, self._work.settings)
        self._told_s = time.monotonic()
        return self._point

    def complete(self) -> Reached:
        """All inputs are answered: everything is brought to the disk, and said in the journal."""
        return self._say(complete=True)

    def progress(self, total: int, elapsed_s: float) -> NamingProgress:
        """How far it is.

        Args:
            total: inputs, about; 0 where nobody knows.
            elapsed_s: since the program began with it.
        """
        new = self._seen.count - self._begun.inputs
        return NamingProgress(self._seen.count, total, new / max(elapsed_s, 1e-9), elapsed_s)


def _stopped(unfinished: Unfinished) -> StoppedByUser:
    found = unfinished.read()
    done = 0 if found is None else found[0].named + found[0].refused
    return StoppedByUser(
        f"Stopped: {counted(done, 'image')} answered, which {unfinished.folder} keeps.",
        Remedy("Go on: the same options, plus ", Option("resume", value=True), "."),
    )
