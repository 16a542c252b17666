"""The folders of a corpus that hold images, as a small tree: what is looked at to tell classes from parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

DEPTH = 8
"""Levels looked at; what lies deeper counts with the last of them."""


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
