"""Layout: which part of a path is the class, which is train or test, and which folders are neither; or a doubt.

It is told from the folders that hold images, as a small tree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hubel.errors.wording import Option, Remedy, Text
from hubel.text import counted, listed

DEPTH = 8
"""Levels looked at; what lies deeper counts with the last of them."""
MOST_SHOWN = 20
"""Folders in one option."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds images, directly or further down.

    Args:
        path: relative to the corpus, with ``/``; empty for the corpus itself.
        images: images directly in it.
        total: images in it and below.
        folders: those in it that hold images, by name.
    """

    path: str
    images: int
    total: int
    folders: tuple[Folder, ...]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def names(self) -> frozenset[str]:
        """The names of the folders in it, in lower case."""
        return frozenset(each.name.casefold() for each in self.folders)

    def find(self, path: str) -> Folder | None:
        """The folder below this one that has this path from here, in any case where no other has it exactly."""
        node: Folder | None = self
        for name in path.split("/"):
            same = [each for each in node.folders if each.name.casefold() == name.casefold()] if node else []
            node = next((each for each in same if each.name == name), same[0] if same else None)
        return node


def outline(counts: Mapping[str, int]) -> Folder:
    """Build the tree.

    Args:
        counts: path of a folder, empty for the corpus itself → images directly in it.
    """
    direct: Counter[str] = Counter()
    inside: dict[str, set[str]] = defaultdict(set)
    for folder, count in counts.items():
        path = "/".join(folder.split("/", DEPTH)[:DEPTH])
        direct[path] += count
        while count and path:
            above = path.rpartition("/")[0]
            if path in inside[above]:
                break
            inside[above].add(path)
            path = above
    return _node("", direct, inside=inside)


def look_through(root: Folder) -> Folder:
    """The folder in which everything lies, where it has folders itself; else the given one."""
    node = root
    while len(node.folders) == 1 and node.images <= node.folders[0].total:
        node = node.folders[0]
    return node if len(node.folders) > 1 and 2 * node.images <= node.total else root


def _node(path: str, direct: Mapping[str, int], *, inside: Mapping[str, set[str]]) -> Folder:
    folders = tuple(_node(each, direct, inside=inside) for each in sorted(inside.get(path, ())))
    images = direct.get(path, 0)
    return Folder(path, images, images + sum(each.total for each in folders), folders)


class LeftOutFolder(NamedTuple):
    """A folder whose images are no examples.

    Args:
        folder: its path.
        images: how many.
        code: ``"unlabelled"`` or ``"left-out"``.
        reason: why, as the end of a sentence without its full stop.
        remedy: how to have it read.
    """

    folder: str
    images: int
    code: str
    reason: str
    remedy: Remedy | None = None


class FolderPlace(NamedTuple):
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
    left_out: LeftOutFolder | None = None

    @property
    def why_no_example(self) -> tuple[str, str]:
        """Code and reason for the images directly in a folder that is no class."""
        if self.left_out is None:
            return "outside-classes", "it lies in no class folder"
        return self.left_out.code, f"its folder {self.left_out.folder!r} is left out: {self.left_out.reason}"


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
    left_out: Mapping[str, LeftOutFolder] = field(default_factory=dict)
    notes: tuple[Text | str, ...] = ()

    def place(self, folder: str) -> FolderPlace:
        """What the files directly in a folder are.

        Args:
            folder: its path, empty for the corpus itself.
        """
        above, class_path = folder, ""
        while above not in self.parts:
            if above in self.left_out:
                return FolderPlace("", left_out=self.left_out[above])
            if not above:
                return FolderPlace("")
            above, class_path = above.rpartition("/")[0], above
        if not class_path:
            return FolderPlace("")
        inner = folder[len(class_path) + 1 :].partition("/")[0]
        given = self.below_classes.get(inner.casefold())
        return FolderPlace(class_path.rpartition("/")[2], given or self.parts[above], "" if given else inner)


class FolderReading(NamedTuple):
    """One way to read folders that can be read in several: in words, and the ``splits`` that choose it, if any do."""

    words: str
    splits: str = ""


@dataclass(frozen=True)
class FolderDoubt:
    """Folders that can be read in several ways; the user has to choose."""

    choices: tuple[FolderReading, ...]

    @property
    def text(self) -> Text:
        """The ways, each with a space before it, and with what chooses it."""
        parts: list[str | Remedy] = []
        for number, choice in enumerate(self.choices, start=1):
            parts.append(f" ({number}) {choice.words}.")
            if choice.splits:
                parts.append(Remedy("For this, add ", Option("splits", choice.splits), "."))
        return Text(*parts)


def folder_names(folders: Sequence[Folder], *, most: int = 4) -> str:
    """``'cat' (3 images), 'dog' (1 image) and 2 more``.

    Args:
        folders: to be named.
        most: of them that are named, and not only counted.
    """
    shown = [f"{each.name!r} ({counted(each.total, 'image')})" for each in folders[:most]]
    more = [f"{len(folders) - most} more"] if len(folders) > most else []
    return listed([*shown, *more])


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies below it.

    Args:
        path: relative to the corpus, with ``/``.
        folder: likewise; empty for the corpus itself.
    """
    return not folder or path == folder or path.startswith(f"{folder}/")


def in_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """``"train=A,test=B"`` of folders and their splits; with ``...`` where they are very many."""
    words = [f"{split}={folder}" for folder, split in pairs]
    shown = words if len(words) <= MOST_SHOWN else [words[0], words[1], "...", words[-1]]
    return ",".join(shown)
