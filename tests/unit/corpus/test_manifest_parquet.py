"""Manifests in Parquet: types of columns, and which Parquet files are manifests."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import hugging_face, manifest
from hubel.errors import HubelError, UnusableCorpus
from hubel.events import ignore

ROWS = 12
in_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in range(ROWS):
        (tmp_path / f"{place}.png").write_bytes(bytes([place]))
    return tmp_path


def write(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), folder / "list.parquet", **options)
    return folder / "list.parquet"


def read(path: Path) -> Corpus:
    assert manifest.matches(path)
    return manifest.read(path, ignore)


def paths(count: int) -> list[str]:
    return [f"{place}.png" for place in range(count)]


def classes(corpus: Corpus) -> dict[str, str]:
    return {each.path: corpus.class_names[each.label] for each in corpus.examples}


@in_one_folder
@given(
    labels=st.one_of(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=ROWS),
        st.lists(st.sampled_from(["01", "1", "1.0", "NA", "null", "True", "x "]), min_size=1, max_size=ROWS),
    ),
    group_rows=st.integers(1, ROWS),
    dictionary=st.booleans(),
)
def test_labels_of_any_usable_type_are_the_text_that_python_makes_of_them(
    folder: Path, labels: list[Any], group_rows: int, dictionary: bool
):
    column = pa.array(labels).dictionary_encode() if dictionary else pa.array(labels)
    corpus = read(write(folder, {"path": paths(len(labels)), "label": column}, row_group_size=group_rows))
    assert classes(corpus) == dict(zip(paths(len(labels)), map(str, labels), strict=True))
    assert all(corpus.read(index) == (folder / each.path).read_bytes() for index, each in enumerate(corpus.examples))


def test_bad_rows_are_refused_by_themselves_and_counted_from_0(folder: Path):
    columns = {
        "file": ["0.png", None, "2.png", "../3.png", "4.png", "5.png", "6\0.png", "x" * 70_000],
        "class": ["cat", "cat", None, "cat", " ", "cat", "cat", "cat"],
        "split": ["train", "train", "train", "train", "train", "fold1", "train", "train"],
        "group": pa.array([7, 7, 7, 7, 7, 7, 7, 7]),
    }
    corpus = read(write(folder, columns))
    assert [(each.path, each.split, each.group) for each in corpus.examples] == [("0.png", "train", "7")]
    assert [(row.path, row.code, row.reason.split(" (")[0]) for row in corpus.left_out] == [
        ("list.parquet#0000001", "no-path", "row 1"),
        ("2.png", "no-label", "row 2"),
        ("../3.png", "outside", "row 3"),
        ("4.png", "no-label", "row 4"),
        ("5.png", "unknown-split", "row 5"),
        ("list.parquet#0000006", "nul", "row 6"),
        ("list.parquet#0000007", "cell-too-long", "row 7"),
    ]


CURES: list[tuple[list[object], str, str]] = [
    ([0.0, 1.0, None], "double", "table['label'] = table['label'].astype('Int64')"),
    ([0.5, None, 1.0], "double", "table['label'] = table['label'].astype('string')"),
    ([True, None, False], "bool", "table['label'] = table['label'].astype('string')"),
    ([["a"], ["b"], None], "list", "table['label'] = table['label'].str[0]"),
]


@pytest.mark.parametrize(("labels", "kind", "cure"), CURES)
def test_the_cure_for_labels_of_another_type_works_and_makes_no_class_of_empty_cells(
    folder: Path, labels: list[object], kind: str, cure: str
):
    pandas = pytest.importorskip("pandas")
    path = write(folder, {"path": paths(3), "label": labels})
    with pytest.raises(UnusableCorpus, match=f"'label' must hold text or whole numbers. Received: {kind}") as caught:
        read(path)
    assert cure in str(caught.value) or f".{cure.rpartition('.')[2]}" in str(caught.value)
    table = pandas.read_parquet(path)
    exec(cure, {"table": table})
    table.to_parquet(path)
    corpus = read(path)
    names = [str(label[0] if isinstance(label, list) else label) for label in labels if label is not None]
    names = [name.removesuffix(".0") for name in names] if "Int64" in cure else names
    assert sorted(classes(corpus).values()) == sorted(names)
    assert [row.code for row in corpus.left_out] == ["no-label"]


def test_a_column_of_empty_cells_is_refused(folder: Path):
    with pytest.raises(UnusableCorpus, match="Received: null. All its cells are empty: fill them in"):
        read(write(folder, {"path": paths(2), "label": [None] * 2}))


def test_a_table_with_images_in_it_is_no_manifest(folder: Path):
    image = [{"bytes": b"x", "path": None}] * 2
    assert not manifest.matches(write(folder, {"file": paths(2), "photo": image, "label": [0, 1]}))
    assert not manifest.matches(write(folder, {"file": paths(2), "img": [b"x"] * 2, "label": [0, 1]}))
    assert manifest.matches(write(folder, {"file": paths(2), "score": [0, 1]}))
    assert not manifest.matches(write(folder, {"path": [1, 2], "label": [0, 1]}))
    assert manifest.matches(write(folder, {"image": paths(2), "hash": [b"x"] * 2, "label": [0, 1]}))
    assert not manifest.matches(folder)


def test_a_folder_with_a_manifest_in_it_says_to_name_the_file(folder: Path):
    path = write(folder, {"image": paths(2), "label": [0, 1]})
    assert hugging_face.matches(folder)
    with pytest.raises(UnusableCorpus, match="It lists images by their paths: name the file itself") as caught:
        hugging_face.read(folder, ignore)
    assert str(path) in str(caught.value)


def test_columns_that_are_missing_are_named_with_those_there_are(folder: Path):
    with pytest.raises(UnusableCorpus, match="has the columns 'file', 'kind', 'size_mm'. The paths are in 'file'"):
        manifest.read(write(folder, {"file": paths(1), "kind": ["a"], "size_mm": [1]}), ignore)


def test_two_columns_of_one_name_are_refused(folder: Path):
    columns = [pa.array(["0.png"]), pa.array(["1.png"]), pa.array(["cat"])]
    pq.write_table(pa.Table.from_arrays(columns, names=["path", "path", "label"]), folder / "list.parquet")
    with pytest.raises(UnusableCorpus, match="two columns called 'path': rename or remove one of them"):
        read(folder / "list.parquet")


def test_a_table_without_rows_lists_nothing(folder: Path):
    columns = {"file": pa.array([], pa.string()), "label": pa.array([], pa.string())}
    with pytest.raises(UnusableCorpus, match="lists no file"):
        read(write(folder, columns))


def test_a_text_repeated_in_every_row_is_held_once(folder: Path):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 4000, pa.int32()), ["x" * 60_000])
    path = write(folder, {"path": repeated, "label": ["a"] * 4000}, store_schema=False)
    assert pq.read_schema(path).field("path").type == pa.string()
    before = pa.total_allocated_bytes()
    held = []
    corpus = manifest.read(path, lambda _: held.append(pa.total_allocated_bytes() - before))
    assert corpus.intake_counts["refused"] == 4000  # such a name is too long for a file
    assert len(held) == 2
    assert max(held) < 10_000_000  # 120 MB if it were held for each of the 2000 rows of a batch


@in_one_folder
@given(data=st.data())
def test_a_damaged_file_is_never_anything_but_refused_by_name(folder: Path, data: st.DataObject):
    buffer = io.BytesIO()
    labels = pa.array(["cat", "dog"] * (ROWS // 2)).dictionary_encode()
    pq.write_table(pa.table({"path": paths(ROWS), "label": labels}), buffer, row_group_size=5)
    damaged = np.frombuffer(buffer.getvalue(), np.uint8).copy()
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    path = folder / "list.parquet"
    path.write_bytes(damaged.tobytes()[: data.draw(st.integers(len(damaged) // 2, len(damaged)))])
    read_it = manifest.read if manifest.matches(path) else hugging_face.read
    try:
        assert read_it(path, ignore).intake_counts["found"] == ROWS
    except HubelError as error:
        assert "list.parquet" in str(error)
