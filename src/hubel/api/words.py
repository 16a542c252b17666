"""What Python has for the words of a command: paths, sizes, places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hubel.errors import WrongRequest
from hubel.workflows.opening import Said

RunLike: TypeAlias = Any
"""A run folder or a model file, as a path; or the `Run` that ``hubel.train`` returned."""

Numbers: TypeAlias = int | str | Sequence[int] | None


def path_of(run: RunLike) -> Path:
    """The folder of a run, or the path of a model file.

    Raises:
        WrongRequest: neither a path nor a run.
    """
    where = run if isinstance(run, (str, Path)) else getattr(run, "path", None)
    if not isinstance(where, (str, Path)):
        raise WrongRequest(f"Give a run's folder, or what hubel.train returned. Received: {type(run).__name__}.")
    return Path(where)


def optional_path(path: str | Path | None) -> Path | None:
    """The same as a `Path`."""
    return None if path is None else Path(path)


def numbers_of(given: Numbers, *, name: str, counts: tuple[int, ...], example: str) -> tuple[int, ...] | None:
    """Whole numbers from a tuple, or from the text that a command takes for them.

    Args:
        given: ``(5, 7)``, ``"5,7"`` or ``"5x7"``; None stays None.
        name: of the keyword, for the message.
        counts: how many there may be.
        example: of what is right, as Python writes it.

    Raises:
        WrongRequest: they are not that.
    """
    if given is None:
        return None
    words: list[Any] = given.lower().replace("×", "x").replace("x", ",").split(",") if isinstance(given, str) else []
    try:
        numbers = tuple(int(word) for word in (words or ((given,) if isinstance(given, int) else given)))
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) not in counts or min(numbers) < 0:
        raise WrongRequest(f"{name} takes whole numbers from 0, such as {example}. Received: {given!r}.")
    return numbers


def said_of_a_model(*, pixels: str | None, size: Numbers, class_names: str | Path | None = None) -> Said:
    """What the caller says of a model file.

    Args:
        pixels: the name of a range of pixel values.
        size: (height, width) of its images.
        class_names: the file of its class names, or ``"corpus"``.
    """
    numbers = numbers_of(size, name="input", counts=(2,), example="(224, 224)")
    names = None if class_names is None else str(class_names)
    return Said(names, pixels, None if numbers is None else (numbers[0], numbers[1]))
