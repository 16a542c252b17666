"""What a user says of a model file, which does not say it itself. Loads no framework."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.errors import WrongRequest
from hubel.errors.wording import Option

OF_THE_CORPUS = "corpus"
"""What is typed for: the class names of the corpus, in alphabetical order."""


@dataclass(frozen=True)
class Said:
    """What the user says of a model file, which does not say it itself.

    Args:
        class_names: a file of class names, one a line, or ``"corpus"``.
        pixels: a name in `hubel.images.pixel_scales.PIXELS`.
        size: (height, width) of the images, for a model that takes any.
    """

    class_names: str | None = None
    pixels: str | None = None
    size: tuple[int, int] | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        """What is said."""
        size = None if self.size is None else "x".join(map(str, self.size))
        given = {"class_names": self.class_names, "pixels": self.pixels, "input": size}
        return tuple(Option(name, text) for name, text in given.items() if text is not None)


NOTHING_SAID = Said()


def check_said(run: Path, said: Said) -> None:
    """See that nothing is said of a run that it knows itself.

    Args:
        run: its folder.
        said: what the user says.

    Raises:
        WrongRequest: it is.
    """
    if said.options:
        option = Option(said.options[0].name)
        raise WrongRequest(
            option, f" is for model files, and {run} is a run, which knows this itself. Leave out ", option, "."
        )
