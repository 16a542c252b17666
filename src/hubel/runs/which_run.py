"""Is what was given as a run one? If not, what it is instead, and what to do. Loads no framework."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from hubel.architectures.file_kinds import is_model_target
from hubel.catalogue import Later
from hubel.errors import UnusableCorpus, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Option, Text
from hubel.files import is_folder, is_there, shown
from hubel.runs.documents import A_RUN
from hubel.runs.is_run import ARTEFACT, MANIFEST, can_be_run, is_run_or_model
from hubel.shell import flag_of
from hubel.text import one_line
from hubel.training.checkpoints import CHECKPOINTS, STATE, CheckpointFolder

why_not_there: Callable[[str | Path], str] = Later("hubel.corpus.not_there", "why_not_there")

Ask: TypeAlias = Callable[..., Command]
"""A run and what else was typed, as texts → the command."""
MOST_LISTED = 5
MOST_LOOKED_AT = 1_000
"""Folders inside a folder that are looked at."""


def check_run(run: Path, *, ask: Ask, others: Sequence[str | Path] = ()) -> None:
    """Refuse what is no run, before anything is loaded; a damaged run is left to whoever reads it.

    Args:
        run: as the user typed it.
        ask: a run and what else was typed → the command.
        others: what was typed behind the run.

    Raises:
        WrongRequest: one of the others is the run.
        UnusableInput: it is not there, not finished, holds runs, or is something else.
    """
    if is_run_or_model(run):
        return
    swapped = next((each for each in map(Path, others) if can_be_run(each)), None)
    if swapped is not None:
        rest = [str(run) if Path(each) == swapped else str(each) for each in others]
        raise WrongRequest(f"The run comes first, and {shown(swapped)} is one. Type: ", ask(str(swapped), *rest))
    typed = tuple(map(str, others))
    if not is_there(run):
        raise UnusableInput(_not_there(run, ask, others=typed))
    if not is_folder(run):
        raise UnusableInput(
            f"{shown(run)} is a file but not a Keras model file, so it holds no classifier. The run comes first: ",
            ask("RUN", *typed), ". ", A_RUN,
        )  # fmt: skip
    if CheckpointFolder(run / CHECKPOINTS).numbers():
        raise UnusableInput(
            f"The run in {shown(run)} is unfinished, so it holds no classifier yet. Continue it: ", _go_on(run)
        )
    raise UnusableInput(_no_run_in(run, ask, others=typed))


def check_is_no_run(location: str | Path, *, cure: Text | None = None) -> None:
    """Refuse a run in the place of a corpus.

    Args:
        location: as the user typed it.
        cure: what can be done with a run instead; else to name the folder of the images.

    Raises:
        UnusableCorpus: it is a run.
    """
    path = Path(location)
    if can_be_run(path) and is_folder(path):
        text = cure or Text("Name the folder that holds the class folders.")
        raise UnusableCorpus(f"{shown(path)} is a run, not a corpus. ", text)


def _not_there(run: Path, ask: Ask, *, others: Sequence[str]) -> Text:
    reason = why_not_there(run)
    if reason:
        return Text(f"There is no file or folder '{shown(run)}'.{reason}")
    if is_model_target(run):
        return Text(f"There is no file {shown(run)!r}. Check the name.")
    text = f"There is no file or folder {shown(run)!r}, so it holds no classifier."
    near = _runs_in(run.parent) if is_folder(run.parent) else []
    named = difflib.get_close_matches(run.name, [each.name for each in near], n=1, cutoff=0.5)
    if named:
        return Text(f"{text} Did you mean ", ask(str(run.parent / named[0]), *others), "?")
    if near:
        where = "Here are" if run.parent == Path() else f"{shown(run.parent)} has"
        return Text(f"{text} {where} these runs: {_listed(near)}.")
    return Text(f"{text} ", A_RUN, " Train one: ", Command("train", ("CORPUS",), (Option("out", str(run)),)))


def _no_run_in(run: Path, ask: Ask, *, others: Sequence[str]) -> Text:
    inside = _runs_in(run)
    if inside:
        them = f"these runs: {_listed(inside)}. Name one of them" if len(inside) > 1 else "a run. Name that"
        return Text(f"{shown(run)} holds no classifier itself, but {them}: ", ask(str(inside[0]), *others))
    return Text(f"{shown(run)} holds no classifier: it is not a run folder. ", A_RUN)


def _runs_in(folder: Path) -> list[Path]:
    """The runs directly inside, by name; what cannot be looked at is none."""
    try:
        inside = sorted(folder.iterdir())[:MOST_LOOKED_AT]
    except OSError:
        return []
    return [each for each in inside if _holds_an_artefact(each)]


def _holds_an_artefact(path: Path) -> bool:
    try:
        return is_folder(path) and is_there(path / ARTEFACT / MANIFEST)
    except (OSError, UnusableInput):
        return False


def _listed(runs: Sequence[Path]) -> str:
    more = f" and {len(runs) - MOST_LISTED:,} more" if len(runs) > MOST_LISTED else ""
    return ", ".join(shown(each) for each in runs[:MOST_LISTED]) + more


def _go_on(run: Path) -> Text:
    """How to go on, as its last checkpoint has it."""
    folder = CheckpointFolder(run / CHECKPOINTS)
    try:
        words = json.loads((folder.name_of(folder.numbers()[-1]) / STATE).read_bytes())["command"]
        typed = shlex.join(str(word) for word in words if word != flag_of("overwrite"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        typed = ""
    if not typed:
        return Text(Command("train", ("...",), (Option("resume", value=True),)))
    return Text(f"{one_line(typed)} {flag_of('resume')}")
