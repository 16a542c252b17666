"""The members of an archive one after another, in its own order, accounted for as in a `Listing` that holds them all.

The archive's list is gone through twice. The first time only a number is kept of each name, eight bytes, which is
enough to know the second time which names come again later, and which files have the name of a folder.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from hubel.corpus.corpus import REFUSED, IntakeRow
from hubel.corpus.trees.members import Member, checked_name, judge, name_clash, replaced
from hubel.corpus.trees.stored_bytes import ReadAt, StoredBytes

P = TypeVar("P")


@dataclass(frozen=True)
class MemberStream(Generic[P]):
    """An archive that is read from its first member to its last.

    Args:
        source: the bytes of the archive.
        members: goes through its list, from the start each time.
        read_member: the content of a member, from where it is.
        names: what the first time showed.
    """

    source: StoredBytes
    members: Callable[[], Iterator[Member[P]]]
    read_member: Callable[[ReadAt, P], bytes]
    names: Names

    @property
    def count(self) -> int:
        """Rows that `rows` gives."""
        return self.names.files

    def rows(self) -> Iterator[tuple[IntakeRow, P | None]]:
        """Every file: what becomes of it, and where its content is if it can be read."""
        left = dict(self.names.again)
        earlier: dict[str, P] = {}
        for member in self.members():
            if member.folder:
                continue
            path, fault = checked_name(member.name)
            if fault:
                yield IntakeRow(path, REFUSED, *fault), None
                continue
            number = hash(path)
            place, row = judge(path, member, earlier=earlier)
            if number in self.names.linked:
                earlier.pop(path, None)
                if place is not None:
                    earlier[path] = place
            if number in left:
                left[number] -= 1
                if left[number]:
                    yield replaced(path), None
                    continue
            if number in self.names.clashing and row.status != REFUSED:
                yield name_clash(path), None
                continue
            yield row, None if number in self.names.clashing else place

    def read(self, place: P) -> bytes:
        """The content of one file; several threads may read at once.

        Raises:
            UnreadableImage: it is damaged, or the archive was changed.
        """
        with self.source.reading() as read_at:
            return self.read_member(read_at, place)


@dataclass(frozen=True)
class Names:
    """What is to be known of an archive's names before its first member is judged; numbers stand for paths.

    Args:
        files: how many members are no folders.
        again: number → how often, of names that come more than once.
        clashing: of files with the name of a folder.
        linked: of files that hard links name.
    """

    files: int = 0
    again: dict[int, int] = field(default_factory=dict)
    clashing: frozenset[int] = frozenset()
    linked: frozenset[int] = frozenset()


def look_through(members: Iterator[Member[Any]]) -> Names:
    """Go through an archive's list for the first time."""
    count, files, folders, linked = 0, array("q"), array("q"), set[int]()
    before = ""
    for member in members:
        path, fault = checked_name(member.name)
        count += not member.folder
        if fault:
            continue
        (folders if member.folder else files).append(hash(path))
        above = path.rpartition("/")[0]
        if above != before:  # files of one folder stand together
            before = above
            folders.extend(map(hash, _folders_of(path)))
        if member.same_as is not None:
            linked.add(hash(checked_name(member.same_as)[0]))
    numbers, counts = np.unique(np.asarray(files, np.int64), return_counts=True)
    again = dict(zip(numbers[counts > 1].tolist(), counts[counts > 1].tolist(), strict=True))
    clashing = np.intersect1d(numbers, np.asarray(folders, np.int64))
    return Names(count, again, frozenset(clashing.tolist()), frozenset(linked))


def _folders_of(path: str) -> Iterator[str]:
    """The folders above a file or folder."""
    end = path.find("/")
    while end != -1:
        yield path[:end]
        end = path.find("/", end + 1)
