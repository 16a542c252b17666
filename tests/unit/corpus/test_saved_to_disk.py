"""Folders as `datasets` writes them with save_to_disk: its layout is written here by hand, with pyarrow."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import image_tables, saved_to_disk
from hubel.errors import HubelError, UnreadableImage, UnusableCorpus
from hubel.events import ignore

KNOWN = ("train", "training", "validation", "valid", "val", "test", "testing")
CLASS_LABEL = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
in_one_folder = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def cell(number: int) -> dict[str, object]:
    return {"bytes": b"image %d" % number, "path": f"{number}.png"}


def save(folder: Path, columns: dict[str, Any], **options: Any) -> Path:
    """One split. Options: features (in schema and dataset_info.json), split, rows_per_file, rows_per_batch, ipc."""
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    features = options.get("features", {})
    if options.get("in_schema", True) and features:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    step = options.get("rows_per_file", max(1, len(table)))
    starts = range(0, max(1, len(table)), step)
    names = [f"data-{number:05d}-of-{len(starts):05d}.arrow" for number in range(len(starts))]
    for name, start in zip(names, starts, strict=True):
        with pa.ipc.new_stream(str(folder / name), table.schema, options=options.get("ipc")) as writer:
            writer.write_table(table.slice(start, step), max_chunksize=options.get("rows_per_batch", 1000))
    state = {
        "_data_files": [{"filename": name} for name in names],
        "_split": options.get("split"),
        "_format_type": None,
    }
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features, "citation": ""}))
    return folder


def read(folder: Path) -> Corpus:
    assert saved_to_disk.matches(folder)
    return saved_to_disk.read(folder, ignore)


def content(corpus: Corpus) -> dict[str, tuple[str, object]]:
    return {
        each.path: (corpus.class_names[each.label], corpus.read(index)) for index, each in enumerate(corpus.examples)
    }


def test_a_dictionary_of_splits_keeps_labels_images_and_given_splits(tmp_path: Path):
    for split, count in (("train", 5), ("test", 2)):
        columns = {
            "image": [cell(number) for number in range(count)],
            "label": [0, 1] * (count // 2) + [1] * (count % 2),
        }
        save(tmp_path / split, columns, features=CLASS_LABEL, split=split, rows_per_file=3, rows_per_batch=2)
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    corpus = read(tmp_path)
    assert corpus.format == "saved-to-disk"
    assert content(corpus) == {
        "test/data-00000-of-00001.arrow#0000000": ("cat", b"image 0"),
        "test/data-00000-of-00001.arrow#0000001": ("dog", b"image 1"),
        "train/data-00000-of-00002.arrow#0000000": ("cat", b"image 0"),
        "train/data-00000-of-00002.arrow#0000001": ("dog", b"image 1"),
        "train/data-00000-of-00002.arrow#0000002": ("cat", b"image 2"),
        "train/data-00001-of-00002.arrow#0000000": ("dog", b"image 3"),
        "train/data-00001-of-00002.arrow#0000001": ("dog", b"image 4"),
    }
    assert {each.path.split("/")[0]: each.split for each in corpus.examples} == {"train": "train", "test": "test"}
    assert {(row.path, row.status, row.code) for row in corpus.left_out} == {
        (path, "ignored", "other-file")
        for path in (
            "dataset_dict.json",
            *(f"{split}/{name}" for split in ("train", "test") for name in ("state.json", "dataset_info.json")),
        )
    }
    assert corpus.intake_counts == {"found": 12, "read": 7, "refused": 0, "ignored": 5}


@in_one_folder
@given(
    labels=st.one_of(
        st.lists(st.integers(-5, 5), min_size=1, max_size=20),
        st.lists(st.sampled_from(["01", "1", "NA", "é"]), min_size=1, max_size=20),
    ),
    dictionary=st.booleans(),
    plain=st.booleans(),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 7)),
    order=st.randoms(use_true_random=False),
)
def test_every_row_gives_its_own_image_in_any_order_of_reading(
    tmp_path: Path, labels: list[Any], dictionary: bool, plain: bool, sizes: tuple[int, int], order: Any
):
    images: list[object] = [cell(number)["bytes"] if plain else cell(number) for number in range(len(labels))]
    column = pa.array(labels).dictionary_encode() if dictionary else pa.array(labels)
    for old in tmp_path.glob("*"):
        old.unlink()
    save(tmp_path, {"label": column, "image": images}, rows_per_file=sizes[0], rows_per_batch=sizes[1])
    corpus = read(tmp_path)
    assert [corpus.class_names[each.label] for each in corpus.examples] == [str(label) for label in labels]
    places = list(range(len(labels)))
    order.shuffle(places)
    assert [corpus.read(place) for place in places] == [b"image %d" % place for place in places]


def test_only_the_last_batches_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_tables, "HELD_BYTES", 1_000_000)
    columns = {"image": [bytes([number]) * 100_000 for number in range(200)], "label": [0, 1] * 100}
    compressed = pa.ipc.IpcWriteOptions(compression="zstd")  # so that batches are in memory, not in the file
    corpus = read(save(tmp_path, columns, rows_per_batch=4, ipc=compressed))
    before = pa.total_allocated_bytes()
    for index in range(200):
        assert corpus.read(index) == bytes([index]) * 100_000
        assert pa.total_allocated_bytes() - before < 5_000_000


@pytest.mark.parametrize("in_schema", [True, False])
def test_class_names_come_from_the_schema_or_from_dataset_info(tmp_path: Path, in_schema: bool):
    save(tmp_path, {"image": [cell(0), cell(1)], "label": [1, 0]}, features=CLASS_LABEL, in_schema=in_schema)
    assert [name for name, _ in content(read(tmp_path)).values()] == ["dog", "cat"]


def test_rows_without_a_usable_label_are_refused_one_by_one(tmp_path: Path):
    columns = {
        "image": [cell(number) for number in range(6)],
        "label": [0, None, -1, 2, 1, 1],
        "split": ["train", "train", "train", "train", "part 1", None],
        "patient": ["p", "p", "p", "p", "p", None],
    }
    corpus = read(save(tmp_path, columns, features=CLASS_LABEL, split="test"))
    assert [(each.path[-1], each.split, each.group) for each in corpus.examples] == [
        ("0", "train", "p"),
        ("5", "test", None),
    ]
    assert [(row.path[-1], row.code, row.reason) for row in corpus.refused] == [
        ("1", "no-label", "the row has no label: give it one, or remove the row"),
        ("2", "no-label", "the row has the label -1, which stands for none: give it one, or remove the row"),
        ("3", "no-such-class", "the row has the label 2, which is not in its own list of 2 classes: correct it"),
        (
            "4",
            "unknown-split",
            f"it has the split 'part 1': write one of {', '.join(KNOWN)}, or leave it empty",
        ),
    ]
    assert corpus.refused[3].class_name == "dog"
    assert corpus.notes == ("Examples with the same 'patient' stay on one side of a split.",)
    assert corpus.read(1) == b"image 5"


def test_minus_one_is_a_class_where_no_list_of_names_says_otherwise(tmp_path: Path):
    assert read(save(tmp_path, {"image": [b"x"] * 2, "label": [-1, 1]})).class_names == ("-1", "1")


def test_no_usable_label_at_all_is_an_error_with_the_first_reason(tmp_path: Path):
    save(tmp_path, {"image": [cell(0), cell(1)], "label": [-1, -1]}, features=CLASS_LABEL)
    with pytest.raises(
        UnusableCorpus, match="2 rows, and no row is an image with a label.*label -1, which stands for none"
    ):
        read(tmp_path)


def test_cells_without_an_image_and_paths_out_of_the_folder_are_refused_when_they_are_read(tmp_path: Path):
    (tmp_path / "beside.png").write_bytes(b"beside")
    images = [
        None,
        {"bytes": None, "path": None},
        {"bytes": None, "path": "beside.png"},
        {"bytes": None, "path": "../x"},
    ]
    images += [{"bytes": None, "path": "a\0b"}, {"bytes": None, "path": "gone.png"}]
    images += [{"bytes": None, "path": "loop"}]
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    corpus = read(save(tmp_path, {"image": images, "label": list("abcdefg")}))
    assert corpus.read(2) == b"beside"
    codes = {}
    for index in (0, 1, 3, 4, 5, 6):
        with pytest.raises(UnreadableImage) as caught:
            corpus.read(index)
        codes[index] = caught.value.code
    assert codes == {0: "empty", 1: "empty", 3: "link-outside", 4: "empty", 5: "vanished", 6: "unreadable"}


def test_a_split_with_a_name_of_its_own_is_mentioned(tmp_path: Path):
    for split in ("train", "extra"):
        save(tmp_path / split, {"image": [cell(0), cell(1)], "label": ["a", "b"]}, split=split)
    (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "extra"]}))
    corpus = read(tmp_path)
    assert {each.path.split("/")[0]: each.split for each in corpus.examples} == {"extra": None, "train": "train"}
    assert corpus.notes == (
        "Split 'extra' is none of train, validation and test: its rows are divided like those without a split.",
    )


def test_a_test_split_alone_is_no_given_split(tmp_path: Path):
    corpus = read(save(tmp_path, {"image": [cell(0), cell(1)], "label": ["a", "b"]}, split="test"))
    assert {each.split for each in corpus.examples} == {None}
    assert "the given splits are not used" in corpus.notes[0]


def damage(folder: Path, what: str) -> None:
    arrow, state = folder / "data-00000-of-00001.arrow", folder / "state.json"
    data = arrow.read_bytes()
    known = json.loads(state.read_text())
    changes = {
        "no arrow file": arrow.unlink,
        "empty": lambda: arrow.write_bytes(b""),
        "cut within": lambda: arrow.write_bytes(data[: len(data) // 2]),
        "cut after a batch": lambda: arrow.write_bytes(data[:-8]),
        "goes on": lambda: arrow.write_bytes(data + data),
        "no state": state.unlink,
        "no json": lambda: state.write_text("{"),
        "nested json": lambda: state.write_text("[" * 100_000),
        "a list": lambda: state.write_text("[]"),
        "no files listed": lambda: state.write_text("{}"),
        "outside": lambda: state.write_text(json.dumps({"_data_files": [{"filename": "../x.arrow"}]})),
        "selection": lambda: state.write_text(json.dumps({**known, "_indices_data_files": [{"filename": "i.arrow"}]})),
        "splits": lambda: (folder / "dataset_dict.json").write_text('{"splits": ["../other"]}'),
        "split gone": lambda: (folder / "dataset_dict.json").write_text('{"splits": ["gone"]}'),
    }
    changes[what]()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no arrow file", r"data-00000-of-00001\.arrow is not there, but state\.json lists it: copy the folder again"),
        ("empty", r"data-00000-of-00001\.arrow is damaged \(.*\): download it again"),
        ("cut within", r"data-00000-of-00001\.arrow is damaged \("),
        ("cut after a batch", r"data-00000-of-00001\.arrow is damaged \(it is cut off"),
        ("goes on", r"data-00000-of-00001\.arrow is damaged \(it is cut off, or goes on after its end"),
        ("no state", r"state\.json is missing, though save_to_disk writes it"),
        ("no json", r"state\.json cannot be read as JSON"),
        ("nested json", r"state\.json cannot be read as JSON"),
        ("a list", r"state\.json holds no JSON object"),
        ("no files listed", r"state\.json does not list the Arrow files: copy the folder again"),
        ("outside", r"state\.json does not list the Arrow files"),
        ("selection", r"call flatten_indices\(\) and save it again"),
        ("splits", r"dataset_dict\.json does not list the folders of the splits"),
        ("split gone", r"gone/state\.json is missing"),
    ],
)
def test_damage_is_named_with_its_file(tmp_path: Path, what: str, words: str):
    save(tmp_path, {"image": [cell(number) for number in range(9)], "label": ["a"] * 9}, rows_per_batch=3)
    damage(tmp_path, what)
    with pytest.raises(UnusableCorpus, match=words):
        read(tmp_path)


@in_one_folder
@given(data=st.data())
def test_random_damage_is_an_error_of_ours_or_a_corpus(tmp_path: Path, data: st.DataObject):
    save(tmp_path, {"image": [cell(number) for number in range(9)], "label": list("abcabcabc")}, rows_per_batch=4)
    path = tmp_path / "data-00000-of-00001.arrow"
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    try:
        corpus = read(tmp_path)
        for index in range(len(corpus)):
            corpus.read(index)
    except UnreadableImage as error:
        assert error.code in ("corrupt", "empty", "vanished", "link-outside", "unreadable")
    except HubelError as error:
        assert str(tmp_path) in str(error)


def test_a_file_that_goes_away_while_it_is_read_is_said(tmp_path: Path):
    corpus = read(save(tmp_path, {"image": [cell(0), cell(1)], "label": ["a", "b"]}))
    os.remove(tmp_path / "data-00000-of-00001.arrow")
    with pytest.raises(UnreadableImage, match=r"data-00000-of-00001\.arrow is no longer there") as caught:
        corpus.read(0)
    assert caught.value.code == "vanished"


def test_other_folders_are_not_taken_for_one(tmp_path: Path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "state.json").write_text("{}")
    assert not saved_to_disk.matches(tmp_path)
    assert not saved_to_disk.matches(tmp_path / "state.json")
