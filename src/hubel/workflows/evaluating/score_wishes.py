"""What a user asks of a score, and which of it goes together: the same for the command and for Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.architectures.file_kinds import is_model_target
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import WrongRequest
from hubel.errors.wording import Command, Option
from hubel.wishes import AUTO
from hubel.workflows.opening import NOTHING_SAID, Said, check_said


@dataclass(frozen=True)
class ScoreWishes:
    """What is asked for.

    Args:
        run: a run folder or a model file.
        corpus: a location that `read_corpus` takes; None for the run's own test split.
        said: of a model file, by the user.
        against: another run.
        strangers: a location of images that are unlike the run's own.
        reading: how the corpus is read.
        out: of a model file, the folder for its report.
        overwrite: a report may be there already.
        command: the words of the command, for that report; empty from Python.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``; a model file is run by Keras.
    """

    run: Path
    corpus: str | None
    said: Said = NOTHING_SAID
    against: Path | None = None
    strangers: str | None = None
    reading: Reading = AS_FOUND
    out: Path | None = None
    overwrite: bool = False
    command: tuple[str, ...] = ()
    engine: str = AUTO


def alone(model: Path) -> Command:
    """How a model file is scored."""
    return Command("evaluate", (str(model), "CORPUS"), (Option("class_names", "FILE"),))


def check_score_of_a_model(wishes: ScoreWishes) -> str:
    """See that all that is asked for can be had of a model file.

    Returns:
        The location of the corpus.

    Raises:
        WrongRequest: it cannot.
    """
    for name in ("against", "strangers"):
        if getattr(wishes, name) is not None:
            text = f" needs what a run recorded, and {wishes.run} is a model file. Leave out "
            raise WrongRequest(Option(name), text, Option(name), ".")
    if wishes.overwrite and wishes.out is None:
        overwrite = Option("overwrite")
        raise WrongRequest(
            overwrite, " replaces a report that is there. Name its folder: ", Option("out", "FOLDER"),
            "; or leave out ", overwrite, ".",
        )  # fmt: skip
    if wishes.corpus is None:
        raise WrongRequest(
            f"{wishes.run} is a model file and has no test images of its own. Name some: ", alone(wishes.run)
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
            Option("against"), f" takes a run, and {against} is a model file. Score it alone: ", alone(against)
        )
    for name in ("out", "overwrite"):
        if getattr(wishes, name):
            text = f" is for the report of a model file. A run has its own: {wishes.run}/report.html. Leave out "
            raise WrongRequest(Option(name), text, Option(name), ".")
    if wishes.reading.wishes and wishes.corpus is None and wishes.strangers is None:
        option = Option(next(iter(wishes.reading.wishes)))
        text = " says how a corpus is read; the run's own is read as in training. Name a corpus, or leave out "
        raise WrongRequest(option, text, option, ".")
    if wishes.strangers is not None and (wishes.corpus is not None or against is not None):
        given = Option("against") if wishes.corpus is None else f"the corpus {wishes.corpus!r}"
        raise WrongRequest(
            Option("strangers"), " is measured alone, with the run's own test images, but ", given,
            " was given too. Ask for one at a time.",
        )  # fmt: skip
