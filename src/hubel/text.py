"""Text that came from outside, made fit to be shown; durations that a person typed; values as Python shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import fields
from pathlib import PurePath
from typing import Any, TypeVar

from hubel.errors import WrongRequest

MOST_LINES, MOST_LETTERS = 10, 1000
"""Of what Python shows of a value."""
_LINE, _NAME, _FEW = 160, 40, 3
_Kind = TypeVar("_Kind", bound=type)


def one_line(text: str) -> str:
    """Text on one line, in reading order: control and formatting characters and broken bytes are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 image``, ``1,200 images``; for the few nouns that take no "s", the plural.

    Args:
        number: how many.
        noun: in the singular.
        plural: where it takes no "s".
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def have(number: int) -> str:
    """The verb behind so many: ``1 has``, ``2 have``."""
    return "has" if number == 1 else "have"


def none_of(images: int) -> str:
    """How a sentence begins that says of none of so many images what it goes on with."""
    return "Not even the one image" if images == 1 else f"None of the {images:,} images"


def chance(share: float) -> str:
    """In whole percent, as a person says it; what is not certain never reads as if it were."""
    percent = round(100 * share)
    return "below 1 %" if percent < 1 else "above 99 %" if percent > 99 else f"{percent} %"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """Words as a sentence has them: ``a``, ``a and b``, ``a, b and c``.

    Args:
        words: in order.
        last: stands before the last of them.
    """
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shortened(text: str, most: int) -> str:
    """The first line of a text, cut behind a word where it is long; what was left out is marked.

    Args:
        text: of another program, or of a file.
        most: characters that it may have, the mark included.
    """
    line = next(iter(text.strip().splitlines()), "")
    if len(line) <= most:
        return line
    words = line[: most - 1].rsplit(maxsplit=1)
    whole = any(map(str.isspace, line[most - 2 : most])) or len(words) < 2
    return f"{line[: most - 1] if whole else words[0]}".rstrip(" ,;:(") + "…"


def parse_duration(text: str) -> float:
    """Seconds of ``"90s"``, ``"5m"``, ``"1.5h"`` or ``"90"``.

    Raises:
        WrongRequest: anything else.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h|)", text.strip().lower())
    if found is None:
        raise WrongRequest(f"A time is a number with s, m or h: 90s, 5m, 2h. Received: {text!r}.")
    return float(found[1]) * {"s": 1, "": 1, "m": 60, "h": 3600}[found[2]]


def duration(seconds: float) -> str:
    """A time, rounded: ``"40 s"``, ``"5 min"`` or ``"2.5 h"``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{seconds / 3600:.1f} h"


def points(value: float) -> str:
    """A share as percentage points, with its sign."""
    return f"{100 * value:+.1f}"


def p_text(value: float) -> str:
    """A p-value as it is read."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}" if value < 0.01 else f"p = {value:.3f}"


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its name where it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]


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
