"""Text that came from outside, made fit to be shown."""

from __future__ import annotations

from collections.abc import Sequence


def one_line(text: str) -> str:
    """Text on one line, in reading order: control and formatting characters and broken bytes are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 image``, ``1,200 images``; for the few nouns that take no "s", the plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def listed(words: Sequence[str], *, last: str = "and") -> str:
    """Words as a sentence has them: ``a``, ``a and b``, ``a, b and c``."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
