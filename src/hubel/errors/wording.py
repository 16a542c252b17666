"""What a sentence for a user is made of: text, and values that each door writes in its own way.

A library does not know whether it was called from a command line, from Python or over HTTP. So a sentence never holds
``--epochs`` or ``hubel audit``: it holds an `Option` or a `Command`, and the door puts them into words.

    Text("The list has no column ", repr(name), ". Name it: ", Option("label_column", "NAME"))

is *... Name it: --label-column NAME* on the command line and *... Name it: label_column="NAME"* in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

Value: TypeAlias = str | float | bool | tuple[str, ...]


@dataclass(frozen=True)
class Option:
    """A wish of the user, by its name in Python: ``Option("learning_rate", 0.05)``.

    Args:
        name: of an argument of the functions in `hubel.api`; each command has it under the same name, or lacks it.
        value: to give to it, or a placeholder such as ``"FILE"``; None names the option alone, True switches it on.
    """

    name: str
    value: Value | None = None


@dataclass(frozen=True)
class Command:
    """Something a user can do: ``Command("audit", ("photos",), (Option("suspect_labels", True),))``.

    Args:
        name: of the command.
        arguments: its values without a name, in order, or placeholders in capitals such as ``"RUN"``.
        options: those that are given.
    """

    name: str
    arguments: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.name)

    def value_of(self, option: str) -> Value | None:
        """What is given to an option; None where it is not given."""
        return next((each.value for each in self.options if each.name == option), None)

    def with_(self, *options: Option) -> Command:
        """The same with options in place of its own of these names; new ones come last."""
        new = {each.name: each for each in options}
        kept = [new.pop(each.name, each) for each in self.options]
        return replace(self, options=(*kept, *new.values()))

    def without(self, *names: str) -> Command:
        """The same without some options."""
        return replace(self, options=tuple(each for each in self.options if each.name not in names))


NOTHING = Command("")
"""No command: what no words can say."""


@dataclass(frozen=True)
class _Sentences:
    """What a text and a remedy have in common."""

    parts: tuple[Part, ...]

    def __init__(self, *parts: Part | Text) -> None:
        object.__setattr__(self, "parts", tuple(_flat(parts)))


class Remedy(_Sentences):
    """A whole sentence about what to change, said only at doors that have every option and command in it.

    Args:
        parts: as of `Text`; the sentence has its full stop, and no space around it.
    """


Part: TypeAlias = str | Option | Command | Remedy


class Text(_Sentences):
    """Sentences: what happened, which file or field, why, and what to do next.

    Args:
        parts: text, options, commands, and remedies, which stand at the end with a space before each.
    """

    def __add__(self, other: Part | Text) -> Text:
        return Text(*self.parts, other)

    def __radd__(self, other: Part) -> Text:
        return Text(other, *self.parts)

    def __bool__(self) -> bool:
        return any(self.parts)

    def __str__(self) -> str:
        return in_python(self)

    @property
    def facts(self) -> str:
        """The text without its remedies, for a file, which is read at no door; others of its parts must be text."""
        return self.render(lambda _: None)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """Sentences that some doors leave out."""
        return tuple(part for part in self.parts if isinstance(part, Remedy))

    def render(self, write: Callable[[Option | Command], str | None]) -> str:
        """The text at a door.

        Args:
            write: an option or a command → its words; None where the door has none for it. A `Remedy` with such a part
                is left out; elsewhere such a part is a defect.

        Raises:
            LookupError: an option or command outside of a remedy for which the door has no words.
        """
        return "".join(_rendered(self.parts, write))


def facts_of(note: Text | str) -> str:
    """What a note says without its remedies, as of `Text.facts`."""
    return note if isinstance(note, str) else note.facts


def _flat(parts: Iterable[Part | Text]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Text):
            yield from part.parts
        else:
            yield part


def _rendered(parts: Iterable[Part], write: Callable[[Option | Command], str | None]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        inner = part.parts if isinstance(part, Remedy) else (part,)
        words = [each if isinstance(each, str) else write(each) for each in inner if not isinstance(each, Remedy)]
        known = [each for each in words if each is not None]
        if isinstance(part, Remedy):
            yield f" {''.join(known)}" if len(known) == len(words) else ""
        elif known:
            yield known[0]
        else:
            raise LookupError(f"There are no words for {part} here.")


FUNCTIONS = {"audit": "audit_corpus", "studio": "open_studio"}
"""Command → its function in Python, where that is called otherwise."""


def in_python(text: Text) -> str:
    """The text as Python says it: options are arguments, commands are calls."""
    return text.render(_python)


def _python(part: Option | Command) -> str:
    if isinstance(part, Option):
        return part.name if part.value is None else f"{part.name}={_value(part.value)}"
    if part.name == "predict":  # the only command that is a method
        run, *rest = part.arguments
        return f"hubel.load({_value(run)}).predict({', '.join(map(_value, rest))})"
    given = [*map(_value, part.arguments), *(_python(each) for each in part.options)]
    return f"hubel.{FUNCTIONS.get(part.name, part.name)}({', '.join(given)})"


def _value(value: Value) -> str:
    if isinstance(value, str) and is_placeholder(value):
        return value
    return repr(list(value)) if isinstance(value, tuple) else repr(value)


PLACEHOLDERS = frozenset({
    "...", "CORPUS", "FILE", "FOLDER", "IMAGE", "IMAGE_OR_FOLDER", "INPUT", "MORE_IMAGES", "N", "NAME", "NEW", "PATH",
    "RUN", "RUN_B",
})  # fmt: skip
"""Words that the user puts others in place of; any other word is a value, whatever it looks like."""


def is_placeholder(word: str) -> bool:
    """Whether the user puts another word in place of it."""
    return word in PLACEHOLDERS
