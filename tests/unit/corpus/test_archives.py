"""Archives: read where they lie, and no member gets away with anything."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import archives
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import make_reading
from hubel.corpus.trees import members
from hubel.corpus.trees.catalogue import is_archive, open_archive, open_tree
from hubel.corpus.trees.folder import FolderTree
from hubel.errors import UnreadableImage, UnusableCorpus, WrongRequest
from hubel.events import ignore


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {"cat/1.png": png(1), "cat/2.png": png(2), "dog/1.png": png(3), "README.md": b"hello"}


def zip_bytes(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_zip(path: Path, files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path.write_bytes(zip_bytes(files, method=method))
    return path


def tar_bytes(files: Mapping[str, bytes], *more: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, errors="surrogateescape") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def write_tar(path: Path, files: Mapping[str, bytes], *more: tarfile.TarInfo) -> Path:
    path.write_bytes(tar_bytes(files, *more))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, *, link: str = "", size: int = 0, **pax: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.pax_headers = kind, link, size, dict(pax)
    return info


def compressed(data: bytes, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def write_any(path: Path, files: Mapping[str, bytes]) -> Path:
    """An archive of the kind that the name's ending says, by the standard library's own writers."""
    ending = path.name.partition(".")[2]
    if ending == "zip":
        return write_zip(path, files)
    if ending in ("tar.zst", "tzst"):
        path.write_bytes(compressed(tar_bytes(files), "zstd"))
        return path
    mode = {"tar": "w", "tgz": "w:gz", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}[ending]
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def read(path: Path) -> Corpus:
    return archives.read(path, ignore)


def status(corpus: Corpus) -> dict[str, str]:
    return {row.path: f"{row.status} {row.code}".strip() for row in corpus.intake}


def contents(corpus: Corpus) -> dict[str, object]:
    return {example.path: corpus.read(index) for index, example in enumerate(corpus.examples)}


def error_of(corpus: Corpus, path: str) -> UnreadableImage:
    place = [example.path for example in corpus.examples].index(path)
    with pytest.raises(UnreadableImage) as caught:
        corpus.read(place)
    return caught.value


ENDINGS = ("zip", "tar", "tgz", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tzst")
BOTH = pytest.mark.parametrize("write", [write_zip, write_tar], ids=["zip", "tar"])
Write = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_archive_holds_what_the_folder_held(tmp_path: Path, ending: str):
    for name, content in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(content)
    folder = read_corpus(tmp_path / "folder")
    corpus = read(write_any(tmp_path / f"photos.{ending}", FILES))
    assert corpus.format == "archive"
    assert (corpus.class_names, corpus.examples) == (folder.class_names, folder.examples)
    assert (status(corpus), contents(corpus)) == (status(folder), contents(folder))
    assert corpus.notes == ()


NAMES = st.text(st.characters(exclude_characters="\0\\/:"), min_size=1, max_size=40)
PATHS = st.builds(
    lambda folder, name, long: f"{folder}/{name}{'n' * long}.png",
    NAMES.filter(lambda name: name.strip(".") and not members.is_debris_folder(name)),
    NAMES.filter(lambda name: not name.startswith("._")),
    st.sampled_from([0, 0, 90, 230]),
)
ESCAPED = PATHS.map(lambda path: path.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(ESCAPED, st.binary(max_size=1500), min_size=1, max_size=5), st.sampled_from(["ustar", "gnu", "pax"])
)
def test_any_name_and_content_that_tarfile_writes_is_read(tmp_path: Path, files: dict[str, bytes], form: str):
    forms = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
    if form == "ustar":  # names of more than 100 bytes need a folder to be cut at
        files = {f"{number}.png": content for number, content in enumerate(files.values())}
    (tmp_path / "x.tar").write_bytes(tar_bytes(files, form=forms[form]))
    tree = open_archive(tmp_path / "x.tar", ignore)
    assert {row.path: tree.read(row.path) for row in tree.rows()} == files


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(PATHS, st.binary(max_size=1500), min_size=1, max_size=5),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
)
def test_any_name_and_content_that_zipfile_writes_is_read(tmp_path: Path, files: dict[str, bytes], method: int):
    files = {path.encode("utf-8", "replace").decode(): content for path, content in files.items()}
    tree = open_archive(write_zip(tmp_path / "x.zip", files, method=method), ignore)
    assert {row.path: tree.read(row.path) for row in tree.rows()} == files


def test_a_ustar_name_in_two_parts_is_put_together(tmp_path: Path):
    name = f"{'folder' * 20}/{'n' * 90}.png"
    (tmp_path / "x.tar").write_bytes(tar_bytes({name: b"1"}, form=tarfile.USTAR_FORMAT))
    assert [row.path for row in open_archive(tmp_path / "x.tar", ignore).rows()] == [name]


@BOTH
def test_names_that_are_not_utf8_are_kept_byte_for_byte(tmp_path: Path, write: Write):
    path = write(tmp_path / "x", {"cat/AB.png": b"1", "dog/1.png": b"2"})
    changed = path.read_bytes().replace(b"cat/AB.png", b"cat/\xff\xfe.png")
    if write is write_tar:  # the header's own checksum: 'A' + 'B' became 0xff + 0xfe
        old = int(changed[148:154], 8)
        changed = changed[:148] + b"%06o" % (old + 0xFF + 0xFE - ord("A") - ord("B")) + changed[154:]
    path.write_bytes(changed)
    corpus = read(path)
    assert [os.fsencode(example.path) for example in corpus.examples] == [b"cat/\xff\xfe.png", b"dog/1.png"]
    assert corpus.read(0) == b"1"


def test_an_old_windows_name_is_read_by_its_code_page(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", {"cat/AB.png": b"1"})
    data = bytearray(path.read_bytes().replace(b"cat/AB.png", b"cat/\x84\x94.png"))
    data[data.rindex(b"PK\1\2") + 5] = 0  # made by DOS
    path.write_bytes(data)
    assert [row.path for row in open_archive(path, ignore).rows()] == ["cat/äö.png"]


def test_large_archives_with_64_bit_fields_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 20)  # as if 20 bytes did not fit 32 bits
    path = write_zip(tmp_path / "x.zip", {f"cat/{n}.png": bytes([n]) * 50 for n in range(5)})
    monkeypatch.undo()
    data = path.read_bytes()
    assert b"PK\6\6" in data
    assert b"PK\6\7" in data
    assert contents(read(path)) == {f"cat/{n}.png": bytes([n]) * 50 for n in range(5)}


def test_a_list_of_files_of_more_than_a_block_is_read(tmp_path: Path):
    files = {f"cat/{'n' * 200}{n}.png": b"%d" % n for n in range(5000)}
    corpus = read(write_zip(tmp_path / "x.zip", files, method=zipfile.ZIP_STORED))
    assert [example.path for example in corpus.examples] == sorted(files)
    assert corpus.read(0) == b"0"


def test_a_zip_behind_a_program_is_read(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    path.write_bytes(b"#!/bin/sh\nexit\n" * 9 + path.read_bytes() + b"")
    assert len(contents(read(path))) == 3


@pytest.mark.parametrize("kind", ["size in base 256", "signed checksum", "volume label", "link that has a size"])
def test_rare_tar_headers_are_read(tmp_path: Path, kind: str):
    block = bytearray(member("cat/caf\u00e9.png", size=3).tobuf(tarfile.GNU_FORMAT))
    first = b""
    if kind == "size in base 256":
        block[124:136] = b"\x80" + (3).to_bytes(11)
    if kind == "volume label":
        first = member("my photos", b"V").tobuf(tarfile.GNU_FORMAT)
    if kind == "link that has a size":
        first = member("cat/1.png", tarfile.SYMTYPE, link="x", size=700).tobuf(tarfile.GNU_FORMAT)
    signed = -256 * sum(byte > 127 for byte in block) if kind == "signed checksum" else 0
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 8 * 32 + signed)
    path = tmp_path / "x.tar"
    path.write_bytes(first + block + b"abc" + bytes(509) + tar_bytes({"dog/1.png": b"1"}))
    with tarfile.open(path) as archive:
        names = {info.name for info in archive if info.isreg() and info.type != b"V"}
    corpus = read(path)
    assert contents(corpus) == {"cat/caf\u00e9.png": b"abc", "dog/1.png": b"1"}
    assert names == set(contents(corpus))
    assert [row.code for row in corpus.left_out] == (["link"] if kind == "link that has a size" else [])


def test_a_pax_header_for_all_files_is_heard(tmp_path: Path):
    with tarfile.open(tmp_path / "x.tar", "w", pax_headers={"path": "cat/all.png"}) as archive:
        archive.addfile(member("cat/1.png", size=3), io.BytesIO(b"abc"))
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert archive.getnames() == ["cat/all.png"]
    assert contents(read(tmp_path / "x.tar")) == {"cat/all.png": b"abc"}


def test_tars_joined_with_cat_are_read_to_the_end(tmp_path: Path):
    (tmp_path / "x.tar").write_bytes(tar_bytes({"cat/1.png": b"1"}) + tar_bytes({"dog/1.png": b"2"}))
    assert contents(read(tmp_path / "x.tar")) == {"cat/1.png": b"1", "dog/1.png": b"2"}


def test_what_stands_behind_the_end_mark_of_a_tar_does_not_matter(tmp_path: Path):
    (tmp_path / "x.tar").write_bytes(tar_bytes(FILES) + b"left over from a longer tape" * 40)
    assert len(contents(read(tmp_path / "x.tar"))) == 3


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_several_threads_read_at_once(tmp_path: Path, ending: str):
    files = {f"{name}/{n:03}.png": os.urandom(5000) for name in ("cat", "dog") for n in range(100)}
    corpus = read(write_any(tmp_path / f"x.{ending}", files))
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(corpus.read, list(range(200)) * 5))
    assert got == [files[example.path] for example in corpus.examples] * 5


def test_the_content_decides_and_then_the_name(tmp_path: Path):
    write_zip(tmp_path / "zip_without_ending", FILES)
    write_any(tmp_path / "photos.tar.gz", FILES).rename(tmp_path / "photos.zip")
    (tmp_path / "broken.TAR.XZ").write_bytes(b"nothing of the kind")
    (tmp_path / "letter.docx.txt").write_bytes(b"PK")
    assert {path.name for path in tmp_path.iterdir() if is_archive(path)} == {
        "zip_without_ending",
        "photos.zip",
        "broken.TAR.XZ",
    }
    assert len(read(tmp_path / "zip_without_ending")) == len(read(tmp_path / "photos.zip")) == 3


@pytest.mark.timeout(20)
def test_a_named_pipe_is_no_archive_and_never_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "photos.zip")
    assert not is_archive(tmp_path / "photos.zip")


def test_a_tree_is_a_folder_or_an_archive(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", FILES)
    assert open_tree(tmp_path, ignore) == FolderTree(tmp_path)
    assert [row.path for row in open_tree(path, ignore).rows()] == sorted(FILES)
    (tmp_path / "notes").write_text("x")
    with pytest.raises(UnusableCorpus, match=r"notes is neither a zip nor a tar archive.*tar cf"):
        open_tree(tmp_path / "notes", ignore)


@BOTH
def test_a_folder_around_everything_is_skipped_and_mentioned(tmp_path: Path, write: Write):
    extra = {"photos/README.md": b"x", "__MACOSX/photos/cat/._1.png": b"x"}
    corpus = read(write(tmp_path / "x", {f"photos/{name}": content for name, content in FILES.items()} | extra))
    assert corpus.class_names == ("cat", "dog")
    assert corpus.examples[0].path == "photos/cat/1.png"
    assert corpus.notes == ("Everything is in 'photos/', which is taken as the corpus.",)
    assert corpus.intake_counts == {"found": 5, "read": 3, "refused": 0, "ignored": 2}


def test_a_folder_around_one_folder_only_is_a_class(tmp_path: Path):
    corpus = read(write_zip(tmp_path / "x.zip", {"photos/cat/1.png": b"1", "photos/2.png": b"2"}))
    assert corpus.class_names == ("photos",)


def test_splits_are_found_below_a_folder_around_everything(tmp_path: Path):
    files = {f"photos/{split}/{name}/1.png": b"1" for split in ("train", "test") for name in ("cat", "dog")}
    corpus = read(write_zip(tmp_path / "x.zip", files))
    assert corpus.class_names == ("cat", "dog")
    assert [example.split for example in corpus.examples] == ["test", "test", "train", "train"]


def test_a_folder_beside_another_is_a_class_although_it_has_folders(tmp_path: Path):
    corpus = read(write_zip(tmp_path / "x.zip", {"cat/a/1.png": b"1", "cat/b/1.png": b"1", "dog/1.png": b"1"}))
    assert corpus.class_names == ("cat", "dog")


def test_an_empty_folder_is_no_class_and_is_mentioned(tmp_path: Path):
    path = write_tar(tmp_path / "x.tar", FILES, member("horse", tarfile.DIRTYPE))
    assert read(path).notes == ("Folder 'horse' holds no images, so it is not a class.",)


def test_class_names_that_look_alike_are_kept_apart(tmp_path: Path):
    names = ["Cat", "cat", "cat.", "caf\u00e9", "cafe\u0301", "dog"]
    corpus = read(write_zip(tmp_path / "x.zip", {f"{name}/1.png": b"1" for name in names}))
    assert corpus.class_names == tuple(sorted(names))


def test_an_archive_without_class_folders_says_how_it_should_be(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match=r"has no class folders.*cat/1\.jpg"):
        read(write_zip(tmp_path / "x.zip", {"1.png": b"1"}))


def test_where_nothing_is_left_the_first_refused_file_is_named(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match=r"Files refused: 1. First: '\.\./1\.png': its name climbs up"):
        read(write_zip(tmp_path / "x.zip", {"../1.png": b"1"}))


def test_parts_are_told_from_classes_in_an_archive_too(tmp_path: Path):
    files = {f"x/{part}/{name}/1.png": b"1" for part in ("seg_train", "seg_test") for name in ("cat", "dog")}
    path = write_zip(tmp_path / "x.zip", {**files, "x/seg_pred/1.png": b"1", "__MACOSX/x/._a.png": b"1"})
    corpus = read(path)
    assert [(example.path, example.split) for example in corpus.examples] == [
        ("x/seg_test/cat/1.png", "test"),
        ("x/seg_test/dog/1.png", "test"),
        ("x/seg_train/cat/1.png", "train"),
        ("x/seg_train/dog/1.png", "train"),
    ]
    assert {row.path: row.code for row in corpus.left_out} == {
        "__MACOSX/x/._a.png": "debris",
        "x/seg_pred/1.png": "unlabelled",
    }
    assert not any("predict" in str(note) for note in corpus.notes)  # no part of an archive can be named there
    again = read_corpus(path, reading=make_reading({"splits": "none"}))
    assert again.class_names == ("seg_pred", "seg_test", "seg_train")


def test_an_archive_of_labelled_images_has_no_folders_to_choose(tmp_path: Path):
    path = write_zip(tmp_path / "x.zip", {"1.png": b"1", "1.cls": b"cat"})
    with pytest.raises(
        WrongRequest, match=r"x\.zip holds a label beside each image, and no folders that could be parts"
    ):
        read_corpus(path, reading=make_reading({"splits": "train=a"}))
