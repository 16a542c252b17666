"""Lists as people have them: what a label is, and lists that are no CSV."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import write_image
from tests.unit.corpus.listed import classes, faults, images, read, splits

from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import make_reading
from hubel.errors import UnusableCorpus, WrongRequest

# Labels


def test_a_space_after_the_comma_is_no_part_of_a_cell(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg")
    assert classes(read(tmp_path, "path, label, split\na.jpg, cat, train\nb.jpg, dog, test\n")) == {
        "a.jpg": "cat",
        "b.jpg": "dog",
    }
    assert classes(read(tmp_path, "label, path\ncat, a.jpg\ndog, b.jpg\n")) == {"a.jpg": "cat", "b.jpg": "dog"}
    assert read(tmp_path, "path,label\na.jpg, cat\nb.jpg, dog\n").class_names == ("cat", "dog")


def test_labels_that_differ_in_spaces_only_are_one_class_and_others_keep_theirs(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    corpus = read(tmp_path, "path,label\na.jpg, cat\nb.jpg,cat\nc.jpg,cat \nd.jpg, cow\n")
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "cat", "c.jpg": "cat", "d.jpg": " cow"}
    assert corpus.notes == ("Labels that differ only in spaces around them are one class: 'cat'.",)


SEVERAL = {
    "a space": ("labels", ["healthy", "scab", "rust", "scab rust"], {"scab rust"}),
    "a bar": ("Finding Labels", ["Mass", "Nodule", "Mass|Nodule", "Edema|Mass"], {"Mass|Nodule"}),
    "tags": (
        "tags",
        ["cloudy", "clear primary", "haze primary", "clear primary water", "haze primary water", "clear water",
         "haze water", "clear primary road", "haze primary road", "clear road water", "haze road water",
         "haze road"],
        {"clear primary", "haze primary", "clear primary water", "haze primary water", "clear water",
         "haze water", "clear primary road", "haze primary road", "clear road water", "haze road water", "haze road"},
    ),
    "a comma": ("tags", ["cat,indoor", "dog,indoor", "cow"], {"cat,indoor", "dog,indoor"}),
    "json": ("choice", ["cat", '{"choices":["cat","dog"]}'], {'{"choices":["cat","dog"]}'}),
}  # fmt: skip


@pytest.mark.parametrize("case", SEVERAL)
def test_several_labels_for_an_image_are_refused_by_name_with_their_count(tmp_path: Path, case: str):
    column, labels, several = SEVERAL[case]
    images(tmp_path, *(f"{place:02}.jpg" for place in range(len(labels))))
    quoted = [label.replace('"', '""') for label in labels]
    lines = "".join(f'{place:02}.jpg,"{label}"\n' for place, label in enumerate(quoted))
    corpus = read(tmp_path, f"path,{column}\n{lines}", label_column=column)
    refused = {labels[int(row.path[:2])] for row in corpus.left_out}
    assert refused == several
    assert set(faults(corpus).values()) == {"several-labels"}
    first = next(place for place, label in enumerate(labels) if label in several)
    assert corpus.notes[-1].startswith(
        f"{len(several)} of {len(labels)} images {'has' if len(several) == 1 else 'have'} several labels (first: line {first + 2} {labels[first][:60]!r})"
    )


def test_class_names_of_several_words_are_no_several_labels(tmp_path: Path):
    names = ["golden retriever", "labrador retriever", "flat-coated retriever", "basset hound", "afghan hound", "pug"]
    images(tmp_path, *(f"{place}.jpg" for place in range(len(names))))
    lines = "".join(f"{place}.jpg,{name}\n" for place, name in enumerate(names))
    for column in ("label", "labels"):
        corpus = read(tmp_path, f"filepaths,{column}\n{lines}")
        assert corpus.class_names == tuple(sorted(names))
        assert corpus.left_out == ()


def test_whole_numbers_that_became_floats_are_pointed_out(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    corpus = read(tmp_path, "path,label\na.jpg,1.0\nb.jpg,\nc.jpg,2.0\n")
    assert classes(corpus) == {"a.jpg": "1.0", "c.jpg": "2.0"}
    assert faults(corpus) == {"b.jpg": "no-label"}
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(tmp_path / "list.csv")
    cure = corpus.notes[0].rpartition(": ")[2]
    table["label"] = eval(cure, {"table": table})
    table.to_csv(tmp_path / "list.csv", index=False)
    assert classes(read_corpus(tmp_path / "list.csv")) == {"a.jpg": "1", "c.jpg": "2"}


def test_a_class_that_pandas_made_of_empty_cells_is_pointed_out(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    corpus = read(tmp_path, "path,label\na.jpg,cat\nb.jpg,nan\nc.jpg,nan\n")
    assert corpus.class_names == ("cat", "nan")
    assert corpus.notes == ("There is a class 'nan', of 2 rows: if these were empty cells, leave them empty.",)


# Other files than CSV


def test_json_lines_are_read_line_by_line_and_bad_ones_are_named(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    lines = [
        {"file_name": "a.jpg", "label": 1, "split": "train", "size": [1, 2]},
        {"file_name": "b.jpg", "label": ["cat"], "split": None},
        {"file_name": "c.jpg", "label": ["cat", "dog"]},
        {"file_name": "d.jpg", "label": {"a": 1}},
    ]
    text = "\n".join([*map(json.dumps, lines), "{broken", "[" * 100_000, "7"])
    corpus = read(tmp_path, text, "list.jsonl")
    assert classes(corpus) == {"a.jpg": "1", "b.jpg": "cat"}
    assert [(row.path, row.code, row.reason.split(":")[0]) for row in corpus.left_out] == [
        ("c.jpg", "several-labels", "line 3"),
        ("d.jpg", "no-label", "line 4"),
        *((f"list.jsonl:{number}", "not-an-object", f"line {number}") for number in (5, 6, 7)),
    ]
    assert "its 'label' holds 2 values: an image has one label" in corpus.left_out[0].reason


def test_names_that_no_file_can_have_are_refused(tmp_path: Path):
    images(tmp_path, "a.jpg")
    lines = [
        r'{"path": "\ud800.jpg", "label": "cat"}',
        r'{"path": "a.jpg", "label": "\udfff"}',
        r'{"path": "a\u0000.jpg", "label": "cat"}',
        r'{"path": "a\u0000.jpg", "label": null}',
        r'{"path": "/data/upload/1/a%00.jpg", "label": "cat"}',
        r'{"path": "a.jpg", "label": NaN}',
    ]
    corpus = read(tmp_path, "\n".join(lines), "list.jsonl")
    assert [(row.path, row.code) for row in corpus.left_out] == [
        ("list.jsonl:1", "not-text"),
        ("a.jpg", "not-text"),
        ("list.jsonl:3", "nul"),
        ("list.jsonl:4", "nul"),
        ("/data/upload/1/a%00.jpg", "not-a-path"),
        ("a.jpg", "no-label"),
    ]


def test_an_array_of_objects_is_a_list(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg")
    text = json.dumps([{"image": "a.jpg", "label": "cat"}, {"image": "b.jpg", "label": "dog"}])
    assert classes(read(tmp_path, text, "list.json")) == {"a.jpg": "cat", "b.jpg": "dog"}


@pytest.mark.parametrize("name", ["list.jsonl", "list.json"])
@pytest.mark.parametrize("text", ["[", "[" * 100_000, "[1, 2]", '[{"a": 1}]', "[]", '[{"path": 1' + "0" * 5000 + "}]"])
def test_json_that_is_no_list_is_refused_by_name(tmp_path: Path, name: str, text: str):
    with pytest.raises(UnusableCorpus, match=name):
        read(tmp_path, text, name)


@pytest.mark.parametrize("name", ["list.xls", "list.ods"])
def test_other_spreadsheets_say_how_to_save_them(tmp_path: Path, name: str):
    with pytest.raises(UnusableCorpus, match="does not read. Save its first sheet as .xlsx or CSV, and name that file"):
        read(tmp_path, "\xd0\xcf", name)


def test_metadata_beside_the_images_of_each_split_accounts_for_every_file(tmp_path: Path):
    images(tmp_path, "train/a.jpg", "train/b.jpg", "test/a.jpg", "test/unlisted.jpg")
    (tmp_path / "train/metadata.csv").write_text("file_name,label\na.jpg,cat\nb.jpg,dog\nc.jpg,dog\n")
    (tmp_path / "test/metadata.jsonl").write_text('{"file_name": "a.jpg", "label": "dog", "text": "a dog"}\n')
    corpus = read_corpus(tmp_path)
    assert corpus.format == "imagefolder"
    assert classes(corpus) == {"train/a.jpg": "cat", "train/b.jpg": "dog", "test/a.jpg": "dog"}
    assert splits(corpus) == ["test", "train", "train"]
    assert faults(corpus) == {
        "c.jpg": "vanished",
        "test/unlisted.jpg": "not-listed",
        "train/metadata.csv": "other-file",
        "test/metadata.jsonl": "other-file",
    }
    assert corpus.refused[0].reason.startswith("train/metadata.csv, line 4: ")


def test_metadata_above_the_folders_of_the_splits_has_their_splits(tmp_path: Path):
    images(tmp_path, "train/a.jpg", "test/b.jpg")
    (tmp_path / "metadata.csv").write_text("file_name,label\ntrain/a.jpg,cat\ntest/b.jpg,dog\n")
    corpus = read_corpus(tmp_path)
    assert [(each.path, each.split) for each in corpus.examples] == [("test/b.jpg", "test"), ("train/a.jpg", "train")]


def test_metadata_without_labels_leaves_the_folders_to_be_the_classes(tmp_path: Path):
    images(tmp_path, "cat/a.jpg", "dog/b.jpg")
    (tmp_path / "metadata.csv").write_text("file_name,text\ncat/a.jpg,a cat\ndog/b.jpg,a dog\n")
    corpus = read_corpus(tmp_path)
    assert corpus.format == "folders"
    assert corpus.class_names == ("cat", "dog")


def test_columns_of_parquet_with_images_can_be_named(tmp_path: Path):
    table = pa.table(
        {
            "image": [{"bytes": bytes([number]), "path": None} for number in range(3)],
            "label": [0, 0, 0],
            "breed": ["pug", "beagle", "pug"],
            "part": ["A", "B", "C"],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    wishes = {"label_column": "breed", "split_column": "part", "splits": "train=A,test=B"}
    corpus = read_corpus(tmp_path / "x.parquet", reading=make_reading(wishes))
    assert corpus.class_names == ("beagle", "pug")
    assert splits(corpus) == ["train", "test"]
    assert faults(corpus) == {"x.parquet#0000002": "other-split"}
    with pytest.raises(WrongRequest, match="has no column 'bred', which label_column names. Did you mean 'breed'"):
        read_corpus(tmp_path / "x.parquet", reading=make_reading({"label_column": "bred"}))


def test_the_next_steps_of_an_audit_repeat_how_the_list_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from hubel.cli.show.audit import show_audit
    from hubel.workflows.auditing.audit import audit_corpus
    from hubel.workflows.auditing.audit_words import Given

    for number in range(6):
        colour = np.full((24, 24, 3), 40 * number, np.uint8)
        write_image(tmp_path / f"{number}.png", colour)
    (tmp_path / "list.csv").write_text("file,kind,n\n" + "".join(f"{n}.png,{'ab'[n % 2]},7\n" for n in range(6)))
    reading = make_reading({"label_column": "kind"})
    location = str(tmp_path / "list.csv")
    show_audit(audit_corpus(location, reading=reading), Given(location, reading.options), out=None)
    assert f"hubel train {location} --label-column kind -o runs/list" in capsys.readouterr().out.replace("\n", " ")
