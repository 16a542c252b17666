"""A page that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.exports.precision import FLOAT32

EACH, MOST_CLASSES = 3, 30
"""Images of a class that travel where nobody says how many; of more classes, as many images as of so many."""


@dataclass(frozen=True)
class PageRequest:
    """A page that is asked for.

    Args:
        run: a run folder, or a classifier's own folder.
        corpus: where its images are now; None for where they were.
        out: the file to write.
        quantize: how weights are written: ``"float16"``, or None for as they are.
        examples: test images of each class that travel; None for as many as `choose_examples` takes.
        excite: images that excite filters are made for it.
        overwrite: a page that is there may be replaced.
        command: that asks for it: ``"export"`` or ``"open"``.
    """

    run: Path
    corpus: str | None = None
    out: Path | None = None
    quantize: str | None = None
    examples: int | None = None
    excite: bool = False
    overwrite: bool = False
    command: str = "export"

    @property
    def weights(self) -> str:
        """How they are written."""
        return self.quantize or FLOAT32


def images_that_travel(classes: int, *, each: int | None) -> int:
    """The most images of a run in its page.

    Args:
        classes: of the classifier.
        each: images of a class; None where nobody said.
    """
    return EACH * min(classes, MOST_CLASSES) if each is None else each * classes
