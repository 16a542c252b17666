"""Broken archives: named, with what is wrong and the cure; what is whole is kept."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.unit.corpus.test_archives import (
    BOTH,
    FILES,
    Write,
    compressed,
    error_of,
    member,
    read,
    status,
    tar_bytes,
    write_any,
    write_tar,
    write_zip,
    zip_bytes,
)

from hubel.corpus.trees.catalogue import open_archive
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import ignore


def test_a_zip_that_was_cut_off_is_named_with_the_cure(tmp_path: Path):
    path = write_zip(tmp_path / "photos.zip", FILES)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        UnusableCorpus, match=r"photos\.zip cannot be read as a zip .*cut off.*Copy or download it again"
    ):
        read(path)


def test_a_tar_that_was_cut_off_keeps_what_is_whole(tmp_path: Path):
    path = tmp_path / "x.tar"
    data = tar_bytes({"cat/1.png": b"1" * 600, "dog/1.png": b"2" * 600}, form=tarfile.USTAR_FORMAT)
    path.write_bytes(data[: 512 + 1024 + 512 + 599])
    corpus = read(path)
    assert status(corpus) == {"cat/1.png": "read", "dog/1.png": "refused truncated"}
    assert "copy or download the archive again" in corpus.refused[0].reason
    path.write_bytes(data[: 512 + 1024 + 100])
    with pytest.raises(UnusableCorpus, match=r"x\.tar .*at byte 1,536 \(the archive is cut off\)"):
        read(path)


def test_a_damaged_header_in_a_tar_is_named(tmp_path: Path):
    data = bytearray(tar_bytes({"cat/1.png": b"1", "dog/1.png": b"2"}, form=tarfile.USTAR_FORMAT))
    data[1024 + 3] ^= 1
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(UnusableCorpus, match=r"no header of a file at byte 1,024 \(its checksum does not match\)"):
        read(tmp_path / "x.tar")


@pytest.mark.parametrize("ending", ["tar.gz", "tar.bz2", "tar.xz", "tar.zst"])
def test_a_compressed_tar_that_was_cut_off_is_named(tmp_path: Path, ending: str):
    path = write_any(tmp_path / f"x.{ending}", {**FILES, "cat/noise.png": os.urandom(50_000)})
    path.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(UnusableCorpus, match=rf"x\.{ending} .*compression is damaged or cut off.*download it again"):
        read(path)


def test_a_compressed_file_that_is_no_tar_is_named(tmp_path: Path):
    (tmp_path / "x.gz").write_bytes(compressed(b"name,label\n" * 500, "gzip"))
    with pytest.raises(
        UnusableCorpus, match=r"x\.gz cannot be read as a tar archive: its content is not a tar archive"
    ):
        read(tmp_path / "x.gz")


def test_a_zip_with_a_damaged_list_of_files_says_where(tmp_path: Path):
    whole = zip_bytes(FILES)
    entry, end = whole.rindex(b"PK\1\2"), len(whole) - 22
    for name, data, words in [
        ("start.zip", whole[50:], "a part is missing"),
        ("count.zip", whole[: end + 10] + b"\7" + whole[end + 11 :], "has 4 entries but says 7"),
        ("mark.zip", whole[:entry] + b"PK\1\3" + whole[entry + 4 :], f"damaged at byte {entry:,}"),
        ("name.zip", whole[: entry + 28] + b"\xff" + whole[entry + 29 :], f"damaged at byte {entry:,}"),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(
            UnusableCorpus, match=rf"{name} cannot be read as a zip archive: .*{words}.*download it again"
        ):
            read(tmp_path / name)


def test_a_zip_with_a_damaged_64_bit_part_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 20)
    data = zip_bytes(FILES)
    for place, words in [(data.index(b"PK\6\6"), "zip64.* is damaged"), (data.index(b"PK\1\2") + 55, "zip64 field")]:
        (tmp_path / "x.zip").write_bytes(data[:place] + b"ZZ" + data[place + 2 :])
        with pytest.raises(UnusableCorpus, match=words):
            read(tmp_path / "x.zip")


def test_a_damaged_extension_of_a_tar_header_is_named(tmp_path: Path):
    pax = tar_bytes({}, member("cat/1.png", size=3, path="cat/2.png"))
    for data, words in [
        (member("x", b"x", size=1_000_001).tobuf(tarfile.USTAR_FORMAT) + bytes(600), "1,000,001 bytes long"),
        (member("x", b"L", size=700).tobuf(tarfile.GNU_FORMAT) + bytes(600), "cut off inside of a header"),
        (pax.replace(b"18 path=", b"99 path="), "pax headers is damaged"),
        (pax.replace(b"18 path=cat/2.png\n", b"11 size=4x\n7 a=bc\n"), "gives the size '4x'"),
    ]:
        (tmp_path / "x.tar").write_bytes(data)
        with pytest.raises(UnusableCorpus, match=rf"x\.tar cannot be read as a tar archive: .*{words}"):
            read(tmp_path / "x.tar")


def test_a_part_of_a_divided_zip_says_to_join_it(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    data = bytearray(path.read_bytes())
    data[-18] = 2
    path.write_bytes(data)
    with pytest.raises(UnusableCorpus, match="one part of a divided archive. Join the parts"):
        read(path)


def test_an_archive_that_changes_while_it_is_read_is_noticed(tmp_path: Path):
    path = write_tar(tmp_path / "x.tar", FILES)
    corpus = read(path)
    write_tar(path, {**FILES, "cat/3.png": b"1" * 20_000})
    assert error_of(corpus, "cat/1.png").code == "changed"
    path.unlink()
    assert error_of(corpus, "cat/1.png").code == "vanished"


@BOTH
def test_a_file_that_is_not_in_the_archive_cannot_be_read(tmp_path: Path, write: Write):
    with pytest.raises(UnreadableImage, match="no such file"):
        open_archive(write(tmp_path / "x", FILES), ignore).read("cat/9.png")
