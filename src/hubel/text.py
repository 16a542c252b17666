"""Text that came from outside, made fit to be shown."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Text on one line, in reading order: control and formatting characters and broken bytes are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )
