"""Layout: which part of a path is the class, which is train or test, and which folders are neither; or a doubt."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hubel.corpus.formats.folder_outline import Folder

AS_CLASSES = "--splits none"
MOST_SHOWN = 20
"""Folders in one option."""


class FolderLeftOut(NamedTuple):
    """A folder whose images are no examples.

    Args:
        folder: its path.
        images: how many.
        code: ``"unlabelled"`` or ``"left-out"``.
        reason: why, and what to do, as the end of a sentence, without its full stop.
    """

    folder: str
    images: int
    code: str
    reason: str

    @property
    def row_reason(self) -> str:
        """Why one of its files is no example."""
        return f"its folder {self.folder!r} is left out: {self.reason}"


class FolderRole(NamedTuple):
    """What the files directly in a folder are.

    Args:
        class_name: empty where they are no examples.
        split: the part given.
        inner: the folder below that of the class in which they lie; empty where they lie in that of the class.
        left_out: the folder that they are left out with.
    """

    class_name: str
    split: str | None = None
    inner: str = ""
    left_out: FolderLeftOut | None = None


@dataclass(frozen=True)
class Layout:
    """How a tree of folders is read.

    Args:
        parts: path of a folder that holds class folders, empty for the corpus itself → the split that it is, if any.
        below_classes: name of a folder in a class folder, in lower case → the split that it is.
        left_out: path → a folder that is not read.
        notes: what the user should know.
    """

    parts: Mapping[str, str | None] = field(default_factory=lambda: {"": None})
    below_classes: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, FolderLeftOut] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def place(self, folder: str) -> FolderRole:
        """What the files directly in a folder are.

        Args:
            folder: its path, empty for the corpus itself.
        """
        above, class_path = folder, ""
        while above not in self.parts:
            if above in self.left_out:
                return FolderRole("", left_out=self.left_out[above])
            if not above:
                return FolderRole("")
            above, class_path = above.rpartition("/")[0], above
        if not class_path:
            return FolderRole("")
        inner = folder[len(class_path) + 1 :].partition("/")[0]
        given = self.below_classes.get(inner.casefold())
        return FolderRole(class_path.rpartition("/")[2], given or self.parts[above], "" if given else inner)


class WayToRead(NamedTuple):
    """One way to read folders that can be read in several: in words, and the option that says so, if one does."""

    words: str
    option: str = ""


@dataclass(frozen=True)
class Ambiguity:
    """Folders that can be read in several ways; the user has to choose."""

    choices: tuple[WayToRead, ...]

    @property
    def text(self) -> str:
        """The ways, each with its option."""
        ways = (
            f"({number}) {choice.words}.{f' For this, add {choice.option}.' if choice.option else ''}"
            for number, choice in enumerate(self.choices, start=1)
        )
        return " ".join(ways)


def counted(folders: Sequence[Folder], *, most: int = 4) -> str:
    """``'cat' (3 images), 'dog' (1 image) and 2 more``."""
    shown = [f"{each.name!r} ({images(each.total)})" for each in folders[:most]]
    more = [f"{len(folders) - most} more"] if len(folders) > most else []
    return in_words([*shown, *more])


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it."""
    return not folder or path == folder or path.startswith(f"{folder}/")


def in_words(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([*([", ".join(items[:-1])] if items[1:] else []), *items[-1:]])


def images(count: int) -> str:
    """``"1 image"``, ``"2,000 images"``."""
    return f"{count:,} image{'' if count == 1 else 's'}"


def splits_option(pairs: Sequence[tuple[str, str]]) -> str:
    """``--splits train=A,test=B`` for a shell, of folders and their splits; with ``...`` where they are very many."""
    words = [f"{split}={folder}" for folder, split in pairs]
    if len(words) > MOST_SHOWN:
        return f"--splits {words[0]},{words[1]},...,{words[-1]}"
    return f"--splits {shlex.quote(','.join(words))}"
