"""Text that came from outside, made fit to be shown; and values, made fit to be looked at in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import fields
from pathlib import PurePath
from typing import Any, TypeVar

from hubel.text import one_line

MOST_LINES, MOST_LETTERS = 10, 1000
"""Of what Python shows of a value."""
_LINE, _NAME, _FEW = 160, 40, 3

_Kind = TypeVar("_Kind", bound=type)


def elided(text: object, most: int = _NAME) -> str:
    """Text on one line; of a longer one, its beginning and its end.

    Args:
        text: anything that can be written.
        most: letters.
    """
    line = one_line(str(text))
    if len(line) <= most:
        return line
    start = (most - 1) * 2 // 3
    return f"{line[:start]}…{line[len(line) - (most - 1 - start) :]}"


def few_names(names: Iterable[str], *, most: int = 6) -> str:
    """Names with commas between them; of many the first.

    Args:
        names: in their order.
        most: names that are shown.
    """
    every = list(names)
    more = [f"and {len(every) - most:,} more"] if len(every) > most else []
    return ", ".join([*(elided(name, _NAME) for name in every[:most]), *more])


def name_counts(counts: Mapping[str, int], *, most: int = 6) -> str:
    """Names with their counts, as they come: ``cat: 20, dog: 15``.

    Args:
        counts: name → count.
        most: names that are shown.
    """
    return few_names((f"{elided(name, _NAME - 10)}: {count:,}" for name, count in counts.items()), most=most)


def with_interval(accuracy: float, interval: Iterable[float]) -> str:
    """``0.927 (0.903 to 0.946)``.

    Args:
        accuracy: 0 to 1.
        interval: its ends.
    """
    low, high = interval
    return f"{accuracy:.3f} ({low:.3f} to {high:.3f})"


def brief(kind: _Kind) -> _Kind:
    """Give a dataclass a ``repr`` of a few lines, whatever it holds: those of its ``_brief``, or else its fields."""
    lines: Callable[[Any], Iterable[str]] = getattr(kind, "_brief", _fields_of)

    def show(value: Any) -> str:
        shown = [elided(line, _LINE) for line in lines(value)][:MOST_LINES]
        text = "\n  ".join(shown)
        return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"

    setattr(kind, "__repr__", show)  # noqa: B010  (a checker knows the type of every __repr__)
    return kind


def _fields_of(value: Any) -> list[str]:
    """``Name(field=value, …)``, on as many lines as it needs."""
    words = [f"{each.name}={_brief_value(getattr(value, each.name))}" for each in fields(value) if each.repr]
    lines = [f"{type(value).__name__}("]
    for place, word in enumerate(words):
        more = "" if place + 1 == len(words) else ", "
        if len(lines[-1]) + len(word) > _LINE - 2:
            lines.append("")
        lines[-1] += word + more
    return [*lines[:-1], lines[-1] + ")"]


def _brief_value(value: Any) -> str:
    """A small value as Python writes it; of a large one its kind and its size."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (str, PurePath)):
        return repr(elided(value))
    kind = type(value).__name__
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {list(value.shape)}"
    if isinstance(value, Sized) and not hasattr(value, "__dataclass_fields__"):
        if isinstance(value, tuple) and len(value) <= _FEW and all(isinstance(one, (int, float, str)) for one in value):
            return f"({', '.join(map(_brief_value, value))})"
        return f"<{kind} of {len(value):,}>"
    return f"<{kind}>"
