"""What a user asks of a robustness test, and which of it goes together: the same for the command and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hubel.architectures.file_kinds import is_model_target
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import WrongRequest
from hubel.errors.wording import Command, Option, Part
from hubel.images.changes.catalogue import Change, choose_changes
from hubel.wishes import AUTO, ROBUSTNESS, check_bounds


@dataclass(frozen=True)
class RobustnessRequest:
    """What is asked for.

    Args:
        run: a run folder; with a corpus also a ``classifier/`` folder.
        corpus: a location that `read_corpus` takes; None for the run's own test split.
        only: names of changes, as `choose_changes` takes them; None for all.
        max_examples: images that are changed; None for the usual number.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``.
        reading: how the corpus is read.
        out: folder for the page and the tables; None to write nothing.
        overwrite: they may be there already.
    """

    run: Path
    corpus: str | None = None
    only: str | Sequence[str] | None = None
    max_examples: int | None = None
    engine: str = AUTO
    reading: Reading = AS_FOUND
    out: Path | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_bounds(ROBUSTNESS, self)
        choose_changes(self.only)
        if is_model_target(self.run):
            raise WrongRequest(
                f"{self.run} is a model file; changes are tested with a run, which has test images of its own. Train "
                "one: ",
                Command("train", ("CORPUS",)),
            )
        if self.overwrite and self.out is None:
            overwrite = Option("overwrite")
            raise WrongRequest(
                overwrite, " replaces a page that is there. Name its folder: ", Option("out", "FOLDER"),
                "; or leave out ", overwrite, ".",
            )  # fmt: skip
        if self.reading.wishes and self.corpus is None:
            option = Option(next(iter(self.reading.wishes)))
            text = " says how a corpus is read; the run's own is read as in training. Name a corpus, or leave out "
            raise WrongRequest(option, text, option, ".")

    @property
    def changes(self) -> Mapping[str, Change]:
        """Those that are tested."""
        return choose_changes(self.only)

    def more_images(self, count: int) -> tuple[Part, ...]:
        """How to ask for all images, as the end of a text.

        Args:
            count: of them.
        """
        arguments = (str(self.run), *((self.corpus,) if self.corpus else ()))
        only = () if self.only is None else (Option("only", tuple(self.changes)),)
        command = Command("robustness", arguments, (*only, *self.reading.options, Option("max_examples", count)))
        return (" All of them: ", command)
