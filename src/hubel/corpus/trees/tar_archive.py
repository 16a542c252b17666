"""A tar archive as a tree: its headers (ustar, GNU or pax) are read once, the files where they lie.

Python's `tarfile` is not used: some of its releases loop for ever on an altered header (CVE-2025-8194), and it keeps
about a kilobyte for each member.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hubel.corpus.trees.archive_tree import ArchiveTree
from hubel.corpus.trees.members import (
    MAX_SHOWN,
    BrokenArchive,
    Member,
    MemberFault,
    counted,
    fault_of_size,
    list_members,
)
from hubel.corpus.trees.stored_bytes import ReadAt, StoredBytes
from hubel.errors import UnreadableImage
from hubel.events import OnEvent

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_SEARCHED_AT_ONCE = 1 << 20

FILES, FOLDERS, GNU_SPARSE = (b"\0", b"0", b"7"), (b"5", b"D"), b"S"
HARD_LINK, SYMBOLIC_LINK, VOLUME_LABEL = b"1", b"2", b"V"
WITHOUT_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")
PAX, PAX_FOR_ALL, GNU_LONG_NAMES = (b"x", b"X"), b"g", {b"L": "path", b"K": "linkpath"}

MAX_EXTENSION_BYTES = 1_000_000
"""Of a pax header or a long name; more is no name."""

_OCTAL = re.compile(rb" *([0-7]*) *")
_PAX_RECORD = re.compile(rb"([0-9]{1,9}) ")
_PAX_KEYS = ("path", "linkpath", "size", "GNU.sparse.name")
_PAX_SPARSE = "GNU.sparse."


class TarPlace(NamedTuple):
    """Where the content of a member is, in bytes."""

    offset: int
    size: int


class TarHeader(NamedTuple):
    """What is said of a member; ``type`` is one byte, ``size`` counts its content."""

    name: str
    type: bytes
    size: int
    link: str = ""
    sparse: bool = False


class NoHeader(Exception):
    """512 bytes that are no header of a tar archive."""


def read_tar(source: StoredBytes, on_event: OnEvent) -> ArchiveTree[TarPlace]:
    """List a tar archive.

    Args:
        source: the bytes of the archive, unpacked.
        on_event: hears `Progress`.

    Raises:
        BrokenArchive: it is no tar archive, or there is something else where a header should be.
        UnreadableImage: its file may not be read.
    """
    return ArchiveTree(source, list_members(tar_members(source, on_event)), read_tar_member)


def tar_members(source: StoredBytes, on_event: OnEvent) -> Iterator[Member[TarPlace]]:
    """The members of a tar archive, in its order.

    Args:
        source: the bytes of the archive, unpacked.
        on_event: hears `Progress`.

    Raises:
        BrokenArchive, UnreadableImage: as `read_tar`.
    """
    with source.reading() as read_at:
        for header, start in counted(_headers(read_at, source.size), on_event):
            yield _member(header, start, archive_size=source.size)


def read_tar_member(read_at: ReadAt, place: TarPlace) -> bytes:
    """The content of a member.

    Args:
        read_at: bytes of the archive.
        place: where it is.

    Raises:
        UnreadableImage: the archive ends inside it.
    """
    content = read_at(place.offset, place.size)
    if len(content) < place.size:
        raise UnreadableImage("truncated", "the archive ends inside it: copy or download the archive again")
    return content


def _headers(read_at: ReadAt, size: int) -> Iterator[tuple[TarHeader, int]]:
    """Every entry, and the first byte of its content."""
    place = 0
    for_all: dict[str, str] = {}
    extra: dict[str, str] = {}
    while (following := _next_header(read_at, place, size=size)) is not None:
        header, start = following
        if header.type == PAX_FOR_ALL:
            for_all |= _pax_values(_extension(read_at, header, start=start))
        elif header.type in PAX:
            extra |= _pax_values(_extension(read_at, header, start=start))
        elif header.type in GNU_LONG_NAMES:
            extra[GNU_LONG_NAMES[header.type]] = _text(_extension(read_at, header, start=start))
        else:
            header = _extended(header, for_all | extra)
            start = _after_sparse_map(read_at, start) if header.type == GNU_SPARSE else start
            extra = {}
            if header.type != VOLUME_LABEL:
                yield header, start
        content = 0 if header.type in WITHOUT_CONTENT else header.size
        place = start + -(-content // _BLOCK) * _BLOCK


def _next_header(read_at: ReadAt, place: int, *, size: int) -> tuple[TarHeader, int] | None:
    """The header at this place, and where it ends; archives joined with ``cat`` are read to the end of the last."""
    block = read_at(place, _BLOCK)
    ended = not block.strip(b"\0")
    if ended:
        place = _after_zeros(read_at, place, size=size)
        block = read_at(place, _BLOCK)
    if not block:
        return None
    try:
        return _parse(block), place + _BLOCK
    except NoHeader as error:
        if ended:  # behind the end mark anything may stand, such as what a tape held before
            return None
        where = f"there is no header of a file at byte {place:,}" if place else "its content is not a tar archive"
        raise BrokenArchive(f"{where} ({error})") from error


def _after_zeros(read_at: ReadAt, place: int, *, size: int) -> int:
    while place < size:
        part = read_at(place, _SEARCHED_AT_ONCE)
        zeros = len(part) - len(part.lstrip(b"\0"))
        if zeros < len(part):
            return place + zeros // _BLOCK * _BLOCK
        place += len(part)
    return size


def _parse(block: bytes) -> TarHeader:
    if len(block) < _BLOCK:
        raise NoHeader("the archive is cut off")
    checksum = block[148:156]
    difference = sum(block) - sum(checksum) + 8 * ord(" ") - _number(checksum)
    if difference and difference != 256 * sum(byte > 127 for byte in block[:148] + block[156:]):
        raise NoHeader("its checksum does not match")  # the second sum: some old programs take bytes as signed
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_text(block[345:500])}/{name}"
    return TarHeader(name, block[156:157], _number(block[124:136]), _text(block[157:257]))


def _number(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    match = _OCTAL.fullmatch(field.split(b"\0", 1)[0])
    if match is None:
        raise NoHeader(f"{field!r} is no number")
    return int(match[1] or b"0", 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _extension(read_at: ReadAt, header: TarHeader, *, start: int) -> bytes:
    if header.size > MAX_EXTENSION_BYTES:
        raise BrokenArchive(f"the header before byte {start:,} is {header.size:,} bytes long")
    content = read_at(start, header.size)
    if len(content) < header.size:
        raise BrokenArchive("it is cut off inside of a header")
    return content


def _pax_values(content: bytes) -> dict[str, str]:
    """The records that say where a file is and what it is called."""
    values = {}
    place = 0
    while place < len(content) and content[place]:
        match = _PAX_RECORD.match(content, place)
        end = place + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(content) or content[end - 1 : end] != b"\n":
            raise BrokenArchive("one of its pax headers is damaged")
        key, _, value = content[match.end() : end - 1].decode("utf-8", "surrogateescape").partition("=")
        if value and key in _PAX_KEYS:
            values[key] = value
        if key.startswith(_PAX_SPARSE):
            values[_PAX_SPARSE] = "yes"
        place = end
    return values


def _extended(header: TarHeader, values: dict[str, str]) -> TarHeader:
    """The header, with what extension headers say instead."""
    size = values.get("size", str(header.size))
    if not (size.isascii() and size.isdigit() and len(size) < 20):
        raise BrokenArchive(f"a pax header gives the size {size[:20]!r}")
    name = values.get("GNU.sparse.name") or values.get("path", header.name)
    link = values.get("linkpath", header.link)
    return TarHeader(name, header.type, int(size), link, sparse=_PAX_SPARSE in values or header.type == GNU_SPARSE)


def _after_sparse_map(read_at: ReadAt, start: int) -> int:
    is_extended = read_at(start - _BLOCK, _BLOCK)[482]
    while is_extended:
        block = read_at(start, _BLOCK)
        if len(block) < _BLOCK:
            raise BrokenArchive("it is cut off inside of a header")
        is_extended = block[504]
        start += _BLOCK
    return start


def _member(header: TarHeader, start: int, *, archive_size: int) -> Member[TarPlace]:
    if header.type in FOLDERS or (header.type in FILES and header.name.endswith("/")):
        return Member(header.name, folder=True)
    if header.type == HARD_LINK:
        return Member(header.name, same_as=header.link)
    if header.type == SYMBOLIC_LINK:
        target = repr(header.link[:MAX_SHOWN])
        reason = f"it is a symbolic link to {target}, and links in archives are not followed: pack with tar -h"
        return Member(header.name, special=MemberFault("link", reason))
    if header.type not in (*FILES, GNU_SPARSE):
        reason = f"it is a pipe, a device or another special entry (type {header.type.decode('latin-1')!r}): remove it"
        return Member(header.name, special=MemberFault("not-a-file", reason))
    if start + header.size > archive_size:
        reason = "the archive ends inside it: copy or download the archive again"
        return Member(header.name, special=MemberFault("truncated", reason))
    fault = fault_of_size(header.size, header.size)
    if header.sparse:
        fault = MemberFault("sparse", "it is stored with holes, which Hubel does not read: pack without --sparse")
    return Member(header.name, TarPlace(start, header.size), fault=fault)
