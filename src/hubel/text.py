"""Text that came from outside, made fit to be shown; durations that a person typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hubel.errors import WrongRequest


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


def points(value: float) -> str:
    """A share as percentage points, with its sign."""
    return f"{100 * value:+.1f}"


def p_text(value: float) -> str:
    """A p-value as it is read."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}" if value < 0.01 else f"p = {value:.3f}"


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its name where it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]
