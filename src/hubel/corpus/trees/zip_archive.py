"""A zip archive as a tree: its own list of files says where each one lies, and nothing is unpacked to disk.

Python's `zipfile` is not used: it lets one thread read at a time, gives up the whole archive for one name that is not
UTF-8, and cuts names at a NUL.
"""

from __future__ import annotations

import bz2
import stat
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hubel.corpus.trees.archive_tree import ArchiveTree
from hubel.corpus.trees.members import BrokenArchive, Member, MemberFault, counted, fault_of_size, list_members
from hubel.corpus.trees.stored_bytes import ReadAt, StoredBytes
from hubel.errors import UnreadableImage
from hubel.events import OnEvent

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")

_BLOCK = 1 << 20
_LONGEST_ENTRY = _ENTRY.size + 3 * 0xFFFF

STORED, DEFLATED, BZIP2 = 0, 8, 12
_OTHER_METHODS = {9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 96: "JPEG", 98: "PPMd", 99: "AES"}
_ENCRYPTED = 0x2041
"""Flags: encrypted, strongly encrypted, encrypted list of files."""
_UTF8_NAME = 0x0800
_UNIX, _MACOS = 3, 19


class ZipEntry(NamedTuple):
    """A member, as the list of files at the end of the archive has it; sizes in bytes."""

    name: str
    name_bytes: int
    system: int
    mode: int
    flags: int
    method: int
    crc: int
    stored: int
    size: int
    offset: int


def read_zip(source: StoredBytes, on_event: OnEvent) -> ArchiveTree[ZipEntry]:
    """List a zip archive.

    Args:
        source: the bytes of the archive.
        on_event: hears `Progress`.

    Raises:
        BrokenArchive: it has no list of files, or a damaged one.
        UnreadableImage: its file may not be read.
    """
    return ArchiveTree(source, list_members(zip_members(source, on_event)), read_zip_member)


def zip_members(source: StoredBytes, on_event: OnEvent) -> Iterator[Member[ZipEntry]]:
    """The members of a zip archive, in the order of its list.

    Args:
        source: the bytes of the archive.
        on_event: hears `Progress`.

    Raises:
        BrokenArchive, UnreadableImage: as `read_zip`.
    """
    offsets = array("Q")
    with source.reading() as read_at:
        for entry in counted(_entries(read_at, source.size), on_event):
            offsets.append(entry.offset)
        offsets = array("Q", sorted(offsets))
        yield from (_member(entry, offsets) for entry in _entries(read_at, source.size))


def _entries(read_at: ReadAt, size: int) -> Iterator[ZipEntry]:
    start, stop, shift, declared = _find_list(read_at, size)
    place, base, block, count = start, start, b"", 0
    while place < stop:
        if len(block) - (place - base) < _LONGEST_ENTRY and base + len(block) < stop:
            base, block = place, read_at(place, min(_BLOCK, stop - place))
        entry, place = _read_entry(block, base, place=place, shift=shift)
        count += 1
        yield entry
    if (count ^ declared) & 0xFFFF:  # writers without zip64 keep the low 16 bits only
        raise BrokenArchive(f"its list of files has {count:,} entries but says {declared:,}")


def _find_list(read_at: ReadAt, size: int) -> tuple[int, int, int, int]:
    """First byte and end of the list of files, how far offsets are to be shifted, and how many files it declares.

    Offsets are shifted where something stands before the archive, such as a program that unpacks it.
    """
    tail_start = max(0, size - _END64.size - _END64_LOCATOR.size - _END.size - 0xFFFF)
    tail = read_at(tail_start, size - tail_start)
    found = tail.rfind(b"PK\5\6", 0, max(0, len(tail) - _END.size + 4))
    if found == -1:
        raise BrokenArchive(
            "its list of files, which is at the end, is missing: it was cut off, or is not a zip archive"
        )
    _, disk, list_disk, _, count, list_size, list_offset, _ = _END.unpack_from(tail, found)
    stop = tail_start + found
    located = found - _END64_LOCATOR.size
    if located >= _END64.size and tail[located : located + 4] == b"PK\6\7":
        found = located - _END64.size
        signature, *_, disk, list_disk, _, count, list_size, list_offset = _END64.unpack_from(tail, found)
        if signature != b"PK\6\6":
            raise BrokenArchive("its list of files (zip64) is damaged")
        stop = tail_start + found
    if disk or list_disk:
        raise BrokenArchive("it is one part of a divided archive", "Join the parts first, with zip -s 0.")
    start = stop - list_size
    shift = start - list_offset
    if start < 0 or shift < 0:
        raise BrokenArchive("its list of files lies outside of it: a part is missing")
    return start, stop, shift, count


def _read_entry(block: bytes, base: int, *, place: int, shift: int) -> tuple[ZipEntry, int]:
    """The entry at this place of the file, and the place of the next one."""
    at = place - base
    if len(block) - at < _ENTRY.size or block[at : at + 4] != b"PK\1\2":
        raise BrokenArchive(f"its list of files is damaged at byte {place:,}")
    fields = _ENTRY.unpack_from(block, at)
    _, made_by, _, flags, method, _, _, crc, stored, size, *lengths, _, _, attributes, offset = fields
    name_bytes, extra_bytes, comment_bytes = lengths
    name_end = at + _ENTRY.size + name_bytes
    extra_end = name_end + extra_bytes
    if extra_end + comment_bytes > len(block):
        raise BrokenArchive(f"its list of files is damaged at byte {place:,}")
    if 0xFFFFFFFF in (size, stored, offset):
        size, stored, offset = _wide(block[name_end:extra_end], (size, stored, offset))
    system = made_by >> 8
    name = _decode_name(block[at + _ENTRY.size : name_end], system, flags=flags)
    mode = attributes >> 16 if system in (_UNIX, _MACOS) else 0
    entry = ZipEntry(name, name_bytes, system, mode, flags, method, crc, stored, size, offset + shift)
    return entry, base + extra_end + comment_bytes


def _wide(extra: bytes, values: tuple[int, int, int]) -> list[int]:
    """Sizes and offset, with those that do not fit 32 bits from the zip64 field."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if tag == 1 and len(field) >= 8 * values.count(0xFFFFFFFF):
            wide = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
            return [next(wide) if value == 0xFFFFFFFF else value for value in values]
    raise BrokenArchive("its list of files has a size or place without its zip64 field")


def _decode_name(raw: bytes, system: int, *, flags: int) -> str:
    if not flags & _UTF8_NAME and system not in (_UNIX, _MACOS):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("cp437")  # the standard's code page for names that are not marked as UTF-8
    return raw.decode("utf-8", "surrogateescape")


def _member(entry: ZipEntry, offsets: Sequence[int]) -> Member[ZipEntry]:
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFDIR or entry.name.endswith(("/", "\\")):
        return Member(entry.name, folder=True)
    if kind == stat.S_IFLNK:
        reason = "it is a symbolic link, and links in archives are not followed: pack the file itself (zip -r)"
        return Member(entry.name, special=MemberFault("link", reason))
    if kind not in (0, stat.S_IFREG):
        return Member(entry.name, special=MemberFault("not-a-file", "it is a pipe, a socket or a device: remove it"))
    return Member(entry.name, entry, fault=_fault(entry, offsets))


def _fault(entry: ZipEntry, offsets: Sequence[int]) -> MemberFault | None:
    if entry.flags & _ENCRYPTED:
        return MemberFault("encrypted", "it is encrypted: pack it again without a password")
    if entry.method not in (STORED, DEFLATED, BZIP2):
        method = _OTHER_METHODS.get(entry.method, f"method {entry.method}")
        reason = f"it is compressed with {method}, which Hubel does not read: pack it again with Deflate"
        return MemberFault("unsupported-compression", reason)
    following = bisect_left(offsets, entry.offset) + 1
    end = entry.offset + _LOCAL.size + entry.name_bytes + entry.stored
    if following < len(offsets) and end > offsets[following]:
        return MemberFault("overlap", "its bytes overlap those of another member, as in a zip bomb: pack it again")
    return fault_of_size(entry.size, entry.stored)


def read_zip_member(read_at: ReadAt, entry: ZipEntry) -> bytes:
    """The content, checked against its checksum; never more than the list of files says.

    Args:
        read_at: bytes of the archive.
        entry: the member.

    Raises:
        UnreadableImage: it is damaged.
    """
    content = _unpack(_stored_bytes(read_at, entry), entry)
    if len(content) > entry.size:
        raise UnreadableImage("lying-size", f"it holds more than the {entry.size:,} bytes it declares: remove it")
    if len(content) < entry.size or zlib.crc32(content) != entry.crc:
        raise UnreadableImage("corrupt", "its checksum in the archive does not match: copy or download it again")
    return content


def _stored_bytes(read_at: ReadAt, entry: ZipEntry) -> bytes:
    header = read_at(entry.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
        raise UnreadableImage("corrupt", "it is not where the archive says it is: copy or download the archive again")
    *_, name_bytes, extra_bytes = _LOCAL.unpack(header)
    packed = read_at(entry.offset + _LOCAL.size + name_bytes + extra_bytes, entry.stored)
    if len(packed) < entry.stored:
        raise UnreadableImage("truncated", "the archive ends inside it: copy or download the archive again")
    return packed


def _unpack(packed: bytes, entry: ZipEntry) -> bytes:
    """At most one byte more than the entry declares."""
    try:
        if entry.method == DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.size + 1)
        if entry.method == BZIP2:
            return bz2.BZ2Decompressor().decompress(packed, entry.size + 1)
    except (zlib.error, OSError, ValueError, EOFError) as error:
        reason = f"its content in the archive is damaged ({error}): copy or download it again"
        raise UnreadableImage("corrupt", reason) from error
    return packed
