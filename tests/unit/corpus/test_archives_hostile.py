"""Hostile archives: no member gets away with anything, and whatever the bytes, only Hubel's own errors leave."""

from __future__ import annotations

import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.corpus.test_archives import (
    BOTH,
    FILES,
    Write,
    compressed,
    contents,
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

from hubel.corpus.formats import archives
from hubel.corpus.trees import members
from hubel.corpus.trees.catalogue import open_archive
from hubel.errors import HubelError, UnreadableImage, UnusableCorpus
from hubel.events import ignore
from hubel.images.decode import Limits


def row_of(path: Path, name: str):
    (row,) = (row for row in open_archive(path, ignore).rows() if row.path == name)
    return row


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../outside.txt", "climbing-name"),
        ("cat/../../outside.png", "climbing-name"),
        ("cat/../dog/1.png", "climbing-name"),
        ("..\\outside.png", "climbing-name"),
        ("/tmp/absolute.png", "absolute-name"),
        ("\\\\server\\share\\1.png", "absolute-name"),
        ("C:\\1.png", "absolute-name"),
        ("c:1.png", "absolute-name"),
        ("./.", "bad-name"),
        ("cat/" + "n" * 4100, "bad-name"),
        ("a/" * 101 + "1.png", "bad-name"),
    ],
)
@BOTH
def test_hostile_names_are_refused_one_by_one(tmp_path: Path, write: Write, name: str, code: str):
    corpus = read(write(tmp_path / "x", {**FILES, name: b"evil"}))
    assert corpus.intake_counts == {"found": 5, "read": 3, "refused": 1, "ignored": 1}
    assert corpus.refused[0].code == code
    assert ": " in corpus.refused[0].reason  # the cure


def test_a_nul_in_a_name_is_refused(tmp_path: Path):
    write_tar(tmp_path / "x.tar", FILES, member("x", path="cat/1.png\0.txt"))
    write_zip(tmp_path / "x.zip", FILES | {"cat/3xpng": b"1"})
    data = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(data.replace(b"cat/3xpng", b"cat/3\0png"))
    for name in ("x.tar", "x.zip"):
        assert [row.code for row in read(tmp_path / name).refused] == ["bad-name"]


@BOTH
def test_names_are_put_into_their_usual_form(tmp_path: Path, write: Write):
    files = {"./cat//1.png": b"1", "cat\\2.png": b"2", "dog/./3.png": b"3"}
    corpus = read(write(tmp_path / "x", files))
    assert contents(corpus) == {"cat/1.png": b"1", "cat/2.png": b"2", "dog/3.png": b"3"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@BOTH
def test_of_two_files_with_one_name_the_last_counts(tmp_path: Path, write: Write):
    corpus = read(write(tmp_path / "x", {**FILES, "./cat/1.png": b"new"}))
    rows = [row for row in corpus.intake if row.path == "cat/1.png"]
    assert sorted((row.status, row.code) for row in rows) == [("ignored", "replaced"), ("read", "")]
    assert contents(corpus)["cat/1.png"] == b"new"
    assert corpus.intake_counts["found"] == 5


@BOTH
def test_a_file_that_is_a_folder_as_well_is_refused(tmp_path: Path, write: Write):
    corpus = read(write(tmp_path / "x", {**FILES, "cat/a.png": b"1", "cat/a.png/b.png": b"2"}))
    assert [(row.path, row.code) for row in corpus.refused] == [("cat/a.png", "name-clash")]
    assert contents(corpus)["cat/a.png/b.png"] == b"2"


def test_a_file_with_the_name_of_an_empty_folder_is_refused(tmp_path: Path):
    path = write_tar(tmp_path / "x.tar", FILES, member("cat/1.png", tarfile.DIRTYPE))
    assert [(row.path, row.code) for row in read(path).refused] == [("cat/1.png", "name-clash")]


@pytest.mark.parametrize(
    ("info", "code", "words"),
    [
        (member("cat/x.png", tarfile.SYMTYPE, link="/etc/passwd"), "link", "'/etc/passwd'.*tar -h"),
        (member("cat/x.png", tarfile.LNKTYPE, link="../../etc/passwd"), "hard-link", r"'\.\./\.\./etc/passwd'.*pack that"),
        (member("cat/x.png", tarfile.LNKTYPE, link="dog/later.png"), "hard-link", "no earlier file"),
        (member("cat/x.png", tarfile.FIFOTYPE), "not-a-file", "remove it"),
        (member("cat/x.png", tarfile.CHRTYPE), "not-a-file", "device"),
        (member("cat/x.png", tarfile.BLKTYPE), "not-a-file", "type '4'"),
        (member("cat/x.png", b"M"), "not-a-file", "type 'M'"),
        (member("cat/x.png", tarfile.GNUTYPE_SPARSE), "sparse", "--sparse"),
        (member("cat/x.png", size=600, **{"GNU.sparse.major": "1"}), "sparse", "holes"),
    ],
)  # fmt: skip
def test_a_tar_member_that_is_no_ordinary_file_is_refused(tmp_path: Path, info: tarfile.TarInfo, code: str, words: str):
    corpus = read(write_tar(tmp_path / "x.tar", FILES, info, member("dog/later.png", size=3)))
    assert [(row.path, row.code) for row in corpus.refused] == [("cat/x.png", code)]
    assert len(corpus) == 4  # what follows is read all the same
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(corpus.refused[0].reason)


def test_a_hard_link_to_an_earlier_file_is_that_file(tmp_path: Path):
    link = member("dog/same.png", tarfile.LNKTYPE, link="./cat/1.png")
    assert contents(read(write_tar(tmp_path / "x.tar", FILES, link)))["dog/same.png"] == FILES["cat/1.png"]


def test_a_sparse_member_of_a_pax_tar_has_its_own_name(tmp_path: Path):
    pax = {"GNU.sparse.major": "1", "GNU.sparse.name": "cat/holes.png"}
    path = write_tar(tmp_path / "x.tar", FILES, member("GNUSparseFile.7/holes.png", size=600, **pax))
    assert [(row.path, row.code) for row in read(path).refused] == [("cat/holes.png", "sparse")]


def test_a_sparse_member_of_gnu_tar_is_refused_and_the_next_one_read(tmp_path: Path):
    info = member("cat/x.png", tarfile.GNUTYPE_SPARSE)
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[482] = 1  # the map goes on in the next block
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32)
    path = tmp_path / "x.tar"
    path.write_bytes(bytes(block) + b"\1" * 504 + bytes(8) + tar_bytes({"dog/1.png": b"1"}))
    assert status(read(path)) == {"cat/x.png": "refused sparse", "dog/1.png": "read"}


@pytest.mark.parametrize(
    ("mode", "code"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "not-a-file"), (stat.S_IFCHR, "not-a-file")]
)
def test_a_zip_member_that_is_no_ordinary_file_is_refused(tmp_path: Path, mode: int, code: str):
    path = write_zip(tmp_path / "x.zip", FILES)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("cat/x.png")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert [(row.path, row.code) for row in read(path).refused] == [("cat/x.png", code)]


def patched(path: Path, name: str, *, central: Mapping[int, bytes]) -> Path:
    """The zip with other bytes in the entry of one member, at these places of it."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(name.encode()) - 46
    assert data[entry : entry + 4] == b"PK\1\2"
    for place, value in central.items():
        data[entry + place : entry + place + len(value)] = value
    path.write_bytes(data)
    return path


def test_an_encrypted_member_is_refused(tmp_path: Path):
    path = patched(write_zip(tmp_path / "x.zip", FILES), "cat/1.png", central={8: b"\1"})
    assert row_of(path, "cat/1.png").code == "encrypted"
    assert "without a password" in row_of(path, "cat/1.png").reason


def test_a_method_that_is_not_read_is_named(tmp_path: Path):
    row = row_of(write_zip(tmp_path / "x.zip", FILES, method=zipfile.ZIP_LZMA), "cat/1.png")
    assert row.code == "unsupported-compression"
    assert "LZMA" in row.reason
    assert "Deflate" in row.reason


def test_a_member_that_unpacks_to_too_much_is_refused_by_what_it_declares(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", {**FILES, "cat/zeros.png": bytes(64_000_001)})
    assert row_of(path, "cat/zeros.png").code == "bomb"
    assert "to 64,000,001 bytes, more than 100 times" in row_of(path, "cat/zeros.png").reason


def test_a_small_member_may_unpack_to_any_multiple(tmp_path: Path):
    corpus = read(write_zip(tmp_path / "x.zip", {**FILES, "cat/zeros.png": bytes(9_000_000)}))
    assert contents(corpus)["cat/zeros.png"] == bytes(9_000_000)


@BOTH
def test_a_member_above_the_limit_is_refused(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(members, "CORPUS_LIMITS", Limits(max_bytes=100))
    corpus = read(write(tmp_path / "x", {**FILES, "dog/big.png": bytes(101), "dog/big.npy": bytes(101)}))
    assert status(corpus)["dog/big.png"] == "refused too-large"
    assert status(corpus)["dog/big.npy"] == "ignored other-file"


def test_a_member_that_holds_more_than_it_says_is_cut_off_while_it_is_read(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", {**FILES, "cat/lie.png": bytes(30_000_000)})
    corpus = read(patched(path, "cat/lie.png", central={24: struct.pack("<L", 1000)}))
    tracemalloc.start()
    error = error_of(corpus, "cat/lie.png")
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert error.code == "lying-size"
    assert "more than the 1,000 bytes it declares" in error.reason


def test_a_member_that_holds_less_than_it_says_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    corpus = read(patched(path, "cat/1.png", central={24: struct.pack("<L", 5000)}))
    assert error_of(corpus, "cat/1.png").code == "corrupt"


def test_a_member_that_is_not_where_the_zip_says_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    path.write_bytes(b"PK\3\5" + path.read_bytes()[4:])
    corpus = read(path)
    assert error_of(corpus, "cat/1.png").code == "corrupt"
    assert "not where the archive says" in error_of(corpus, "cat/1.png").reason


def test_a_member_that_reaches_beyond_the_end_of_a_zip_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", {"cat/1.png": b"1", "dog/1.png": b"2"}, method=zipfile.ZIP_STORED)
    corpus = read(patched(path, "dog/1.png", central={20: struct.pack("<LL", 10_000, 10_000)}))
    assert error_of(corpus, "dog/1.png").code == "truncated"


def test_members_that_share_their_bytes_are_refused(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    with zipfile.ZipFile(path) as archive:
        there = archive.getinfo("cat/1.png").header_offset
    patched(path, "cat/2.png", central={42: struct.pack("<L", there)})
    assert [row.path for row in read(path).refused if row.code == "overlap"] == ["cat/1.png", "cat/2.png"]


def test_a_member_that_runs_into_the_next_one_is_refused(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES, method=zipfile.ZIP_STORED)
    more = struct.pack("<LL", len(FILES["cat/1.png"]) + 40, len(FILES["cat/1.png"]) + 40)
    corpus = read(patched(path, "cat/1.png", central={20: more}))
    assert [(row.path, row.code) for row in corpus.refused] == [("cat/1.png", "overlap")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_flipped_bit_in_a_zip_is_noticed(tmp_path: Path, method: int):
    path = write_zip(tmp_path / "x.zip", FILES, method=method)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("cat/2.png")
    data = bytearray(path.read_bytes())
    data[info.header_offset + 30 + len("cat/2.png") + info.compress_size // 2] ^= 0x10
    path.write_bytes(data)
    corpus = read(path)
    assert error_of(corpus, "cat/2.png").code == "corrupt"
    assert corpus.read(0) == FILES["cat/1.png"]


def test_more_members_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(members, "MAX_MEMBERS", 3)
    for ending in ("zip", "tar"):
        with pytest.raises(UnusableCorpus, match=rf"x\.{ending} .*more than 3 members\. Divide it"):
            read(write_any(tmp_path / f"x.{ending}", FILES))


def _base_tar() -> tuple[bytes, list[int]]:
    """A tar with every kind of header, and where its headers are."""
    long = "folder/" * 20 + "n" * 120 + ".png"
    data = tar_bytes(
        {**FILES, long: b"long", "dog/caf\u00e9.png": b"1"},
        member("dog", tarfile.DIRTYPE),
        member("dog/same.png", tarfile.LNKTYPE, link="cat/1.png"),
        member("dog/link.png", tarfile.SYMTYPE, link="cat/1.png"),
        member("dog/holes.png", tarfile.GNUTYPE_SPARSE),
        member("dog/attributes.png", **{"comment": "x" * 600, "GNU.sparse.major": "1"}),
    )
    data = data.rstrip(b"\0") + bytes(-len(data.rstrip(b"\0")) % 512)
    data += tar_bytes({long: b"long in GNU style"}, form=tarfile.GNU_FORMAT)
    return data, [place for place in range(0, len(data), 512) if data[place + 257 : place + 262] == b"ustar"]


BASE_TAR, HEADERS = _base_tar()
BASE_ZIP = zip_bytes({**FILES, "cat/zeros.png": bytes(3000)})
EDITS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=9)), max_size=6)


def edited(data: bytes, edits: list[tuple[float, bytes]], end: float) -> bytearray:
    changed = bytearray(data[: round(len(data) * end)])
    for where, value in edits:
        place = int(where * len(changed))
        changed[place : place + len(value)] = value
    return changed


def read_everything(path: Path, data: bytes) -> None:
    """Only Hubel's own errors, and every file accounted for."""
    path.write_bytes(data)
    try:
        found = list(open_archive(path, ignore).rows())
        corpus = archives.read(path, ignore)
    except HubelError as error:
        assert path.name in str(error)
        return
    counts = corpus.intake_counts
    assert len(found) == counts["found"] == counts["read"] + counts["refused"] + counts["ignored"]
    for index in range(len(corpus)):
        try:
            corpus.read(index)
        except UnreadableImage as error:
            assert error.code
    assert all(row.code and ": " in row.reason for row in corpus.refused)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(EDITS, st.one_of(st.just(1.0), st.floats(0, 1)))
def test_whatever_the_bytes_of_a_zip_only_our_errors_leave(
    tmp_path: Path, edits: list[tuple[float, bytes]], end: float
):
    read_everything(tmp_path / "x.zip", edited(BASE_ZIP, edits, end))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["list", "end"]), st.integers(0, 70), st.binary(min_size=1, max_size=4)), max_size=4
    )
)
def test_whatever_a_zip_lists_only_our_errors_leave(tmp_path: Path, edits: list[tuple[str, int, bytes]]):
    changed = bytearray(BASE_ZIP)
    starts = {"list": BASE_ZIP.index(b"PK\1\2"), "end": len(BASE_ZIP) - 22}
    for where, place, value in edits:
        at = min(starts[where] + place, len(changed) - len(value))
        changed[at : at + len(value)] = value
    read_everything(tmp_path / "x.zip", changed)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(EDITS, st.one_of(st.just(1.0), st.floats(0, 1)), st.booleans())
def test_whatever_the_bytes_of_a_tar_only_our_errors_leave(
    tmp_path: Path, edits: list[tuple[float, bytes]], end: float, checksums: bool
):
    changed = edited(BASE_TAR, edits, end)
    for place in HEADERS if checksums else ():  # so that the change gets past the first check
        block = changed[place : place + 512]
        if len(block) == 512:
            changed[place + 148 : place + 156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32)
    read_everything(tmp_path / "x.tar", changed)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(["gzip", "bz2", "zstd"]), EDITS, st.one_of(st.just(1.0), st.floats(0, 1)))
def test_whatever_the_bytes_of_a_compressed_tar_only_our_errors_leave(
    tmp_path: Path, codec: str, edits: list[tuple[float, bytes]], end: float
):
    ending = {"gzip": "gz", "bz2": "bz2", "zstd": "zst"}[codec]
    read_everything(tmp_path / f"x.tar.{ending}", edited(compressed(BASE_TAR, codec), edits, end))
