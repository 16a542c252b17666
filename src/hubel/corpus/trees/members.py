r"""What the members of an archive may be, and what becomes of each: the same rules for zip and tar.

1. Names are checked, never used to write: ``./cat//1.jpg`` and ``cat\1.jpg`` are ``cat/1.jpg``; a name that climbs,
   starts at a root or a drive, or holds a NUL is refused.
2. Of several members with one name the last one counts, as when the archive is unpacked.
3. A name cannot be a file and a folder: then the file is refused.
4. Links, pipes and devices are refused; a tar's hard link to an earlier file of the same archive is that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from hubel.corpus.corpus import IGNORED, REFUSED, IntakeRow
from hubel.corpus.trees.tree import is_debris_folder, row_in_debris, row_of_file
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, Progress
from hubel.images.decode import CORPUS_LIMITS

MAX_MEMBERS = 5_000_000
MAX_RATIO = 100
"""Bytes unpacked for one byte stored; more is a bomb, above `BYTES_OF_ANY_RATIO`."""
BYTES_OF_ANY_RATIO = 64_000_000

MAX_NAME, MAX_DEPTH = 4096, 100
"""Characters and folders of a name; comparing longer ones with each other would take for ever."""

MAX_SHOWN = 200
"""Characters of a link's target in a message."""

_MEMBERS_BETWEEN_EVENTS = 20_000
_DRIVE = re.compile(r"[A-Za-z]:")


class BrokenArchive(Exception):
    """An archive that cannot be read as a whole; `open_archive` adds its name.

    Args:
        reason: what is wrong with it, as a part of a sentence.
        cure: what to do, as a sentence.
    """

    def __init__(self, reason: str, cure: str = "Copy or download it again, or pack it again.") -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure


class MemberFault(NamedTuple):
    """Why a member is refused: a stable word, and a reason with a cure."""

    code: str
    reason: str


P = TypeVar("P")
T = TypeVar("T")


class Member(NamedTuple, Generic[P]):
    """What an archive's own list says of one entry.

    Args:
        name: as stored; bytes that are not UTF-8 are surrogate escapes.
        place: where its content is.
        folder: it is a folder.
        special: why it is refused whatever it is called: no ordinary file.
        fault: why its content cannot be read; of no interest where the name says that it is no image.
        same_as: of a hard link: the name of the earlier member whose content it has.
    """

    name: str
    place: P | None = None
    folder: bool = False
    special: MemberFault | None = None
    fault: MemberFault | None = None
    same_as: str | None = None


@dataclass(frozen=True)
class Listing(Generic[P]):
    """The members of an archive, accounted for.

    Args:
        rows: one for each member that is no folder, by path.
        places: path → content, of every member that can be read.
        folders: the folders of the first and the second level, also those that hold no file.
    """

    rows: tuple[IntakeRow, ...]
    places: dict[str, P]
    folders: frozenset[str]

    def place(self, path: str) -> P:
        """Where the content of a member is.

        Raises:
            UnreadableImage: the archive has no such member, or it was refused.
        """
        if path not in self.places:
            raise UnreadableImage("vanished", "the archive has no such file that can be read: name another one")
        return self.places[path]


def counted(entries: Iterable[T], on_event: OnEvent) -> Iterator[T]:
    """The entries of an archive, with progress said on the way.

    Args:
        entries: of the archive's own list.
        on_event: hears `Progress`.

    Raises:
        BrokenArchive: more than `MAX_MEMBERS`.
    """
    for count, entry in enumerate(entries, start=1):
        if count > MAX_MEMBERS:
            raise BrokenArchive(f"it has more than {MAX_MEMBERS:,} members", "Divide it into several archives.")
        if count % _MEMBERS_BETWEEN_EVENTS == 0:
            on_event(Progress("listing", count, 0, "files"))
        yield entry


def list_members(members: Iterable[Member[P]]) -> Listing[P]:
    """Decide what becomes of every member."""
    rows: list[IntakeRow] = []
    places: dict[str, P] = {}
    last: dict[str, int] = {}
    given_folders: set[str] = set()
    top_folders: set[str] = set()
    for member in members:
        path, fault = checked_name(member.name)
        if not fault:
            top_folders.update(_first_folders(path, of_folder=member.folder))
        if member.folder:
            given_folders.add(path)
            continue
        if fault:
            rows.append(IntakeRow(path, REFUSED, *fault))
            continue
        place, row = judge(path, member, earlier=places)
        if path in last:
            rows[last[path]] = replaced(path)
            places.pop(path, None)
        last[path] = len(rows)
        rows.append(row)
        if place is not None:
            places[path] = place
    for path in _also_folders(last, given_folders):
        if rows[last[path]].status != REFUSED:
            rows[last[path]] = name_clash(path)
        places.pop(path, None)
    return Listing(tuple(sorted(rows, key=lambda row: row.path)), places, frozenset(top_folders))


def checked_name(name: str) -> tuple[str, MemberFault | None]:
    """A member's path with ``/`` and without ``.``; or its name as stored, and why it is refused."""
    slashed = name[: MAX_NAME + 1].replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if slashed.startswith("/") or _DRIVE.match(slashed):
        reason = "its name starts at a root or a drive: pack it from inside its folder"
        return slashed, MemberFault("absolute-name", reason)
    if ".." in parts:
        return slashed, MemberFault("climbing-name", "its name climbs up ('..'): pack it from inside its folder")
    if "\0" in slashed or not parts:
        return slashed, MemberFault("bad-name", "its name is empty or holds a NUL: rename it and pack it again")
    if len(slashed) > MAX_NAME or len(parts) > MAX_DEPTH:
        most = f"{MAX_NAME:,} characters or {MAX_DEPTH} folders"
        return slashed, MemberFault("bad-name", f"its name is longer than {most}: rename it and pack it again")
    return "/".join(parts), None


def fault_of_size(size: int, stored: int) -> MemberFault | None:
    """Why a member of ``size`` bytes, ``stored`` of them in the archive, is not read.

    Args:
        size: bytes, unpacked.
        stored: bytes in the archive.
    """
    if size > BYTES_OF_ANY_RATIO and size > MAX_RATIO * stored:
        reason = f"it would unpack from {stored:,} to {size:,} bytes, more than {MAX_RATIO} times: remove it"
        return MemberFault("bomb", reason)
    most = CORPUS_LIMITS.max_bytes
    if max(size, stored) > most:
        return MemberFault("too-large", f"it has {max(size, stored):,} bytes, the limit is {most:,}: save it smaller")
    return None


def judge(path: str, member: Member[P], *, earlier: dict[str, P]) -> tuple[P | None, IntakeRow]:
    """Where the content of a well-named file is, if it can be read, and its row.

    Args:
        path: of `checked_name`.
        member: the file.
        earlier: path → place, of the files before it that can be read.
    """
    if any(is_debris_folder(name) for name in path.split("/")[:-1]):
        return None, row_in_debris(path)
    place, special, fault = member.place, member.special, member.fault
    if member.same_as is not None:
        place = earlier.get(checked_name(member.same_as)[0])
        if place is None:
            target = repr(member.same_as[:MAX_SHOWN])
            reason = f"it is a hard link to {target}, no earlier file that can be read: pack that file itself"
            special = MemberFault("hard-link", reason)
    if special:
        return None, IntakeRow(path, REFUSED, *special)
    row = row_of_file(path)
    if fault:
        return None, row if row.status else IntakeRow(path, REFUSED, *fault)
    return place, row


def replaced(path: str) -> IntakeRow:
    """The row of a file whose name comes again later."""
    reason = "the archive holds this name again later: the later one counts, as when it is unpacked"
    return IntakeRow(path, IGNORED, "replaced", reason)


def name_clash(path: str) -> IntakeRow:
    """The row of a file with the name of a folder."""
    return IntakeRow(path, REFUSED, "name-clash", "the archive has a folder of the same name: rename one of them")


def _first_folders(path: str, *, of_folder: bool) -> Iterator[str]:
    parts = path.split("/", 3)
    count = min(2, len(parts) if of_folder else len(parts) - 1)
    for depth in range(1, count + 1):
        yield "/".join(parts[:depth])


def _also_folders(files: dict[str, int], folders: set[str]) -> set[str]:
    """The files that a folder, or the folder of another file, has the name of."""
    found = {path for path in folders if path in files}
    for path in (*files, *folders):
        end = path.find("/")
        while end != -1:
            if path[:end] in files:
                found.add(path[:end])
            end = path.find("/", end + 1)
    return found
