"""Compressed archives: unpacked once, into a file without a name, and never beyond measure."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.unit.corpus.test_archives import FILES, read, write_any

from hubel.corpus.formats import archives
from hubel.corpus.trees.stored_bytes import Spool
from hubel.errors import UnusableCorpus
from hubel.events import Event, Progress, ignore


def test_unpacking_leaves_no_file_and_says_how_far_it_is(tmp_path: Path, private_cache: Path):
    path = write_any(tmp_path / "x.tar.gz", {f"{name}/1.png": os.urandom(2_000_000) for name in ("cat", "dog")})
    before = sorted(private_cache.rglob("*")) if private_cache.exists() else []
    events: list[Event] = []
    corpus = archives.read(path, events.append)
    assert len(corpus.read(0)) == 2_000_000
    assert sorted(private_cache.rglob("*")) == before
    assert sorted(tmp_path.iterdir()) == [path]
    unpacking = [event for event in events if isinstance(event, Progress) and event.stage == "unpacking"]
    assert unpacking
    assert {event.total for event in unpacking} == {path.stat().st_size}
    assert all(0 < event.done <= event.total for event in unpacking)


def test_a_bomb_is_stopped_while_it_is_unpacked(tmp_path: Path):
    path = write_any(tmp_path / "x.tar.bz2", {"cat/1.png": bytes(70_000_000)})
    with pytest.raises(UnusableCorpus, match=r"x\.tar\.bz2 .*more than 100 times its [\d,]+ bytes, as a bomb does"):
        read(path)


def test_small_archives_may_unpack_to_any_multiple(tmp_path: Path):
    assert len(read(write_any(tmp_path / "x.tar.gz", {"cat/1.png": bytes(9_000_000), "dog/1.png": b"1"}))) == 2


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "Read-only file system")]
)
def test_a_full_disk_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private_cache: Path, number: int, words: str
):
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(UnusableCorpus, match=rf"x\.tgz .*{private_cache}: {words}. Set HUBEL_CACHE"):
        read(write_any(tmp_path / "x.tgz", FILES))


def test_unpacking_can_be_stopped(tmp_path: Path):
    def stop(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archives.read(write_any(tmp_path / "x.tar.xz", FILES), stop)


def test_several_compressed_files_are_read_from_one_unpacked_one_without_pread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(os, "pread")  # as on Windows
    corpus = read(write_any(tmp_path / "x.tar.gz", FILES))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(corpus.read, [0, 1, 2] * 50)) == [FILES[each.path] for each in corpus.examples] * 50


def test_what_is_unpacked_into_one_file_stays_apart(tmp_path: Path):
    spool = Spool()
    parts = []
    for name, content in [("1", b"first"), ("2", b"second")]:
        (tmp_path / name).write_bytes(gzip.compress(content))
        parts.append(spool.unpack(tmp_path / name, "gzip", on_event=ignore))
    for part, content in zip(parts, [b"first", b"second"], strict=True):
        with part.reading() as read_at:
            assert (part.size, read_at(0, 99), read_at(2, 99), read_at(99, 1)) == (
                len(content),
                content,
                content[2:],
                b"",
            )
