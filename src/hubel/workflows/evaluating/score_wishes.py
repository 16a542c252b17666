"""What a user asks of a score, and which of it goes together: the same for the command and for Python."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from hubel.architectures.file_kinds import is_model_target
from hubel.corpus.reading import Reading
from hubel.errors import WrongRequest
from hubel.workflows.said import Said, check_said


@dataclass(frozen=True)
class ScoreWishes:
    """What is asked for.

    Args:
        run: a run folder or a model file.
        corpus: a location that `read_corpus` takes; None for the run's own test split.
        against: another run.
        strangers: a location of images that are unlike the run's own.
        reading: how the corpus is read.
        said: of a model file, by the user.
        out: of a model file, the folder for its report.
        overwrite: a report may be there already.
        typed: as a command, not in Python: messages name options, not keywords.
    """

    run: Path
    corpus: str | None
    against: Path | None
    strangers: str | None
    reading: Reading
    said: Said
    out: Path | None
    overwrite: bool
    typed: bool = False

    def spelled(self, name: str) -> str:
        """A wish as the user writes it."""
        if not self.typed:
            return name
        return "-o" if name == "out" else f"--{name.replace('_', '-')}"

    def alone(self, model: Path) -> str:
        """How a model file is scored."""
        if self.typed:
            return f"hubel evaluate {shlex.quote(str(model))} CORPUS --class-names FILE"
        return f"hubel.evaluate({str(model)!r}, corpus, class_names=...)"


def check_score_of_a_model(wishes: ScoreWishes) -> str:
    """See that all that is asked for can be had of a model file.

    Returns:
        The location of the corpus.

    Raises:
        WrongRequest: it cannot.
    """
    for name in ("against", "strangers"):
        if getattr(wishes, name) is not None:
            option = wishes.spelled(name)
            raise WrongRequest(
                f"{option} rests on what a run wrote down, and {wishes.run} is a model file. Leave {option} out."
            )
    if wishes.overwrite and wishes.out is None:
        overwrite, out = wishes.spelled("overwrite"), wishes.spelled("out")
        raise WrongRequest(
            f"{overwrite} replaces what {out} writes. Name a folder with {out}, or leave {overwrite} out."
        )
    if wishes.corpus is None:
        raise WrongRequest(
            f"{wishes.run} is a model file and brings no test images. Name some: {wishes.alone(wishes.run)}"
        )
    return wishes.corpus


def check_score_of_a_run(wishes: ScoreWishes) -> None:
    """See that all that is asked for can be had of a run, and together.

    Raises:
        WrongRequest: it cannot.
    """
    check_said(wishes.run, wishes.said)
    against = wishes.against
    if against is not None and is_model_target(against):
        raise WrongRequest(
            f"{wishes.spelled('against')} takes a run, and {against} is a model file. Score it alone: "
            f"{wishes.alone(against)}"
        )
    for name in ("out", "overwrite"):
        if getattr(wishes, name):
            option = wishes.spelled(name)
            raise WrongRequest(
                f"{option} is for the report of a model file. A run has its own: {wishes.run}/report.html. Leave "
                f"{option} out."
            )
    if wishes.reading.wishes and wishes.corpus is None and wishes.strangers is None:
        option = wishes.spelled(next(iter(wishes.reading.wishes)))
        raise WrongRequest(
            f"{option} says how a corpus is read; the run's own is read as in training. Name a corpus, or leave "
            f"{option} out."
        )
    if wishes.strangers is not None and (wishes.corpus is not None or against is not None):
        given = wishes.spelled("against") if wishes.corpus is None else f"the corpus {wishes.corpus!r}"
        raise WrongRequest(
            f"{wishes.spelled('strangers')} is measured alone, with the run's own test images; {given} was given too. "
            "Ask for one at a time."
        )
