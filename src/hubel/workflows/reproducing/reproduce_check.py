"""Before a run is repeated: has anything changed? Loads no framework, so that the answer comes at once."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from hubel.corpus.corpus import IGNORED, Corpus, IntakeRow, without
from hubel.corpus.corrections import apply_corrections, read_corrections
from hubel.corpus.formats.catalogue import BUILT_IN, read_corpus
from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option, Text
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_there
from hubel.pipeline.contents import compute_digests
from hubel.runs.machine import describe_machine
from hubel.runs.recorded_run import RecordedRun, read_recorded
from hubel.runs.request_record import FROM, file_digest, files_of, reading_of
from hubel.workflows.reproducing.differences import (
    FILES,
    Difference,
    ListedExample,
    compare_corpus,
    compare_machine,
    new_paths,
    what_decided_the_end,
)


@dataclass(frozen=True)
class Checked:
    """A run that can be repeated.

    Args:
        recorded: the run.
        corpus: what is trained on, not corrected yet, without the images that the run did not have.
        differences: what has changed, as far as that is known before training.
    """

    recorded: RecordedRun
    corpus: Corpus
    differences: tuple[Difference, ...]


def check_repeatable(
    run: Path, location: str | Path | None = None, *, anyway: bool = False, on_event: OnEvent = ignore
) -> Checked:
    """Compare a run with what is there now.

    Args:
        run: its folder.
        location: where its corpus is now; where it was by default.
        anyway: go on with a corpus or a file that is not what it was.
        on_event: hears each difference.

    Raises:
        UnusableInput: what is missing or changed, and what to do.
    """
    recorded = read_recorded(run)
    files = _check_files(recorded)
    corpus = _read(recorded, location, on_event=on_event)
    listed = _list(recorded, corpus, on_event=on_event)
    differences = (
        *compare_corpus(recorded, listed),
        *files,
        *compare_machine(recorded.document, describe_machine()),
        *what_decided_the_end(recorded.document),
    )
    stopping = [each for each in differences if each.stops]
    if stopping and not anyway:
        raise UnusableInput(_not_as_it_was(recorded, corpus.location, stopping=stopping))
    for each in differences:
        on_event(Message(each.sentence, warning=True))
    return Checked(recorded, _without(corpus, set(new_paths(recorded, listed))), differences)


def _check_files(recorded: RecordedRun) -> list[Difference]:
    """The files of weights and corrections: there, and with the content they had."""
    changed = []
    for name, (file, digest) in files_of(recorded.request).items():
        now = file_digest(file)
        if now is None:
            raise UnusableInput(
                f"{recorded.path} was made with the {_called(name)} in {file}, which can no longer be read. Put that "
                "file back."
            )
        if now != digest:
            text = f"the {_called(name)} in {file} have changed"
            changed.append(Difference(FILES, text, (str(file),), stops=True))
    return changed


def _called(name: str) -> str:
    return "weights" if name == FROM else name


def _read(recorded: RecordedRun, location: str | Path | None, *, on_event: OnEvent) -> Corpus:
    where = recorded.location if location is None else str(location)
    if location is None and where not in BUILT_IN and not is_there(Path(where)):
        raise UnusableInput(
            f"The corpus of {recorded.path} was {where!r}, which is no longer there. Say where it is now: ",
            Command("reproduce", (str(recorded.path), "CORPUS")),
        )
    return read_corpus(where, reading=reading_of(recorded.request), on_event=on_event)


def _list(recorded: RecordedRun, corpus: Corpus, *, on_event: OnEvent) -> Mapping[str, ListedExample]:
    """Every example that lies there now, as corrected."""
    file, _ = files_of(recorded.request).get("corrections", (None, None))
    if file is not None:
        corpus = apply_corrections(corpus, read_corrections(file))
    names = corpus.class_names
    return {
        example.path: ListedExample(
            digest if isinstance(digest, str) else "", names[example.label], example.split, example.group or ""
        )
        for example, digest in zip(corpus.examples, compute_digests(corpus, on_event), strict=True)
    }


def _without(corpus: Corpus, new: Set[str]) -> Corpus:
    """The corpus without these examples, which join ``left_out``."""
    return without(
        corpus,
        {
            place: IntakeRow(each.path, IGNORED, "new", "not in the run that is repeated")
            for place, each in enumerate(corpus.examples)
            if each.path in new
        },
    )


def _not_as_it_was(recorded: RecordedRun, location: str, *, stopping: list[Difference]) -> Text:
    run = str(recorded.path)
    lines = "\n".join(f"  {each.text}" for each in stopping)
    return Text(
        f"{recorded.path} cannot be repeated with {location}, because this has changed:\n{lines}\n"
        "Put it back as it was; or name the original corpus: ",
        Command("reproduce", (run, "CORPUS")),
        "; or repeat the run all the same: ",
        Command("reproduce", (run,), (Option("anyway", value=True),)),
    )
