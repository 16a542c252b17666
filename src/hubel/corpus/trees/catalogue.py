"""A folder, or an archive of any kind, as a tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hubel.corpus.trees.archive_tree import ArchiveTree
from hubel.corpus.trees.folder import FolderTree
from hubel.corpus.trees.member_stream import MemberStream, look_through
from hubel.corpus.trees.members import BrokenArchive, Member
from hubel.corpus.trees.stored_bytes import Spool, StoredBytes, file_bytes
from hubel.corpus.trees.tar_archive import read_tar, read_tar_member, tar_members
from hubel.corpus.trees.tree import Tree
from hubel.corpus.trees.zip_archive import read_zip, read_zip_member, zip_members
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent, ignore
from hubel.files import is_file

SIGNATURES = {
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06)"),
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),
    "tar": re.compile(rb".{257}ustar", re.DOTALL),
}
"""Kind of archive → how its content starts."""

TAR_ENDINGS = {
    ".tar": "tar",
    ".tar.gz": "gzip", ".tgz": "gzip",
    ".tar.bz2": "bzip2", ".tbz2": "bzip2",
    ".tar.xz": "xz", ".txz": "xz",
    ".tar.zst": "zstd", ".tzst": "zstd",
}  # fmt: skip
ENDINGS = {".zip": "zip", **TAR_ENDINGS}
"""End of a file's name → kind of archive."""

_LONGEST_SIGNATURE = 262
_READERS: dict[str, tuple[Callable[..., Iterator[Member[Any]]], Callable[..., bytes]]] = {
    "zip": (zip_members, read_zip_member),
    "tar": (tar_members, read_tar_member),
}
"""What goes through the list of an archive, and what reads a member."""


def is_archive(path: Path) -> bool:
    """A file whose content, or else whose name, is that of a zip or tar archive."""
    return bool(archive_kind(path))


def archive_kind(path: Path) -> str:
    """A name in `SIGNATURES`, by the content, or else by the name, so that a damaged archive is one; empty for none."""
    if not is_file(path):
        return ""
    try:
        with path.open("rb") as file:
            start = file.read(_LONGEST_SIGNATURE)
    except OSError:
        start = b""
    for kind, signature in SIGNATURES.items():
        if signature.match(start):
            return kind
    return next((kind for ending, kind in ENDINGS.items() if path.name.lower().endswith(ending)), "")


def open_tree(path: Path, on_event: OnEvent) -> Tree:
    """A folder or an archive as a tree; archives are listed now, and read without extraction.

    Args:
        path: of a folder, or of a zip or tar archive.
        on_event: hears `Progress`.

    Raises:
        UnusableCorpus: an archive that is damaged, or none.
    """
    return FolderTree(path) if path.is_dir() else open_archive(path, on_event)


def open_archive(path: Path, on_event: OnEvent, *, spool: Spool | None = None) -> ArchiveTree[Any]:
    """An archive as a tree.

    Args:
        path: a zip or tar archive, the latter compressed or not.
        on_event: hears `Progress`.
        spool: where a compressed tar is unpacked to; several may share one.

    Raises:
        UnusableCorpus: it is damaged, a bomb, or no archive.
    """
    with _naming(path):
        kind, stored = _stored(path, spool or Spool(), on_event=on_event)
        return read_zip(stored, on_event) if kind == "zip" else read_tar(stored, on_event)


def stream_archive(path: Path, on_event: OnEvent = ignore) -> MemberStream[Any]:
    """An archive's files in its own order, of however many.

    Args:
        path: a zip or tar archive, the latter compressed or not.
        on_event: hears `Progress`.

    Raises:
        UnusableCorpus: it is damaged, a bomb, or no archive.
    """
    with _naming(path):
        kind, stored = _stored(path, Spool(), on_event=on_event)
        in_order, read = _READERS["zip" if kind == "zip" else "tar"]
        return MemberStream(stored, partial(in_order, stored, ignore), read, look_through(in_order(stored, on_event)))


def _stored(path: Path, spool: Spool, *, on_event: OnEvent) -> tuple[str, StoredBytes]:
    kind = archive_kind(path)
    if not kind:
        raise UnusableCorpus(
            f"{path} is neither a zip nor a tar archive. Name a folder, or pack one: tar cf photos.tar cat dog"
        )
    return kind, file_bytes(path) if kind in ("zip", "tar") else spool.unpack(path, kind, on_event=on_event)


@contextmanager
def _naming(path: Path) -> Generator[None]:
    try:
        yield
    except BrokenArchive as error:
        form = "zip" if archive_kind(path) == "zip" else "tar"
        raise UnusableCorpus(f"{path} cannot be read as a {form} archive: {error.reason}. {error.cure}") from error
    except UnreadableImage as error:
        raise UnusableCorpus(f"{path} cannot be read: {error.reason}.") from error
