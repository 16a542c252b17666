"""The files of an archive, of whatever kind, as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from hubel.corpus.corpus import IntakeRow
from hubel.corpus.trees.members import Listing
from hubel.corpus.trees.stored_bytes import ReadAt, StoredBytes

P = TypeVar("P")


@dataclass(frozen=True)
class ArchiveTree(Generic[P]):
    """The files of an archive; several threads may read at once.

    Args:
        source: the bytes of the archive.
        listing: its members.
        read_member: the content of a member, from where it is.
    """

    source: StoredBytes
    listing: Listing[P]
    read_member: Callable[[ReadAt, P], bytes]

    def rows(self) -> Iterator[IntakeRow]:
        """Every file, by path."""
        return iter(self.listing.rows)

    def read(self, path: str) -> bytes:
        """The content of one file.

        Raises:
            UnreadableImage: it is not in the archive, was refused, is damaged, or the archive was changed.
        """
        place = self.listing.place(path)
        with self.source.reading() as read_at:
            return self.read_member(read_at, place)
