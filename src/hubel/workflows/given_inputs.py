"""Are the images there that were typed? Loads no framework."""

from __future__ import annotations

from collections.abc import Sequence

from hubel.corpus.example_images import is_example
from hubel.corpus.not_there import why_not_there
from hubel.errors import UnusableInput
from hubel.files import is_there, look_at, shown


def check_inputs(inputs: Sequence[str | bytes]) -> None:
    """Refuse inputs of which none is there, before any model is loaded; a part of them is answered one by one.

    Raises:
        UnusableInput: naming the first input.
    """
    if not inputs:
        raise UnusableInput("Standard input named no image. Send paths, one per line, or the bytes of one image.")
    paths = [each for each in inputs if isinstance(each, str)]
    if len(paths) == len(inputs) and not any(map(_may_be_there, paths)):
        look_at(paths[0])  # says why where the system does
        raise UnusableInput(
            f"There is no file or folder '{shown(paths[0])}'."
            f"{why_not_there(paths[0]) or ' Give images, or folders or archives of images.'}"
        )


def _may_be_there(path: str) -> bool:
    try:
        return is_there(path) or is_example(path)
    except UnusableInput:
        return False
