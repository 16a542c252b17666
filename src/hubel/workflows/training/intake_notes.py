"""What a user should know of a corpus before it is trained on."""

from __future__ import annotations

from collections.abc import Iterator

from hubel.corpus.audit.pictures import describe_frames
from hubel.corpus.class_names import alike, difference
from hubel.corpus.corpus import Corpus
from hubel.errors.wording import Command, Text
from hubel.events import Message
from hubel.pipeline.prepare import Chosen, Prepared

SHOWN = 5
"""Refused files that are named."""


def describe_intake(prepared: Prepared[Chosen]) -> Iterator[Message]:
    """Copies, classes of nearly one name, frames of one scene, what the split lacks, and what was refused."""
    corpus = prepared.corpus
    if prepared.copies:
        text = f"{prepared.copies:,} images are copies of one another; where the split is made here, each set of "
        text += "copies stays in one part. See them: "
        yield Message(Text(text, Command("audit", (corpus.location,))))
    for note in (*corpus.notes, *_on_names(corpus), *describe_frames(prepared.examined), *prepared.splits.notes):
        yield Message(note, warning=True)
    for row in corpus.refused[:SHOWN]:
        yield Message(f"Refused {row.path!r}: {row.reason}.", warning=True)
    more = len(corpus.refused) - SHOWN
    if more > 0:
        yield Message(f"Refused {more:,} more files; intake.csv in the run folder lists them all.", warning=True)


def _on_names(corpus: Corpus) -> list[str]:
    return [
        f"The classes {', '.join(ascii(name) for name in names)} differ only by {difference(names)}: they are kept "
        "apart. If they are one class, give their images one folder."
        for names in alike(corpus.class_names)
    ]
