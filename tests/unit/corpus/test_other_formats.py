"""Parquet in Hugging Face layout, .npz, and the built-in digits."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnreadableImage, UnusableCorpus


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def write_parquet(path: Path, cells: list[object], labels: list[object], names: list[str] | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"image": cells, "label": labels})
    if names is not None:
        features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=3)


def cell(shade: int) -> dict[str, object]:
    return {"bytes": png(shade), "path": f"{shade}.png"}


def test_parquet_rows_keep_order_labels_and_split(tmp_path: Path):
    write_parquet(
        tmp_path / "data/train-00000-of-00001.parquet", [cell(n) for n in range(7)], [0, 1] * 3 + [0], ["cat", "dog"]
    )
    write_parquet(
        tmp_path / "data/test-00000-of-00001.parquet", [cell(n) for n in range(100, 102)], [1, 0], ["cat", "dog"]
    )
    corpus = read_corpus(tmp_path)
    assert corpus.class_names == ("cat", "dog")
    by_path = {example.path: (index, example) for index, example in enumerate(corpus.examples)}
    for row in range(7):  # over several row groups
        index, example = by_path[f"data/train-00000-of-00001.parquet#{row:07d}"]
        assert (example.label, example.split) == (row % 2, "train")
        assert corpus.read(index) == png(row)
    index, example = by_path["data/test-00000-of-00001.parquet#0000001"]
    assert (example.label, example.split, corpus.read(index)) == (0, "test", png(101))


def test_parquet_may_hold_plain_bytes_and_text_labels(tmp_path: Path):
    write_parquet(tmp_path / "x.parquet", [png(1), png(2)], ["b", "a"])
    corpus = read_corpus(tmp_path / "x.parquet")
    assert corpus.class_names == ("a", "b")
    assert [corpus.read(index) for index in range(2)] == [png(1), png(2)]
    assert {example.split for example in corpus.examples} == {None}


def test_parquet_may_point_to_files_beside_it_but_not_outside(tmp_path: Path):
    root = tmp_path / "corpus"
    root.mkdir()
    (root / "in.png").write_bytes(png(5))
    (tmp_path / "out.png").write_bytes(png(6))
    cells = [{"bytes": None, "path": "in.png"}, {"bytes": None, "path": "../out.png"}]
    write_parquet(root / "x.parquet", cells, ["a", "b"])
    corpus = read_corpus(root)
    assert corpus.read(0) == png(5)
    with pytest.raises(UnreadableImage, match="leaves the corpus"):
        corpus.read(1)


def test_a_row_without_an_image_is_refused_by_itself(tmp_path: Path):
    write_parquet(tmp_path / "x.parquet", [cell(1), None], ["a", "b"])
    corpus = read_corpus(tmp_path)
    with pytest.raises(UnreadableImage, match="holds no image"):
        corpus.read(1)


def test_a_damaged_parquet_file_is_named(tmp_path: Path):
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(UnusableCorpus, match=r"x\.parquet is damaged"):
        read_corpus(tmp_path)


def test_parquet_without_a_label_column_says_which_columns_there_are(tmp_path: Path):
    pq.write_table(pa.table({"image": [png(1)], "kind": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(UnusableCorpus, match="has the columns image, kind; none of them is label"):
        read_corpus(tmp_path)


def test_a_label_outside_its_own_list_is_named(tmp_path: Path):
    write_parquet(tmp_path / "x.parquet", [cell(1)], [7], ["cat", "dog"])
    with pytest.raises(UnusableCorpus, match="label 7, which is no class"):
        read_corpus(tmp_path)


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


def test_digits_are_scikit_learns():
    corpus = read_corpus("digits")
    digits = load_digits()
    assert len(corpus) == len(digits.target) == 1797
    assert [corpus.class_names[example.label] for example in corpus.examples] == [str(label) for label in digits.target]
    image = corpus.read(17)
    assert image.shape == (8, 8, 3)
    np.testing.assert_array_equal(image[..., 0], np.round(digits.images[17] * 255 / 16))
