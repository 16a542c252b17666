"""How the user wants a corpus read, where it does not say so itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.files import real_path
from hubel.wishes import READING

PARTS = ("train", "validation", "test")
NEAR_COPIES, EXACT_COPIES, NO_COPIES = COPIES = ("near", "exact", "off")
NO_SPLITS = "none"
"""The value of ``splits`` for: no folder is a part."""
MOST_BANDS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """How a corpus is read; what is left empty is found in the corpus itself.

    Args:
        splits: name of a folder, or a word of the split column → ``"train"``, ``"validation"`` or ``"test"``, in pairs.
        path_column, label_column, split_column, group_column: of a list; several label columns are joined by commas.
        images: the folder in which the files of a list lie.
        bands: one or three numbers, counted from 1, of the bands that become grey, or red, green and blue.
        copies: ``"near"``, ``"exact"`` or ``"off"``.
        no_splits: no folder is a part, whatever it is called.
    """

    splits: tuple[tuple[str, str], ...] = ()
    path_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    images: Path | None = None
    bands: tuple[int, ...] = ()
    copies: str = COPIES[0]
    no_splits: bool = False

    def __post_init__(self) -> None:
        wrong = [part for _, part in self.splits if part not in PARTS]
        if wrong:
            raise WrongRequest(Option("splits"), f" takes the parts {', '.join(PARTS)}. Received: {wrong[0]!r}.")
        if self.splits and "train" not in dict(self.splits).values():
            raise WrongRequest(Option("splits"), " must say what to train on: train=NAME.")
        if self.no_splits and self.split_column:
            raise WrongRequest(
                Option("splits", NO_SPLITS), " says that there are no splits, and ", Option("split_column"),
                " says where they are. Leave out one of them.",
            )  # fmt: skip
        if self.copies not in COPIES:
            raise WrongRequest(Option("copies"), f" must be one of {', '.join(COPIES)}. Received: {self.copies!r}.")
        if len(self.bands) not in (0, 1, 3) or not all(1 <= band <= MOST_BANDS for band in self.bands):
            raise WrongRequest(
                Option("bands"),
                " takes one number, or three for red, green and blue, counted from 1, such as 4,3,2. "
                f"Received: {','.join(map(str, self.bands))}.",
            )

    @property
    def wishes(self) -> dict[str, str]:
        """What differs from the default, as on a command line: name → text."""
        texts = {
            "splits": NO_SPLITS if self.no_splits else ",".join(f"{part}={name}" for name, part in self.splits),
            "images": "" if self.images is None else str(self.images),
            "bands": ",".join(map(str, self.bands)),
            "copies": "" if self.copies == COPIES[0] else self.copies,
        }
        every = {name: texts[name] if name in texts else getattr(self, name) for name in READING}
        return {name: text for name, text in every.items() if text}

    @property
    def options(self) -> tuple[Option, ...]:
        """The same, to be written at a door."""
        return tuple(Option(name, text) for name, text in self.wishes.items())

    def to_json(self) -> dict[str, Any]:
        """Plain data; the folder of the images is made absolute."""
        images = {} if self.images is None else {"images": str(real_path(self.images))}
        return {**self.wishes, **images}


AS_FOUND = Reading()
"""Nothing is said: everything is found in the corpus."""


def make_reading(wishes: Mapping[str, object]) -> Reading:
    """A `Reading` from texts as on a command line, or from what Python has for them; None and empty ones are no wishes.

    Args:
        wishes: name in `READING` → text, path, several of them, or for ``splits`` name of a folder → part; other names
            are passed over.

    Raises:
        WrongRequest: a text that cannot be understood.
    """
    given = {name: text for name in READING if (text := _text(wishes.get(name)))}
    columns = {name: given.get(name) for name in ("path_column", "label_column", "split_column", "group_column")}
    return Reading(
        splits=_splits(given.get("splits", "")),
        no_splits=given.get("splits") == NO_SPLITS,
        images=Path(given["images"]) if "images" in given else None,
        bands=_bands(given.get("bands", "")),
        copies=given.get("copies", COPIES[0]),
        **columns,
    )


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{part}={name}" for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def check_reading(document: object) -> bool:
    """Whether plain data is what `Reading.to_json` writes."""
    if not isinstance(document, dict) or not all(
        name in READING and isinstance(text, str) for name, text in document.items()
    ):
        return False
    try:
        make_reading(document)
    except WrongRequest:
        return False
    return True


def _splits(text: str) -> tuple[tuple[str, str], ...]:
    """``train=A,train=B,test=C`` → ((A, train), (B, train), (C, test))."""
    pairs: dict[str, str] = {}
    for word in text.split(",") if text and text != NO_SPLITS else ():
        part, equals, name = (each.strip() for each in word.partition("="))
        if not equals or not name:
            raise WrongRequest(
                Option("splits"),
                f" takes pairs such as train=Training,test=Test. Received: {word.strip()!r} in {text!r}. Where every "
                "folder is a class: ",
                Option("splits", NO_SPLITS),
                ".",
            )
        if pairs.setdefault(name, part) != part:
            raise WrongRequest(
                Option("splits"), f" names {name!r} twice, as {pairs[name]} and as {part}. Keep one of them."
            )
    return tuple(pairs.items())


def _bands(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",")] if text else []
    if not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words):
        raise WrongRequest(Option("bands"), f" takes numbers of bands, such as 4,3,2. Received: {text!r}.")
    return tuple(map(int, words))
