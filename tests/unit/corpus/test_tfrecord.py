"""TFRecord files: which features are what, and files that are cut off, damaged, or ask for too much."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import write_image
from tests.unit.corpus.listed import classes
from tests.unit.corpus.listed import read_file as read
from tests.unit.corpus.records import crc, example, records

from hubel.corpus.formats.checksum import crc32c
from hubel.corpus.formats.example_message import read_features
from hubel.errors import HubelError, UnreadableImage, UnusableCorpus


def test_checksums_are_those_of_the_standard_and_of_a_slow_reference():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    rng = np.random.default_rng(0)
    for size in (0, 1, 2047, 2048, 2049, 5000, 10_007):
        data = rng.bytes(size)
        masked = crc(data) - 0xA282EAD8 & 0xFFFFFFFF
        assert crc32c(data) == (masked >> 17 | masked << 15) & 0xFFFFFFFF


def test_features_of_every_kind_are_read():
    data = example(a=b"one", b=[b"x", b"y"], c=-5, d=[1, 2, 3], e=[1.5, 2.5], f=2**63 - 1, empty=[b""])
    features = read_features(data)
    assert {name: feature[1:] for name, feature in features.items()} == {
        "a": (1, b"one"), "b": (2, b"x"), "c": (1, -5), "d": (2, 1), "e": (2, None), "f": (1, 2**63 - 1),
        "empty": (1, b""),
    }  # fmt: skip
    assert [feature.kind for feature in features.values()] == [
        "bytes",
        "bytes",
        "int64",
        "int64",
        "float",
        "int64",
        "bytes",
    ]


def test_text_is_preferred_to_numbers_and_odd_records_are_refused_one_by_one(tmp_path: Path):
    rows = [
        example(image__encoded=b"A", image__class__label=7, image__class__text=b"cat", image__filename=b"a.jpg"),
        example(image__encoded=b"B", image__class__label=7),
        example(image__encoded=b"C", image__class__label=[1, 2]),
        example(image__encoded=b"D", height=3),
        example(image__class__label=7),
        b"\xff\xff",
        example(image__encoded=b"E", label=1.5),
        example(image=b"F", label=0),
        example(image=b"G", label=b"\xff"),
    ]
    (tmp_path / "x.tfrecord").write_bytes(records(rows))
    corpus = read(tmp_path / "x.tfrecord")
    assert corpus.format == "tfrecord"
    assert classes(corpus) == {
        "x.tfrecord#0000000": "cat",
        "x.tfrecord#0000001": "7",
        "x.tfrecord#0000007": "0",
    }
    assert [(row.path[-1], row.code) for row in corpus.left_out] == [
        ("2", "several-labels"),
        ("3", "no-label"),
        ("4", "no-image"),
        ("5", "bad-record"),
        ("6", "bad-label"),
        ("8", "bad-label"),
    ]
    assert [corpus.read(index) for index in range(3)] == [b"A", b"B", b"F"]


def test_shards_of_a_folder_have_the_splits_of_their_names(tmp_path: Path):
    for name in (
        "cifar10-train.tfrecord-00000-of-00002",
        "cifar10-train.tfrecord-00001-of-00002",
        "validation-00000-of-00001",
    ):
        (tmp_path / name).write_bytes(records([example(image=name.encode(), label=0), example(image=b"x", label=1)]))
    (tmp_path / "features.json").write_text("{}")
    corpus = read(tmp_path)
    assert [each.split for each in corpus.examples] == ["train"] * 4 + ["validation"] * 2
    assert corpus.read(4) == b"validation-00000-of-00001"
    assert [(row.path, row.code) for row in corpus.left_out] == [("features.json", "other-file")]


def test_the_feature_of_the_class_can_be_named(tmp_path: Path):
    path = tmp_path / "x.tfrecords"
    path.write_bytes(records([example(image=b"A", breed=b"pug"), example(image=b"B", breed=b"beagle")]))
    with pytest.raises(
        UnusableCorpus, match="features are: 'image', 'breed'. Name the one with the class: label_column=NAME"
    ):
        read(path)
    assert read(path, label_column="breed").class_names == ("beagle", "pug")


def test_a_compressed_file_is_unpacked_once(tmp_path: Path):
    (tmp_path / "x.tfrecord.gz").write_bytes(gzip.compress(records([example(image=b"A", label=1)])))
    corpus = read(tmp_path / "x.tfrecord.gz")
    assert corpus.read(0) == b"A"


def test_a_folder_with_images_outside_of_the_records_is_none_of_records(tmp_path: Path):
    write_image(tmp_path / "cat/a.jpg", np.zeros((4, 4, 3), np.uint8))
    write_image(tmp_path / "dog/a.jpg", np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "x.tfrecord").write_bytes(b"")
    assert read(tmp_path).format == "folders"


WHOLE = records([example(image=b"A" * 50, label=1), example(image=b"B", label=0)])
DAMAGE = {
    "cut in the data": (WHOLE[:-8], "the record at byte .* is cut off"),
    "cut in the head": (WHOLE + b"123", "there is no record at byte"),
    "another length": (b"\xff" + WHOLE[1:], "there is no record at byte 0"),
    "no record": (b"hello, this is text", "there is no record at byte 0"),
    "empty": (b"", "has 0 records, and none of them is an image with a label"),
    "a huge length": (struct.pack("<QI", 2**40, crc(struct.pack("<Q", 2**40))) + b"x" * 100, "at byte 0 is cut off"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, case: str):
    data, words = DAMAGE[case]
    (tmp_path / "x.tfrecord").write_bytes(data)
    with pytest.raises(UnusableCorpus, match=f"x.tfrecord.*{words}"):
        read(tmp_path / "x.tfrecord")


def test_a_record_above_the_limit_is_refused_before_it_is_read(tmp_path: Path):
    size = struct.pack("<Q", 300_000_000)
    path = tmp_path / "x.tfrecord"
    path.write_bytes(size + struct.pack("<I", crc(size)))
    with path.open("r+b") as file:
        file.truncate(300_000_100)  # sparse
    with pytest.raises(UnusableCorpus, match="the record at byte 0 has 300,000,000 bytes, the limit is 210,000,000"):
        read(path)


def test_data_changed_in_an_image_is_found_by_its_checksum(tmp_path: Path):
    damaged = bytearray(WHOLE)
    damaged[WHOLE.index(b"A" * 50) + 20] ^= 1
    (tmp_path / "x.tfrecord").write_bytes(damaged)
    corpus = read(tmp_path / "x.tfrecord")
    with pytest.raises(UnreadableImage, match=r"x.tfrecord is damaged there \(checksum\): download it again"):
        corpus.read(0)
    assert corpus.read(1) == b"B"
    (tmp_path / "x.tfrecord").write_bytes(b"other")
    with pytest.raises(UnreadableImage, match="changed while it was read"):
        corpus.read(1)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_make_anything_but_features_or_a_named_fault(tmp_path: Path, data: st.DataObject):
    good = example(image__encoded=b"A", image__class__label=7, image__class__text=b"cat", more=[1.0, 2.0])
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "x.tfrecord"
    path.write_bytes(records([bytes(damaged), good]))
    try:
        assert read(path).intake_counts["found"] == 2
    except HubelError as error:
        assert "x.tfrecord" in str(error)
