"""Is what was typed as RUN a run? If not, what it is instead, and what to type. Loads no framework."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from hubel.architectures.file_kinds import is_model_target
from hubel.corpus.not_there import why_not_there
from hubel.errors import UnusableCorpus, UnusableInput, WrongRequest
from hubel.files import is_folder, is_there, shown
from hubel.runs.commands import changed
from hubel.runs.run_folder import ARTEFACT, METRICS, PREDICTIONS, RUN
from hubel.text import one_line
from hubel.training.checkpoints import CHECKPOINTS, STATE, CheckpointFolder

MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
MARKS = (ARTEFACT, MANIFEST, RUN, METRICS, PREDICTIONS)
"""What is in a run folder, or in its ``classifier/`` folder: one of them is enough, the command knows what it needs."""
MOST_LISTED = 5
MOST_LOOKED_AT = 1_000
"""Folders inside a folder that are looked at."""


def check_run(run: Path, *, command: str, others: Sequence[str | Path] = ()) -> None:
    """Refuse what is no run, before anything is loaded; a damaged run is the matter of who reads it.

    Args:
        run: as the user typed it.
        command: the words before it, such as ``"hubel predict"``.
        others: what was typed behind it.

    Raises:
        WrongRequest: one of the others is the run.
        UnusableInput: it is not there, not finished, holds runs, or is something else.
    """
    if _is_run(run) or (is_model_target(run) and is_there(run)):
        return
    swapped = next((each for each in map(Path, others) if can_be_run(each)), None)
    if swapped is not None:
        rest = [str(run) if Path(each) == swapped else str(each) for each in others]
        raise WrongRequest(
            f"The run comes first, and {shown(swapped)} is one. Type: {_line(command, str(swapped), *rest)}"
        )
    if not is_there(run):
        raise UnusableInput(_not_there(run, command, others))
    if not is_folder(run):
        raise UnusableInput(
            f"{shown(run)} is a file and no model file of Keras, so it holds no classifier. The run comes first: "
            f"{command} RUN. It is the folder named with -o in 'hubel train'."
        )
    if CheckpointFolder(run / CHECKPOINTS).numbers():
        raise UnusableInput(
            f"The run in {shown(run)} is unfinished, so it holds no classifier yet. Go on with it: {_resume(run)}"
        )
    raise UnusableInput(_no_run_in(run, command, others))


def _is_run(path: Path) -> bool:
    return is_folder(path) and any(is_there(path / name) for name in MARKS)


def can_be_run(path: Path) -> bool:
    """It surely holds a classifier; nothing that cannot be looked at does."""
    try:
        own = is_there(path / MANIFEST) and is_there(path / WEIGHTS)
        return own or is_there(path / ARTEFACT / MANIFEST) or (is_there(path) and is_model_target(path))
    except UnusableInput:
        return False


def check_is_no_run(location: str | Path, *, cure: str = "") -> None:
    """Refuse a run in the place of a corpus.

    Args:
        location: as the user typed it.
        cure: what a run can be given to instead; else to name the folder of the images.

    Raises:
        UnusableCorpus: it is a run.
    """
    path = Path(location)
    if can_be_run(path) and is_folder(path):
        text = cure or "Name the folder that holds the class folders."
        raise UnusableCorpus(f"{shown(path)} is a run, not a corpus. {text}")


def _not_there(run: Path, command: str, others: Sequence[str | Path]) -> str:
    reason = why_not_there(run)
    if reason:
        return f"There is no file or folder '{shown(run)}'.{reason}"
    if is_model_target(run):
        return f"There is no file {shown(run)!r}. Check the name."
    text = f"There is no file or folder {shown(run)!r}, so it holds no classifier."
    near = _runs_in(run.parent) if is_folder(run.parent) else []
    named = difflib.get_close_matches(run.name, [each.name for each in near], n=1, cutoff=0.5)
    if named:
        return f"{text} Did you mean {_line(command, str(run.parent / named[0]), *map(str, others))}?"
    if near:
        where = "Here are" if run.parent == Path() else f"{shown(run.parent)} has"
        return f"{text} {where} these runs: {_listed(near)}."
    return (
        f"{text} RUN is the folder named with -o in 'hubel train'. Train one: hubel train CORPUS -o {_line(str(run))}"
    )


def _no_run_in(run: Path, command: str, others: Sequence[str | Path]) -> str:
    inside = _runs_in(run)
    if inside:
        them = f"these runs: {_listed(inside)}. Name one of them" if len(inside) > 1 else "a run. Name that"
        line = _line(command, str(inside[0]), *map(str, others))
        return f"{shown(run)} holds no classifier itself, but {them}: {line}"
    return (
        f"{shown(run)} holds no classifier: it is not the folder of a run. RUN is the folder named with -o in "
        "'hubel train'."
    )


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


def _resume(run: Path) -> str:
    """The command that goes on, as its last checkpoint has it."""
    folder = CheckpointFolder(run / CHECKPOINTS)
    try:
        words = json.loads((folder.name_of(folder.numbers()[-1]) / STATE).read_bytes())["command"]
        return one_line(changed([str(word) for word in words], (), last=("--resume",))) or _SAME_CALL
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return _SAME_CALL


_SAME_CALL = "the command or call that began it, with --resume (in Python resume=True)"


def _line(*words: str) -> str:
    """Words as a shell takes them; the first may be several."""
    first, *rest = words
    return one_line(" ".join([first if first.startswith("hubel") else shlex.quote(first), *map(shlex.quote, rest)]))
