"""WebDataset: images and labels side by side in tar shards."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import write_image
from tests.unit.corpus.test_archives import contents, member, png, read, status, tar_bytes, write_any, write_tar

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import webdataset
from hubel.errors import HubelError, UnusableCorpus
from hubel.events import Event, Progress, ignore

IMAGE = png(7)


def shard(**labels: str) -> dict[str, bytes]:
    """One image with a .cls for each key."""
    images = {f"{key}.png": IMAGE for key in labels}
    return images | {f"{key}.cls": label.encode() for key, label in labels.items()}


def write_shards(root: Path, shards: Mapping[str, Mapping[str, bytes]]) -> Path:
    for name, files in shards.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_any(root / name, files)
    return root


def read_shards(root: Path) -> Corpus:
    assert webdataset.matches(root)
    return webdataset.read(root, ignore)


def labelled(corpus: Corpus) -> dict[str, str]:
    return {example.path: corpus.class_names[example.label] for example in corpus.examples}


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tgz"])
def test_a_folder_of_shards(tmp_path: Path, ending: str):
    files = {f"shard-{n}.{ending}": shard(**{f"{n}0": "cat", f"{n}1": "dog"}) for n in range(3)}
    corpus = read_shards(write_shards(tmp_path, files))
    assert corpus.format == "webdataset"
    assert labelled(corpus) == {
        f"shard-{n}.{ending}/{n}{place}.png": name for n in range(3) for place, name in enumerate(["cat", "dog"])
    }
    assert set(contents(corpus).values()) == {IMAGE}
    assert corpus.intake_counts == {"found": 12, "read": 6, "refused": 0, "ignored": 6}
    assert {row.code for row in corpus.left_out} == {"sidecar"}


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.zip"])
def test_a_single_archive_with_labels_beside_its_images(tmp_path: Path, name: str):
    corpus = read(write_any(tmp_path / name, shard(a="cat", b="dog")))
    assert corpus.format == "webdataset"
    assert labelled(corpus) == {"a.png": "cat", "b.png": "dog"}


def test_labels_in_class_folders_do_not_matter(tmp_path: Path):
    corpus = read(write_tar(tmp_path / "x.tar", {"cat/1.png": IMAGE, "cat/1.txt": b"a cat", "dog/1.png": IMAGE}))
    assert (corpus.format, corpus.class_names) == ("archive", ("cat", "dog"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.cls": b"3\n"}, "3"),
        ({"a.cls": b"03"}, "03"),
        ({"a.cls": "\ufeffGrünfink ".encode()}, "Grünfink"),
        ({"a.json": b'{"label": "cat", "class": "dog"}'}, "cat"),
        ({"a.json": b'{"width": 4, "target": 12}'}, "12"),
        ({"a.json": b'{"class_name": "cat"}', "a.txt": b"dog"}, "cat"),
        ({"a.cls": b"0", "a.json": b'{"label": "cat"}', "a.txt": b"dog"}, "0"),
        ({"a.json": b'{"width": 4}', "a.txt": b"dog"}, "dog"),
        ({"a.txt": b"dog\n"}, "dog"),
        ({"a.CLS": b"dog"}, "dog"),
    ],
)
def test_where_the_label_comes_from(tmp_path: Path, files: dict[str, bytes], expected: str):
    corpus = read(write_tar(tmp_path / "x.tar", {"a.png": IMAGE, **files}))
    assert labelled(corpus) == {"a.png": expected}


@pytest.mark.parametrize(
    ("files", "code", "words"),
    [
        ({"a.cls": b""}, "bad-label", "its label 'a.cls'.*no line or several"),
        ({"a.cls": b"cat\ndog"}, "bad-label", "no line or several"),
        ({"a.cls": b"\xff\xfe"}, "bad-label", "not UTF-8"),
        ({"a.json": b'{"label": '}, "bad-label", "its label 'a.json' cannot be used: it is not JSON"),
        ({"a.json": b"[" * 100_000}, "bad-label", "not JSON"),
        ({"a.json": b'{"label": true}'}, "bad-label", "its 'label' is True"),
        ({"a.json": b'{"label": ["cat"]}'}, "bad-label", r"its 'label' is \['cat'\]"),
        ({"a.json": b'{"label": "\\ud800"}'}, "bad-label", "write one class name"),
        ({"a.json": b" " * 1_000_001}, "bad-label", "1,000,001 bytes"),
        ({"a.json": b"5"}, "no-label", "add one"),
        ({"a.txt": b"a photograph of a cat on a mat, in the evening light of spring"}, "no-label", r"one-line \.txt"),
        ({"a.txt": b"cat\ndog"}, "no-label", "add one"),
        ({"a.npy": b"1"}, "no-label", "add one"),
    ],
)
def test_an_image_without_a_usable_label_is_refused(tmp_path: Path, files: dict[str, bytes], code: str, words: str):
    corpus = read(write_tar(tmp_path / "x.tar", {"a.png": IMAGE, **files, **shard(b="dog")}))
    assert labelled(corpus) == {"b.png": "dog"}
    assert [(row.path, row.code) for row in corpus.refused] == [("a.png", code)]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(corpus.refused[0].reason)


def test_a_label_without_an_image_is_refused(tmp_path: Path):
    files = {**shard(a="cat", b="dog"), "c.cls": b"cat", "readme.txt": b"hello", "info.json": b"{}", "d.npy": b"1"}
    corpus = read(write_tar(tmp_path / "x.tar", files))
    assert status(corpus) == {
        "a.cls": "ignored sidecar",
        "a.png": "read",
        "b.cls": "ignored sidecar",
        "b.png": "read",
        "c.cls": "refused no-image",
        "d.npy": "ignored sidecar",
        "info.json": "ignored sidecar",  # the labels of this archive are in .cls files
        "readme.txt": "ignored sidecar",
    }


def test_a_lonely_text_is_a_label_where_texts_are_labels(tmp_path: Path):
    corpus = read(write_tar(tmp_path / "x.tar", {"a.png": IMAGE, "a.txt": b"cat", "b.txt": b"dog"}))
    assert status(corpus)["b.txt"] == "refused no-image"


def test_every_member_of_hostile_shards_is_accounted_for(tmp_path: Path):
    files = {
        **shard(a="cat", b="dog"),
        "../c.png": IMAGE,
        "d.cls": b"dog",
        "e.png": b"",
        "e.CLS": b"cat",
        "e.cls": b"dog",
    }
    write_tar(tmp_path / "x.tar", files, member("d.png", tarfile.SYMTYPE, link="a.png"), member("b.cls", size=3))
    with tarfile.open(tmp_path / "x.tar") as archive:
        count = len(archive.getmembers())
    corpus = read_shards(tmp_path)
    counts = corpus.intake_counts
    assert counts["found"] == count == counts["read"] + counts["refused"] + counts["ignored"]
    assert {row.path: row.code for row in corpus.refused} == {
        "x.tar/../c.png": "climbing-name",
        "x.tar/b.png": "bad-label",  # its last label is three NULs
        "x.tar/d.png": "link",
    }
    assert next(row for row in corpus.refused if row.code == "link").class_name == "dog"


def test_images_of_one_key_stay_together(tmp_path: Path):
    files = {"a.left.png": IMAGE, "a.right.png": IMAGE, "a.cls": b"cat", **shard(b="dog")}
    corpus = read_shards(write_shards(tmp_path, {"x.tar": files}))
    assert [(example.path, example.group) for example in corpus.examples] == [
        ("x.tar/a.left.png", "x.tar/a"),
        ("x.tar/a.right.png", "x.tar/a"),
        ("x.tar/b.png", None),
    ]


@pytest.mark.parametrize(
    "names", [("train-0.tar", "val-0.tar", "test_0.tar"), ("train/0.tar", "valid/0.tar", "Test/0.tar")]
)
def test_splits_come_from_the_names_of_shards_or_their_folders(tmp_path: Path, names: tuple[str, ...]):
    corpus = read_shards(write_shards(tmp_path, {name: shard(a="cat", b="dog") for name in names}))
    given = {example.path.rsplit("/", 1)[0]: example.split for example in corpus.examples}
    assert [given[name] for name in names] == ["train", "validation", "test"]


def test_without_a_training_shard_no_split_is_given(tmp_path: Path):
    corpus = read_shards(write_shards(tmp_path, {"test-0.tar": shard(a="cat"), "shard-1.tar": shard(b="dog")}))
    assert {example.split for example in corpus.examples} == {None}


def test_files_beside_shards_are_ignored(tmp_path: Path):
    write_shards(tmp_path, {"data/0.tar": shard(a="cat", b="dog")})
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "LICENSE").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/old.tar").write_bytes(b"x")
    found = status(read_shards(tmp_path))
    assert {name: found[name] for name in ("README.md", "LICENSE", "other/old.tar")} == {
        "README.md": "ignored other-file",
        "LICENSE": "ignored outside-shards",
        "other/old.tar": "ignored outside-shards",
    }


def test_compressed_shards_end_where_they_end(tmp_path: Path):
    for name in ("0", "1"):
        whole = tar_bytes(shard(**{name: "cat"}), form=tarfile.USTAR_FORMAT).rstrip(b"\0")
        (tmp_path / f"{name}.tar.gz").write_bytes(gzip.compress(whole))  # without padding and end mark
    assert list(contents(read_shards(tmp_path))) == ["0.tar.gz/0.png", "1.tar.gz/1.png"]
    (tmp_path / "2.tar.gz").write_bytes(gzip.compress(whole + bytes(-len(whole) % 512) + b"half a header"))
    (tmp_path / "3.tar.gz").write_bytes(gzip.compress(whole))
    with pytest.raises(UnusableCorpus, match=r"2\.tar\.gz .*the archive is cut off"):
        webdataset.read(tmp_path, ignore)


def test_what_is_no_folder_of_shards(tmp_path: Path):
    write_shards(tmp_path / "mixed", {"backup.tar": shard(a="cat")})
    write_image(tmp_path / "mixed/cat/1.png", np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "empty").mkdir()
    write_shards(tmp_path / "deep/cat", {"0.tar": shard(a="cat")})
    for name in ("mixed", "empty", "deep", "mixed/backup.tar", "nothing"):
        assert not webdataset.matches(tmp_path / name)


def test_a_damaged_shard_is_named(tmp_path: Path):
    write_shards(tmp_path, {"0.tar": shard(a="cat"), "1.tar": shard(b="dog")})
    (tmp_path / "1.tar").write_bytes(b"nothing of the kind" * 40)
    with pytest.raises(UnusableCorpus, match=r"1\.tar cannot be read as a tar archive.*download it again"):
        webdataset.read(tmp_path, ignore)


def test_shards_without_any_label_say_what_a_label_is(tmp_path: Path):
    write_shards(tmp_path, {"0.tar": {"cat/1.png": IMAGE, "dog/1.png": IMAGE}})
    with pytest.raises(UnusableCorpus, match=r"No image in .* has a label: a \.cls.*class folders, name one of those"):
        webdataset.read(tmp_path, ignore)


def test_listing_many_shards_says_how_far_it_is(tmp_path: Path):
    events: list[Event] = []
    webdataset.read(write_shards(tmp_path, {f"{n}.tar": shard(a="cat") for n in range(3)}), events.append)
    assert events == [Progress("listing", n, 3, "shards") for n in (1, 2, 3)]


NAMES = st.sampled_from(
    ["a.png", "a.cls", "a.json", "a.txt", "a.x.png", "b.png", "b.CLS", "b.cls", "s/c.jpg", "s/c.cls"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(NAMES, st.one_of(st.binary(max_size=20), st.just(json.dumps({"label": "x"}).encode())), max_size=9)
)
def test_every_member_is_accounted_for_and_only_our_errors_leave(tmp_path: Path, files: dict[str, bytes]):
    (tmp_path / "x.tar").write_bytes(tar_bytes(files))
    try:
        corpus = webdataset.read(tmp_path, ignore)
    except HubelError as error:
        assert str(tmp_path) in str(error)
        return
    assert sorted(row.path for row in corpus.intake) == sorted(f"x.tar/{name}" for name in files)
