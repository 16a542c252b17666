"""Arrays in an .npz file, and the built-in digits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import HubelError, UnusableCorpus

in_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_npz_with_a_test_part(tmp_path: Path):
    images = np.arange(5 * 4 * 4 * 3, dtype=np.uint8).reshape(5, 4, 4, 3)
    np.savez(tmp_path / "x.npz", x_train=images[:3], y_train=[[0], [1], [0]], x_test=images[3:], y_test=[1, 0])
    corpus = read_corpus(tmp_path / "x.npz")
    assert corpus.class_names == ("0", "1")
    paths = {example.path: (index, example.label, example.split) for index, example in enumerate(corpus.examples)}
    index, label, split = paths["x_test[0000001]"]
    assert (label, split) == (0, "test")
    np.testing.assert_array_equal(corpus.read(index), images[4])


def test_npz_with_grey_images_and_names(tmp_path: Path):
    np.savez(tmp_path / "x.npz", x=np.full((2, 4, 4), 9, np.uint8), y=[1, 0], class_names=["cat", "dog"])
    corpus = read_corpus(tmp_path / "x.npz")
    assert [corpus.class_names[example.label] for example in corpus.examples] == ["dog", "cat"]
    np.testing.assert_array_equal(corpus.read(0), np.full((4, 4, 3), 9))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": [1]}, "it needs x_train and y_train, or x and y"),
        ({"x": np.zeros((2, 4, 4)), "y": [0, 1]}, "x must be uint8.*Received: float64"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": [0]}, "y must hold 2 whole numbers"),
        (
            {"x": np.zeros((2, 4, 4), np.uint8), "y": [0, 5], "class_names": ["a", "b"]},
            "label 5, but class_names has 2",
        ),
    ],
)
def test_an_npz_that_does_not_fit_says_why(tmp_path: Path, arrays: dict[str, object], words: str):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(UnusableCorpus, match=words):
        read_corpus(tmp_path / "x.npz")


def test_an_npz_never_runs_a_pickle(tmp_path: Path):
    np.savez(tmp_path / "x.npz", x=np.array([object()], object), y=[0])
    with pytest.raises(UnusableCorpus, match="cannot be read as .npz"):
        read_corpus(tmp_path / "x.npz")


def write_member(path: Path, header: str, size: int) -> None:
    """An .npz whose x has this header, in NumPy's format 1.0, and so many bytes."""
    padded = header.encode().ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + bytes(size))
        y = io.BytesIO()
        np.save(y, np.zeros(3, np.int64))
        archive.writestr("y.npy", y.getvalue())


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (
            (3, 1_000_000, 1_000_000),
            "arrays have 3,000,000,00[0-9,]* bytes; the limit is 16,000,000,000.*class folders",
        ),
        ((3, 1000, 1000), "is damaged: x.npy says that it has 3,000,000 bytes, and has 4,1[0-9]+. Save it again"),
    ],
)
def test_an_npz_that_promises_too_much_is_refused_before_it_is_read(
    tmp_path: Path, shape: tuple[int, ...], words: str, monkeypatch: pytest.MonkeyPatch
):
    write_member(tmp_path / "x.npz", str({"descr": "|u1", "fortran_order": False, "shape": shape}), 4000)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("the arrays were read"))
    with pytest.raises(UnusableCorpus, match=words):
        read_corpus(tmp_path / "x.npz")


def test_constant_images_that_compress_a_thousandfold_are_read(tmp_path: Path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((2, 6000, 6000), np.uint8), y=[0, 1])
    assert (tmp_path / "x.npz").stat().st_size < 100_000
    assert len(read_corpus(tmp_path / "x.npz")) == 2


def test_an_npz_may_hold_other_things_than_arrays(tmp_path: Path):
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4, 4), np.uint8), y=np.array([b"a", b"b"]))
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("x_train", "no array")
        archive.writestr("README.md", "no array")
    assert read_corpus(tmp_path / "x.npz").class_names == ("a", "b")


@pytest.mark.parametrize("data", [b"", b"PK", b"\x93NUMPY\x01\x00", b"\x80\x04N."])
def test_what_is_no_zip_archive_is_no_npz(tmp_path: Path, data: bytes):
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(UnusableCorpus, match=r"x\.npz cannot be read as \.npz \(.*save it again"):
        read_corpus(tmp_path / "x.npz")


@pytest.mark.parametrize("header", ["", "{", "{'descr': 1}", "((", "{[]: 1}", "'", "\n\n  x"])
def test_an_array_with_a_damaged_header_is_said(tmp_path: Path, header: str):
    write_member(tmp_path / "x.npz", header, 10)
    with pytest.raises(UnusableCorpus, match=r"x\.npz cannot be read as \.npz"):
        read_corpus(tmp_path / "x.npz")


@pytest.mark.parametrize("names", [np.array("cat"), np.array([["cat", "dog"]]), np.array([1, 2])])
def test_class_names_of_an_npz_must_be_a_list_of_names(tmp_path: Path, names: np.ndarray):
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4, 4), np.uint8), y=[0, 1], class_names=names)
    with pytest.raises(UnusableCorpus, match="class_names must be a list of names. Received: "):
        read_corpus(tmp_path / "x.npz")


@in_one_folder
@given(data=st.data())
def test_random_damage_to_an_npz_is_an_error_of_ours_or_a_corpus(tmp_path: Path, data: st.DataObject):
    np.savez_compressed(tmp_path / "x.npz", x=np.arange(160, dtype=np.uint8).reshape(10, 4, 4), y=np.arange(10) % 2)
    damaged = bytearray((tmp_path / "x.npz").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "x.npz").write_bytes(damaged)
    try:
        assert len(read_corpus(tmp_path / "x.npz")) == 10
    except HubelError as error:
        assert "x.npz" in str(error)


def test_digits_are_scikit_learns():
    corpus = read_corpus("digits")
    digits = load_digits()
    assert len(corpus) == len(digits.target) == 1797
    assert [corpus.class_names[example.label] for example in corpus.examples] == [str(label) for label in digits.target]
    image = corpus.read(17)
    assert image.shape == (8, 8, 3)
    np.testing.assert_array_equal(image[..., 0], np.round(digits.images[17] * 255 / 16))
