"""What a user says of a model file, which does not say it itself. Needs no framework."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.errors import WrongRequest

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
    def words(self) -> tuple[str, ...]:
        """The same as words of a command."""
        size = None if self.size is None else "x".join(map(str, self.size))
        given = {"--class-names": self.class_names, "--pixels": self.pixels, "--input": size}
        return tuple(word for option, text in given.items() if text is not None for word in (option, text))


NOTHING_SAID = Said()


def check_said(run: Path, said: Said) -> None:
    """See that nothing is said of a run that it knows itself.

    Raises:
        WrongRequest: it is.
    """
    if said.words:
        option = said.words[0]
        raise WrongRequest(
            f"{option} is for model files. {run} is none, and a run knows it itself. Leave {option} out."
        )
