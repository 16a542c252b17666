"""How a corpus is read, as keywords: what every function that reads one does with them and says of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from hubel.corpus.reading import WISHES, Reading, make_reading

Function = TypeVar("Function", bound=Callable[..., Any])

MEANINGS = {
    "splits": """\
name of a folder, or a word of the split column → ``"train"``, ``"validation"`` or ``"test"``; or
    ``"none"``: every folder is a class.""",
    "path_column": "of a list, with the names of the files.",
    "label_column": "with the labels; or several columns that hold 1 for the class and 0 else.",
    "split_column": "with the words train, validation and test.",
    "group_column": "whose equal values stay on one side of the split.",
    "images": "the folder in which the files of a list lie.",
    "bands": "which bands of the images, counted from 1, are red, green and blue (or the one that is grey).",
    "copies": """\
what counts as a copy and stays on one side of the split: ``"near"`` (the same image saved again),
    ``"exact"`` or ``"off"``.""",
}
"""Name in `WISHES` → its text in a docstring."""


def explain_reading(function: Function) -> Function:
    """Put what each wish means into the docstring, in the place of the one line for all that the function takes.

    In the source that line reads ``splits, path_column, ...: how it is read.``; ruff's D417 cannot know it.
    """
    taken = [name for name in WISHES if name in inspect.signature(function).parameters]
    before, line, after = (function.__doc__ or "").partition(f"{', '.join(taken)}: how it is read.")
    if line:  # python -OO leaves no docstring
        indent = before[before.rindex("\n") :]
        lines = "\n".join(f"{name}: {MEANINGS[name]}" for name in taken).replace("\n", indent)
        function.__doc__ = before + lines + after
    return function


def reading_of(  # noqa: PLR0913  (one for each wish)
    *,
    splits: Mapping[str, str] | str | None,
    path_column: str | None,
    label_column: str | Sequence[str] | None,
    split_column: str | None,
    group_column: str | None,
    images: str | Path | None,
    bands: Sequence[int] = (),
    copies: str | None = None,
) -> Reading:
    """The wishes as one value.

    Raises:
        WrongRequest: one of them cannot be understood.
    """
    return make_reading(locals())  # the parameters, by name
