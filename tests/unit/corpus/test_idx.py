"""IDX files, written here byte by byte as the format's description says."""

from __future__ import annotations

import gzip
import math
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import idx
from hubel.errors import HubelError, UnusableCorpus
from hubel.events import ignore

TRAIN, TEST = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
in_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def packed(shape: tuple[int, ...], data: bytes, kind: int = 8) -> bytes:
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + data


def images(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, *(shape or (5, 4))), np.uint8)


def write(folder: Path, names: tuple[str, str], pixels: np.ndarray, labels: list[int]) -> Path:
    """Both files; those with names in .gz compressed."""
    for name, array in zip(names, (pixels, np.array(labels, np.uint8)), strict=True):
        data = packed(array.shape, array.tobytes())
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder


def read(path: Path) -> Corpus:
    assert idx.matches(path)
    return idx.read(path, ignore)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_files_give_a_training_and_a_test_part(tmp_path: Path, ending: str):
    train, test = images(3), images(2)
    write(tmp_path, (TRAIN[0] + ending, TRAIN[1] + ending), train, [7, 0, 10])
    write(tmp_path, (TEST[0] + ending, TEST[1] + ending), test, [0, 7])
    corpus = read(tmp_path)
    assert (corpus.format, corpus.class_names, corpus.notes) == ("idx", ("0", "10", "7"), ())
    assert [(each.path, corpus.class_names[each.label], each.split) for each in corpus.examples] == [
        (f"t10k-images-idx3-ubyte{ending}[0000000]", "0", "test"),
        (f"t10k-images-idx3-ubyte{ending}[0000001]", "7", "test"),
        (f"train-images-idx3-ubyte{ending}[0000000]", "7", "train"),
        (f"train-images-idx3-ubyte{ending}[0000001]", "0", "train"),
        (f"train-images-idx3-ubyte{ending}[0000002]", "10", "train"),
    ]
    for index, pixels in enumerate([*test, *train]):
        np.testing.assert_array_equal(corpus.read(index), np.stack([pixels] * 3, axis=-1))


@in_one_folder
@given(
    count=st.integers(1, 6),
    shape=st.one_of(
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
    ),
    ending=st.sampled_from(["", ".gz"]),
)
def test_images_of_any_size_with_one_or_three_channels_come_back(
    tmp_path: Path, count: int, shape: tuple[int, ...], ending: str
):
    for old in tmp_path.glob("*"):
        old.unlink()
    pixels = images(count, *shape)
    names = (f"train-images-idx{len(shape) + 1}-ubyte{ending}", f"train-labels-idx1-ubyte{ending}")
    corpus = read(write(tmp_path, names, pixels, list(range(count))))
    expected = np.broadcast_to(pixels.reshape(count, *shape[:2], -1), (count, *shape[:2], 3))
    np.testing.assert_array_equal([corpus.read(index) for index in range(count)], expected)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-images.idx3-ubyte", "train"),
        ("emnist-letters-train-images-idx3-ubyte.gz", "train"),
        ("Train-Images-IDX3-UByte", "train"),
        ("fashion_train-images-idx3-ubyte", "train"),
    ],
)
def test_names_may_have_a_dot_a_prefix_or_capitals(tmp_path: Path, name: str, split: str):
    labels = name.replace("images", "labels").replace("Images", "Labels").replace("x3", "x1").replace("X3", "X1")
    corpus = read(write(tmp_path, (name, labels), images(2), [1, 2]))
    assert [each.split for each in corpus.examples] == [split] * 2


def test_a_file_that_is_named_is_read_alone_with_the_labels_beside_it(tmp_path: Path):
    write(write(tmp_path, TRAIN, images(3), [0, 1, 2]), TEST, images(2), [0, 1])
    assert len(read(tmp_path / TRAIN[0])) == 3
    corpus = read(tmp_path / TEST[0])
    assert {each.split for each in corpus.examples} == {None}
    assert "the given splits are not used" in corpus.notes[0]
    assert not idx.matches(tmp_path / TRAIN[1])


def test_emnist_test_files_are_the_test_part(tmp_path: Path):
    write(tmp_path, ("emnist-test-images-idx3-ubyte", "emnist-test-labels-idx1-ubyte"), images(2), [0, 1])
    write(tmp_path, ("emnist-train-images-idx3-ubyte", "emnist-train-labels-idx1-ubyte"), images(2), [0, 1])
    assert [each.split for each in read(tmp_path).examples] == ["test", "test", "train", "train"]


def test_of_a_plain_file_and_the_same_compressed_the_plain_one_is_read_and_all_are_accounted_for(tmp_path: Path):
    write(tmp_path, TRAIN, images(3), [0, 1, 2])
    write(tmp_path, (TRAIN[0] + ".gz", TRAIN[1] + ".gz"), images(9), list(range(9)))
    (tmp_path / "README.md").touch()
    corpus = read(tmp_path)
    assert {row.path: f"{row.status} {row.code}" for row in corpus.left_out} == {
        "README.md": "ignored other-file",
        "train-images-idx3-ubyte.gz": "ignored other-file",
        "train-labels-idx1-ubyte.gz": "ignored other-file",
    }
    assert corpus.intake_counts == {"found": 6, "read": 3, "refused": 0, "ignored": 3}


def test_the_content_says_whether_a_file_is_compressed_not_its_name(tmp_path: Path):
    write(tmp_path, TRAIN, images(2), [0, 1])
    (tmp_path / TRAIN[0]).rename(tmp_path / f"{TRAIN[0]}.gz")  # as browsers leave it
    (tmp_path / TRAIN[1]).write_bytes(gzip.compress((tmp_path / TRAIN[1]).read_bytes()))
    corpus = read(tmp_path)
    np.testing.assert_array_equal(corpus.read(1)[..., 0], images(2)[1])


def test_several_sets_in_one_folder_must_be_chosen_from(tmp_path: Path):
    for prefix in ("emnist-letters-", "emnist-digits-"):
        write(tmp_path, (prefix + TRAIN[0], prefix + TRAIN[1]), images(2), [0, 1])
    with pytest.raises(
        UnusableCorpus, match="several sets of IDX files .'emnist-digits', 'emnist-letters'.*name one of"
    ):
        read(tmp_path)
    assert len(read(tmp_path / f"emnist-letters-{TRAIN[0]}")) == 2


def test_images_without_labels_say_which_file_is_missing(tmp_path: Path):
    write(tmp_path, TRAIN, images(2), [0, 1])
    (tmp_path / TRAIN[1]).unlink()
    with pytest.raises(UnusableCorpus, match="has no labels: train-labels-idx1-ubyte is not beside it. Copy it there"):
        read(tmp_path)


def test_another_number_of_labels_than_of_images_is_said(tmp_path: Path):
    write(tmp_path, TRAIN, images(2), [0, 1, 2])
    with pytest.raises(
        UnusableCorpus, match="holds 2 images, but train-labels-idx1-ubyte 3 labels.*Download both again"
    ):
        read(tmp_path)


GOOD = packed((2, 5, 4), bytes(40))
DAMAGE = {
    "empty": (b"", "is not an IDX file: it begins with nothing, not with 00 00 08. Download it again"),
    "web page": (b"<!DOCTYPE html>", "is not an IDX file: it begins with 3c 21 44 4f"),
    "floats": (
        packed((2, 5, 4), bytes(160), kind=0x0D),
        "holds numbers of type 0x0d; Hubel reads bytes .0x08.: convert",
    ),
    "labels": (packed((2,), bytes(2)), "has 1 axes, not 3 or 4: is it another file, renamed"),
    "header": (GOOD[:10], "ends within its header: download it again"),
    "nothing": (packed((2, 0, 4), b""), "holds nothing: its header says 2 x 0 x 4"),
    "cut off": (GOOD[:-1], "says 2 x 5 x 4 = 40 bytes, and it has 39 bytes after the header. Download it again"),
    "goes on": (GOOD + b"x", "says 2 x 5 x 4 = 40 bytes, and it has more after the header"),
    "huge": (
        packed((2**32 - 1,) * 3, bytes(40)),
        "cut off or damaged: its header says 79,228,[0-9,]+ bytes, more than",
    ),
    "channels": (packed((2, 5, 4, 2), bytes(80)), "images with 1 or 3 channels, channels last. It is 2 x 5 x 4 x 2"),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_with_the_file(tmp_path: Path, what: str, compressed: bool):
    data, words = DAMAGE[what]
    write(tmp_path, TRAIN, images(2), [0, 1])
    (tmp_path / TRAIN[0]).write_bytes(gzip.compress(data) if compressed else data)
    with pytest.raises(UnusableCorpus, match=words) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / TRAIN[0]))


@pytest.mark.parametrize("cut", [3, 12, -9, -1])
def test_a_compressed_file_that_is_cut_off_is_said(tmp_path: Path, cut: int):
    write(tmp_path, TRAIN, images(2, 50, 40), [0, 1])
    (tmp_path / TRAIN[0]).write_bytes(gzip.compress(packed((2, 50, 40), images(2, 50, 40).tobytes()))[:cut])
    with pytest.raises(UnusableCorpus, match="train-images-idx3-ubyte is damaged or cut off"):
        read(tmp_path)


def test_a_compressed_bomb_is_not_unpacked(tmp_path: Path):
    write(tmp_path, TRAIN, images(2), [0, 1])
    (tmp_path / TRAIN[0]).write_bytes(gzip.compress(GOOD + bytes(200_000_000)))
    tracemalloc.start()
    with pytest.raises(UnusableCorpus, match="it has more after the header"):
        read(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("shape", [(2, 10**5, 10**4), (10**5, 10**3, 10**3)])
def test_a_header_that_promises_more_than_its_file_can_hold_is_not_believed(tmp_path: Path, shape: tuple[int, ...]):
    write(tmp_path, TRAIN, images(2), [0, 1])
    (tmp_path / TRAIN[0]).write_bytes(gzip.compress(packed(shape, bytes(10**6))))
    with pytest.raises(UnusableCorpus, match=f"cut off or damaged: its header says {math.prod(shape):,} bytes"):
        read(tmp_path)


@in_one_folder
@given(data=st.data(), compressed=st.booleans())
def test_random_damage_is_an_error_of_ours_or_a_corpus(tmp_path: Path, data: st.DataObject, compressed: bool):
    good = packed((2, 5, 4), bytes(range(40)))
    write(tmp_path, TRAIN, images(2), [0, 1])
    damaged = bytearray(gzip.compress(good) if compressed else good)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / TRAIN[0]).write_bytes(damaged)
    try:
        assert read(tmp_path).read(0).dtype == np.uint8
    except HubelError as error:
        assert TRAIN[0] in str(error)


def test_plain_files_stay_on_disk(tmp_path: Path):
    write(tmp_path, TRAIN, images(20_000, 28, 28), [number % 10 for number in range(20_000)])
    tracemalloc.start()
    corpus = read(tmp_path)
    now = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(corpus) == 20_000
    assert now < 10_000_000  # the pixels have 15.7 MB; the paths of the examples are in it
