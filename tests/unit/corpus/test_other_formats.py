"""Parquet in Hugging Face layout."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hubel.corpus.formats import hugging_face, image_tables
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import HubelError, UnreadableImage, UnusableCorpus

in_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def test_only_unusable_labels_are_an_error_with_the_first_reason(tmp_path: Path):
    write_parquet(tmp_path / "x.parquet", [cell(1)], [7], ["cat", "dog"])
    with pytest.raises(UnusableCorpus, match="label 7, which is not in its own list of 2 classes"):
        read_corpus(tmp_path)


def test_rows_without_a_usable_label_are_refused_one_by_one(tmp_path: Path):
    cells = [cell(number) for number in range(5)]
    write_parquet(tmp_path / "x.parquet", cells, [None, 1, -1, 2, 0], ["cat", "dog"])
    corpus = read_corpus(tmp_path)
    assert [(row.path, row.code) for row in corpus.refused] == [
        ("x.parquet#0000000", "no-label"),
        ("x.parquet#0000002", "no-label"),
        ("x.parquet#0000003", "no-such-class"),
    ]
    assert [(each.path, corpus.class_names[each.label]) for each in corpus.examples] == [
        ("x.parquet#0000001", "dog"),
        ("x.parquet#0000004", "cat"),
    ]
    assert [corpus.read(index) for index in range(2)] == [png(1), png(4)]


@in_one_folder
@given(
    labels=st.one_of(
        st.lists(st.integers(-3, 3), min_size=1, max_size=20),
        st.lists(st.sampled_from(["01", "1", "NA", "é"]), min_size=1, max_size=20),
    ),
    dictionary=st.booleans(),
    how=st.sampled_from(["bytes", "struct", "paths"]),
    group_rows=st.integers(1, 20),
    order=st.randoms(use_true_random=False),
)
def test_every_parquet_row_gives_its_own_image_in_any_order_of_reading(
    tmp_path: Path, labels: list[Any], dictionary: bool, how: str, group_rows: int, order: Any
):
    contents = [b"image %d" % number for number in range(len(labels))]
    for number, data in enumerate(contents):
        (tmp_path / f"{number}.png").write_bytes(data)
    cells: list[object] = [
        {"bytes": data if how == "struct" else None, "path": f"{number}.png"} for number, data in enumerate(contents)
    ]
    column = pa.array(labels).dictionary_encode() if dictionary else pa.array(labels)
    table = pa.table({"label": column, "image": contents if how == "bytes" else cells})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=group_rows)
    corpus = hugging_face.read(tmp_path / "x.parquet", lambda _: None)
    assert [corpus.class_names[each.label] for each in corpus.examples] == [str(label) for label in labels]
    places = list(range(len(labels)))
    order.shuffle(places)
    assert [corpus.read(place) for place in places] == [contents[place] for place in places]


def test_of_one_large_row_group_only_parts_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_tables, "HELD_BYTES", 1_000_000)
    monkeypatch.setattr(hugging_face, "BATCH_BYTES", 500_000)
    rng = np.random.default_rng(0)
    images = [rng.bytes(50_000) for _ in range(400)]
    table = pa.table({"image": images, "label": [0, 1] * 200})
    pages = {"write_batch_size": 4, "data_page_size": 200_000, "use_dictionary": False}  # of 4 rows, one in memory
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=400, **pages)
    corpus = read_corpus(tmp_path)
    before = pa.total_allocated_bytes()
    for index, image in enumerate(images):
        assert corpus.read(index) == image
        assert pa.total_allocated_bytes() - before < 5_000_000  # the row group has 20 MB
    assert corpus.read(3) == images[3]


def test_columns_for_split_and_group_are_used_and_said(tmp_path: Path):
    table = {
        "image": [cell(n) for n in range(3)],
        "label": list("aba"),
        "split": ["train", "test", ""],
        "subject": [7, 7, 8],
    }
    pq.write_table(pa.table(table), tmp_path / "x.parquet")
    corpus = read_corpus(tmp_path)
    assert [(each.split, each.group) for each in corpus.examples] == [("train", "7"), ("test", "7"), (None, "8")]
    assert corpus.notes == ("Examples with the same 'subject' stay on one side of a split.",)


def test_of_several_class_label_columns_the_one_called_label_is_taken(tmp_path: Path):
    table = pa.table({"image": [cell(1), cell(2)], "colour": [0, 0], "label": [0, 1]})
    features = {name: {"_type": "ClassLabel", "names": [f"{name} 0", f"{name} 1"]} for name in ("colour", "label")}
    metadata = {"huggingface": json.dumps({"info": {"features": {**features, "image": [{"_type": "Image"}]}}})}
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "x.parquet")
    assert read_corpus(tmp_path).class_names == ("label 0", "label 1")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"image": [[1], [2]], "label": [0, 1]}, "'image' must hold images as bytes.*Received: list"),
        (
            {"image": [b"x"] * 2, "label": [0.5, 1.5]},
            r"'label' must hold text or whole numbers. Received: double.*astype",
        ),
        ({"image": [b"x"] * 2, "label": [0, 1], "group": [0.5, 1.5]}, "'group' must hold text or whole numbers"),
    ],
)
def test_a_column_of_another_type_is_named(tmp_path: Path, columns: dict[str, Any], words: str):
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(UnusableCorpus, match=words):
        read_corpus(tmp_path)


def test_two_columns_of_one_name_are_refused(tmp_path: Path):
    table = pa.Table.from_arrays([pa.array([b"x"]), pa.array([0]), pa.array([1])], names=["image", "label", "label"])
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(UnusableCorpus, match="two columns called 'label'"):
        read_corpus(tmp_path)


def test_other_files_of_a_parquet_folder_are_accounted_for(tmp_path: Path):
    root = tmp_path / "corpus"
    write_parquet(root / "data/train-00000-of-00001.parquet", [cell(1), cell(2)], ["a", "b"])
    for name in ("README.md", ".gitattributes", "data/dataset_infos.json", "more/1.png", "more/Thumbs.db"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"x")
    (root / "link.png").symlink_to(tmp_path)
    corpus = read_corpus(root)
    assert {row.path: f"{row.status} {row.code}" for row in corpus.left_out} == {
        "README.md": "ignored other-file",
        ".gitattributes": "ignored other-file",
        "data/dataset_infos.json": "ignored other-file",
        "more/1.png": "ignored other-file",
        "more/Thumbs.db": "ignored debris",
        "link.png": "ignored other-file",
    }
    assert corpus.intake_counts == {"found": 8, "read": 2, "refused": 0, "ignored": 6}


def test_cifar10_has_its_60000_rows_and_nothing_else(shared: Path):
    corpus = read_corpus(shared / "corpora/cifar10")
    assert corpus.intake_counts == {"found": 60_000, "read": 60_000, "refused": 0, "ignored": 0}
    assert set(corpus.class_counts.values()) == {6000}


@in_one_folder
@given(data=st.data())
def test_random_damage_to_parquet_is_an_error_of_ours_or_a_corpus(tmp_path: Path, data: st.DataObject):
    write_parquet(tmp_path / "x.parquet", [cell(number) for number in range(7)], [0, 1, 0, 1, 0, 1, 0], ["a", "b"])
    damaged = bytearray((tmp_path / "x.parquet").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "x.parquet").write_bytes(damaged)
    try:
        corpus = read_corpus(tmp_path)
        assert corpus.intake_counts["found"] == 7
        for index in range(len(corpus)):
            corpus.read(index)
    except UnreadableImage as error:
        assert error.code in ("corrupt", "empty", "vanished", "link-outside", "unreadable")
    except HubelError as error:
        assert str(tmp_path) in str(error)


def test_a_parquet_file_that_goes_away_or_changes_is_said(tmp_path: Path):
    write_parquet(tmp_path / "x.parquet", [cell(1), cell(2)], ["a", "b"])
    gone, changed = read_corpus(tmp_path), read_corpus(tmp_path)
    (tmp_path / "x.parquet").rename(tmp_path / "y.parquet")
    with pytest.raises(UnreadableImage, match="x.parquet is no longer there"):
        gone.read(0)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(UnreadableImage, match="x.parquet is damaged there") as caught:
        changed.read(1)
    assert caught.value.code == "corrupt"
