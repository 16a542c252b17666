"""A training that begins with the weights of a run: classes by name, its images in the parts that they had there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hubel.architectures.build import weight_name
from hubel.architectures.families.pretrained import BACKBONE, PretrainedSpec
from hubel.backends.framework import keras
from hubel.corpus.corpus import IGNORED, SPLITS, Corpus, IntakeRow, check_trainable, without
from hubel.corpus.split import Splits
from hubel.engines.catalogue import load_classifier
from hubel.errors import UnusableInput
from hubel.errors.wording import Option, Remedy
from hubel.events import Message, OnEvent
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.pipeline.prepare import Kept
from hubel.runs.known_images import find_known
from hubel.runs.tables.fingerprints import read_digests
from hubel.runs.tables.seen_before import read_seen_before
from hubel.runs.tables.split import read_split
from hubel.text import counted
from hubel.workflows.training.start_run import StartRun

HEADS = ("logits", "logits_unscaled")
"""Layers with one output for each class."""
UNFAIR = (("train", "test"), ("validation", "test"), ("train", "validation"))
"""(part in the run, given part): a score, or a calibration, on images that the weights have learned from."""
MOST_NAMED = 5


@dataclass(frozen=True)
class WarmStart:
    """A run and its network.

    Args:
        start: what is taken over beside the weights.
        model: of its classifier; it is only read.
    """

    start: StartRun
    model: keras.Model

    def backbone_weights(self) -> list[np.ndarray] | None:
        """Arrays [each of its own shape] of a pretrained backbone; None where the run was trained from scratch."""
        spec = self.start.blueprint.spec
        if not isinstance(spec, PretrainedSpec) or not spec.fixed_statistics:
            return None
        return self.model.get_layer(BACKBONE).get_weights()

    def put_into(self, model: keras.Model, class_names: Sequence[str]) -> None:
        """Give a network of the same architecture these weights; the outputs of new classes begin at 0.

        Args:
            model: its outputs are those of ``class_names``.
            class_names: by which the outputs are taken over.
        """
        before = {weight_name(each): keras.ops.convert_to_numpy(each) for each in self.model.weights}
        then = [self.start.class_names.index(name) for name in class_names if name in self.start.class_names]
        now = [place for place, name in enumerate(class_names) if name in self.start.class_names]
        for variable in model.weights:
            name = weight_name(variable)
            value = np.array(before[name])
            if name.partition("/")[0] in HEADS:
                taken, value = value, np.zeros(variable.shape, np.float32)
                value[..., now] = taken[..., then]
            variable.assign(value)


def load_start(start: StartRun) -> WarmStart:
    """The network of the run, read and tested.

    Raises:
        UnusableInput: it cannot be loaded.
    """
    return WarmStart(start, load_classifier(start.path).model)


def describe_classes(start: StartRun, class_names: Sequence[str]) -> Message:
    """What becomes of its outputs, in words.

    Args:
        start: the run.
        class_names: of the corpus that is trained on now.
    """
    kept = [name for name in class_names if name in start.class_names]
    new = [name for name in class_names if name not in start.class_names]
    gone = [name for name in start.class_names if name not in class_names]
    text = f"Begins with the weights of {start.path}"
    if not kept:
        text += ", which knows none of these classes by name: every output is new."
    elif not new and not gone:
        text += ": the same classes."
    else:
        text += f": the outputs of {counted(len(kept), 'class', 'classes')} are kept."
    text += f" New: {_named(new)}." if new and kept else ""
    text += f" No longer there: {_named(gone)}." if gone else ""
    return Message(text, warning=bool(gone) or not kept)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(map(repr, names[:MOST_NAMED])) + more


def keep_parts(start: StartRun, decoded: DecodedCorpus, *, on_event: OnEvent) -> Kept:
    """Find by content what the run has learned from or tested; a given test split loses what was learned from.

    Args:
        start: the run.
        decoded: the corpus.
        on_event: hears what is left out.

    Raises:
        UnusableInput: a file of the run is damaged.
        UnusableCorpus: too little is left to train on.
    """
    known = find_known(start.path, decoded, on_event=on_event)
    if known is None:
        raise UnusableInput(
            f"{start.path} does not record which images it has learned from.",
            Remedy("Train anew: leave ", Option("from_run"), " out."),
        )
    before = _parts_of(start)
    parts = [
        _part(before.get(digest), learned=bool(each))
        for digest, each in zip(decoded.digests, known.learned, strict=True)
    ]
    given = [each.split for each in decoded.corpus.examples]
    unfair = [place for place, each in enumerate(zip(parts, given, strict=True)) if each in UNFAIR]
    learned = {digest for digest, part in before.items() if part != "test"} | read_seen_before(start.path)
    if unfair:
        decoded = decode_corpus(
            _without(decoded.corpus, start, places=unfair), decoded.preprocessing, on_event=on_event
        )
        check_trainable(decoded.corpus)
        text = (
            f"Left out of the given test and validation splits: {counted(len(unfair), 'image')} that {start.path} has "
            "learned from, or copies of such images. A score on them would mean nothing; intake.csv lists them."
        )
        on_event(Message(text, warning=True))
        left_out = set(unfair)
        parts = [part for place, part in enumerate(parts) if place not in left_out]
    return Kept(decoded, tuple(parts), tuple(sorted(learned - set(decoded.digests))))


def _part(before: str | None, *, learned: bool) -> str | None:
    if learned:
        return "validation" if before == "validation" else "train"
    return before


def _parts_of(start: StartRun) -> dict[str, str]:
    """SHA-256 → part in the run; what lay in two parts was trained on."""
    digests, found = read_digests(start.path) or {}, dict[str, str]()
    for path, placed in read_split(start.path).items():
        digest = digests.get(path)
        if digest is not None and placed.split in SPLITS:
            found[digest] = min(placed.split, found.get(digest, placed.split), key=SPLITS.index)
    return found


def _without(corpus: Corpus, start: StartRun, *, places: Sequence[int]) -> Corpus:
    reason = f"{start.path}, whose weights this training begins with, has learned from it: it cannot be tested on"
    rows = {place: IntakeRow(corpus.examples[place].path, IGNORED, "learned", reason) for place in places}
    return without(corpus, rows)


def describe_parts(kept: Kept, splits: Splits, *, start: StartRun) -> tuple[Message, ...]:
    """How many images have the part they had, and what could not keep it.

    Args:
        kept: the part that each image had.
        splits: the part that each image has now.
        start: the run.
    """
    names = splits.names()
    same: Mapping[str, int] = Counter(
        now for now, part in zip(names, kept.parts, strict=True) if part is not None and now == part
    )
    new = sum(part is None for part in kept.parts)
    text = ", ".join(f"{same[part]:,} {part}" for part in SPLITS if same[part]) or "no image"
    found = [Message(f"In the same part as in {start.path}: {text}. New: {counted(new, 'image')}.")]
    moved = sum(part == "test" and now == "train" for now, part in zip(names, kept.parts, strict=True))
    if moved:
        text = (
            f"{counted(moved, 'image')} that {start.path} was tested on will be trained on: because of new "
            "images they are copies of training images, or in one group with them; or the given test split differs."
        )
        found.append(Message(text, warning=True))
    return tuple(found)
