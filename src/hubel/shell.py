"""Options and commands → the words of a shell, by one rule: ``learning_rate`` is ``--learning-rate``."""

from __future__ import annotations

import shlex

from hubel.errors.wording import Command, Option, Text, is_placeholder

RENAMED = {"from_run": "--from", "class_name": "--class", "out": "-o"}
"""Options that are written otherwise than the rule says: a word of Python's own, and what every example has short."""


def flag_of(name: str) -> str:
    """``"learning_rate"`` → ``--learning-rate``."""
    return RENAMED.get(name) or f"--{name.replace('_', '-')}"


def option_words(option: Option) -> tuple[str, ...]:
    """``--no-mirror`` for False, ``--bands 4,3,2`` for a tuple, the name alone for True and None."""
    name, value = flag_of(option.name), option.value
    if value is None or value is True:
        return (name,)
    if value is False:
        return (name.replace("--", "--no-", 1),)
    if isinstance(value, tuple):
        return (name, ",".join(value))
    return (name, _number(value) if isinstance(value, float) else str(value))


def _number(value: float) -> str:
    """``"90"`` for 90.0, and every digit where there are many."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def command_words(command: Command) -> tuple[str, ...]:
    """``("hubel", "train", "photos", "--epochs", "4")``; empty for no command."""
    options = [word for option in command.options for word in option_words(option)]
    odd = any(len(each) > 1 and each.startswith("-") for each in command.arguments)  # else it would be an option
    words = (*options, "--", *command.arguments) if odd else (*command.arguments, *options)
    return ("hubel", command.name, *words) if command else ()


def in_shell(part: Option | Command) -> str:
    """It as it is typed: words with spaces are quoted, placeholders such as RUN are not."""
    words = command_words(part) if isinstance(part, Command) else option_words(part)
    return " ".join(word if is_placeholder(word) else shlex.quote(word) for word in words)


def text_in_shell(text: Text | str) -> str:
    """The text with its options and commands as they are typed, for a file or a page that no command is asked about."""
    return text if isinstance(text, str) else text.render(in_shell)
