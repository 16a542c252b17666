"""Lists as people have them: which columns are meant, where the files are, which words are splits, what a label is."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.corpus.listed import classes, faults, images, read, splits, typed

from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import make_reading
from hubel.errors import HubelError, UnusableCorpus, WrongRequest
from hubel.errors.wording import facts_of

# Columns


def test_ids_without_ending_are_found_in_the_folder_beside_the_list(tmp_path: Path):
    images(tmp_path, "train/0a1.jpg", "train/0b2.PNG", "test/0c3.jpg")
    (tmp_path / "train/0a1.txt").write_text("notes")
    corpus = read(tmp_path, "id,breed\n0a1,beagle\n0b2,pug\n0zz,pug\n")
    assert classes(corpus) == {"train/0a1.jpg": "beagle", "train/0b2.PNG": "pug"}
    assert faults(corpus) == {"0zz": "vanished"}
    assert corpus.notes == (
        "The labels are read from column 'breed', the only one that can hold them.",
        f"2 files were found by name below {tmp_path} (first: '0a1' is 'train/0a1.jpg').",
    )


def test_a_file_that_could_be_several_is_refused_by_name_and_a_folder_chooses(tmp_path: Path):
    images(tmp_path, "train/1.jpg", "test/1.jpg", "train/2.jpg", "3.jpg", "3.png", "train/3.jpg")
    text = "id,label\n1,cat\n2,dog\n3,dog\n"
    corpus = read(tmp_path, text)
    assert classes(corpus) == {"train/2.jpg": "dog"}
    assert faults(corpus) == {"1": "ambiguous", "3": "ambiguous"}
    reasons = [row.reason for row in corpus.left_out]
    assert reasons[0] == (
        "line 2: several files could be meant ('test/1.jpg', 'train/1.jpg'): write its path, or name the one "
        "folder to look in"
    )
    assert "('3.jpg', '3.png')" in reasons[1]
    chosen = read(tmp_path, text, images=str(tmp_path / "train"))
    assert classes(chosen) == {"1.jpg": "cat", "2.jpg": "dog", "3.jpg": "dog"}
    assert chosen.read(0) == (tmp_path / "train/1.jpg").read_bytes()


def test_images_may_lie_in_another_folder_than_the_list(tmp_path: Path):
    images(tmp_path, "photos/a.jpg", "photos/deep/b.jpg", "lists/c.jpg")
    (tmp_path / "lists").mkdir(exist_ok=True)
    text = "path,label\na.jpg,cat\n../photos/deep/b.jpg,dog\nc.jpg,cow\n"
    corpus = read(tmp_path / "lists", text, images=str(tmp_path / "photos"))
    assert classes(corpus) == {"a.jpg": "cat", "deep/b.jpg": "dog"}
    assert faults(corpus) == {"c.jpg": "vanished"}
    with pytest.raises(UnusableCorpus, match="^The folder of images, .*nowhere, is not there. Name the folder that"):
        read(tmp_path, text, images=str(tmp_path / "nowhere"))


def test_absolute_paths_into_the_folder_of_the_list_are_its_files(tmp_path: Path):
    images(tmp_path, "real/a.jpg", "real/b/c.jpg", "other/d.jpg")
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    text = f"path,label\n{tmp_path}/real/a.jpg,cat\n{tmp_path}/linked/b/../b/c.jpg,dog\n{tmp_path}/other/d.jpg,dog\n"
    for folder in ("real", "linked"):
        corpus = read(tmp_path / folder, text)
        found = {"a.jpg": "cat"} | ({"b/c.jpg": "dog"} if folder == "linked" else {})
        assert classes(corpus) == found
        assert faults(corpus)[f"{tmp_path}/other/d.jpg"] == "outside"
    assert "or name the folder that holds the images" in corpus.left_out[0].reason


def test_the_folder_is_listed_once_however_many_files_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    images(tmp_path, "train/1.jpg")
    listed: list[object] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    read(tmp_path, "id,label\n1,cat\n" + "".join(f"x{number},dog\n" for number in range(50)))
    assert sorted(map(str, listed)) == [str(tmp_path), str(tmp_path / "train")]


@pytest.mark.parametrize(("one", "zero"), [("1", "0"), ("1.0", "0.0"), ("True", "False")])
def test_columns_of_0_and_1_are_classes(tmp_path: Path, one: str, zero: str):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    corpus = read(
        tmp_path,
        f"filename, beagle, pug,age\na.jpg,{one},{zero},3\nb.jpg, {zero}, {one},4\nc.jpg,{one},{one},5\n"
        f"d.jpg,{zero},{zero},6\n",
    )
    assert classes(corpus) == {"a.jpg": "beagle", "b.jpg": "pug"}
    assert faults(corpus) == {"c.jpg": "several-labels", "d.jpg": "no-label"}
    assert "it has 2 labels ('beagle', 'pug'): an image has one" in corpus.left_out[0].reason
    assert corpus.notes[0] == "Each of 2 columns is a class, with 1 where an image belongs to it: 'beagle', 'pug'."
    assert corpus.notes[1] == (
        "1 of 4 images has several labels (first: line 4) and is refused; Hubel names one class per image. Keep one "
        "label each, or make one list for each question."
    )


def test_the_label_columns_can_be_chosen(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    text = "filename,beagle,pug,indoors\na.jpg,1,0,1\nb.jpg,0,1,1\nc.jpg,0,yes,1\n"
    corpus = read(tmp_path, text, label_column="beagle,pug")
    assert classes(corpus) == {"a.jpg": "beagle", "b.jpg": "pug"}
    assert faults(corpus) == {"c.jpg": "bad-label"}
    assert (
        "its column 'pug' holds 'yes': write 1 for the class of the image, and 0 elsewhere" in corpus.left_out[0].reason
    )
    assert classes(read(tmp_path, text, label_column="indoors")) == {"a.jpg": "1", "b.jpg": "1", "c.jpg": "1"}


def test_every_column_can_be_named(tmp_path: Path):
    images(tmp_path, "x/a.jpg", "x/b.jpg")
    text = "ref,kind,path,label,part,who\na.jpg,cat,no,no,A,p\nb.jpg,dog,no,no,B,p\n"
    wishes = {"path_column": "Ref", "label_column": " kind", "split_column": "part", "group_column": "who"}
    corpus = read(tmp_path, text, splits="train=A,test=B", images=str(tmp_path / "x"), **wishes)
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "dog"}
    assert splits(corpus) == ["train", "test"]
    assert {each.group for each in corpus.examples} == {"p"}


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path):
    with pytest.raises(WrongRequest) as caught:
        read(tmp_path, "path,label\na.jpg,cat\n", label_column="lable")
    assert typed(caught.value.text) == (
        f"{tmp_path / 'list.csv'} has no column 'lable', which --label-column names. Did you mean 'label'? Its columns: "
        "'path', 'label'."
    )


def test_near_misses_of_the_usual_columns_are_suggested(tmp_path: Path):
    images(tmp_path, "a.jpg")
    text = "no,Filname ,Categroy,age\n1,a.jpg,cat,3\n"
    with pytest.raises(UnusableCorpus) as caught:
        read(tmp_path, text)
    advice = "--path-column 'Filname ' --label-column Categroy"
    assert typed(caught.value.text).endswith(f"If 'Filname ' holds the paths and 'Categroy' the labels: {advice}")
    assert classes(read(tmp_path, text, path_column="Filname ", label_column="Categroy")) == {"a.jpg": "cat"}


def test_names_of_columns_may_be_written_in_any_usual_way(tmp_path: Path):
    images(tmp_path, "a.jpg")
    assert classes(read(tmp_path, "Image File,Class-Name,n\na.jpg,cat,1\n")) == {"a.jpg": "cat"}


def test_a_list_whose_label_column_is_not_clear_asks_for_it(tmp_path: Path):
    with pytest.raises(
        UnusableCorpus, match="paths are in 'filename'; it is not clear which column holds the labels. Name "
    ):
        read(tmp_path, "filename,breed,age\na.jpg,pug,3\n")


# Splits


@pytest.mark.parametrize(
    "name", ["set", "dataset", "data set", "Data_Type", "subset", "partition", "phase", "usage", "fold", "split"]
)
def test_a_column_whose_words_are_those_of_splits_is_used(tmp_path: Path, name: str):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    corpus = read(tmp_path, f"path,label,{name}\na.jpg,cat,Train\nb.jpg,dog,val\nc.jpg,dog,TEST\n")
    assert splits(corpus) == ["train", "validation", "test"]
    assert corpus.class_names == ("cat", "dog")


@pytest.mark.parametrize(("name", "yes", "no"), [("is_valid", "validation", "train"), ("is_train", "train", "test")])
def test_a_column_of_true_and_false_is_used(tmp_path: Path, name: str, yes: str, no: str):
    images(tmp_path, "a.jpg", "b.jpg")
    assert splits(read(tmp_path, f"name,label,{name},path\nx,cat,True,a.jpg\nx,dog,False,b.jpg\n")) == [yes, no]
    pq.write_table(
        pa.table({"path": ["a.jpg", "b.jpg"], "label": ["cat", "dog"], name: [True, False]}), tmp_path / "list.parquet"
    )
    assert splits(read_corpus(tmp_path / "list.parquet")) == [yes, no]


def test_folds_are_no_split_and_the_note_says_what_to_type(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    text = "path,label,fold\na.jpg,cat,0\nb.jpg,dog,1\nc.jpg,dog,2\n"
    corpus = read(tmp_path, text)
    assert splits(corpus) == [None] * 3
    advice = "--split-column fold --splits train=0,train=1,test=2"
    assert typed(corpus.notes[0]).endswith(
        "Numbered folds do not say what to test on, so Hubel makes a split itself. To test on one of them: " + advice
    )
    assert facts_of(corpus.notes[0]).endswith("so Hubel makes a split itself.")
    chosen = read(tmp_path, text, split_column="fold", splits="train=0,train=1,test=2")
    assert splits(chosen) == ["train", "train", "test"]


def test_a_column_of_other_words_is_not_used_and_that_is_said(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg")
    corpus = read(tmp_path, "path,label,dataset\na.jpg,cat,coco\nb.jpg,dog,imagenet\n")
    assert splits(corpus) == [None, None]
    assert "\n".join(map(typed, corpus.notes)) == (
        "Column 'dataset' is not used: its words ('coco' (1), 'imagenet' (1)) name no splits, so Hubel makes a split "
        "itself. If they do: --split-column dataset --splits train=coco,test=imagenet"
    )


@pytest.mark.parametrize("name", ["Usage", "set", "subset"])
def test_words_of_which_only_some_are_splits_are_asked_about(tmp_path: Path, name: str):
    images(tmp_path, *(f"{letter}.jpg" for letter in "abcd"))
    words = ["Lernen", "PublicTest", "PrivateTest", "Lernen"]
    words[0] = words[3] = "Lernen" if name == "subset" else "Training"
    text = f"path,label,{name}\n" + "".join(
        f"{letter}.jpg,cat,{word}\n" for letter, word in zip("abcd", words, strict=True)
    )
    with pytest.raises(UnusableCorpus) as caught:
        read(tmp_path, text)
    assert f"which words of the column {name!r} are train, validation and test?" in str(caught.value)
    assert f"'{words[0]}' (2), 'PublicTest' (1), 'PrivateTest' (1)" in str(caught.value)
    wishes = f"train={words[0]},validation=PublicTest,test=PrivateTest"
    assert f"--split-column {name} --splits {wishes}" in typed(caught.value.text)
    chosen = read(tmp_path, text, split_column=name, splits=wishes)
    assert splits(chosen) == ["train", "validation", "test", "train"]


def test_no_column_gives_splits_where_the_user_says_none(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg")
    text = "path,label,split\na.jpg,cat,train\nb.jpg,dog,ours\n"
    corpus = read(tmp_path, text, splits="none")
    assert splits(corpus) == [None, None]
    assert faults(corpus) == {}
    with pytest.raises(
        WrongRequest,
        match="splits='none' says that there are no splits, and split_column says where they are. Leave out one of them",
    ):
        read(tmp_path, text, splits="none", split_column="split")


def image_table(path: Path, **columns: list) -> Path:
    data = [(path.parent / "a.jpg").read_bytes()] * len(next(iter(columns.values())))
    pq.write_table(pa.table({"image": data, "label": ["cat", "dog", "dog"][: len(data)], **columns}), path)
    return path


def test_a_table_with_images_takes_its_splits_from_the_same_columns_as_a_list(tmp_path: Path):
    images(tmp_path, "a.jpg")
    named = image_table(tmp_path / "train-0.parquet", set=["train", "val", "test"])
    assert splits(read_corpus(named)) == ["train", "validation", "test"]
    assert splits(read_corpus(named, reading=make_reading({"splits": "none"}))) == [None] * 3
    flags = image_table(tmp_path / "flags.parquet", is_valid=[True, False, False])
    for wishes in ({}, {"split_column": "is_valid"}):
        assert splits(read_corpus(flags, reading=make_reading(wishes))) == ["validation", "train", "train"]
    folds = image_table(tmp_path / "folds.parquet", fold=[0, 1, 2])
    assert "Numbered folds do not say what to test on" in str(read_corpus(folds).notes[0])
    chosen = read_corpus(folds, reading=make_reading({"split_column": "fold", "splits": "train=0,test=2"}))
    assert splits(chosen) == ["train", "test"]
    assert [row.code for row in chosen.left_out if row.path.startswith("folds")] == ["other-split"]
    doubtful = image_table(tmp_path / "doubtful.parquet", usage=["Training", "PublicTest", "PrivateTest"])
    with pytest.raises(UnusableCorpus, match="splits='train=Training,validation=PublicTest,test=PrivateTest'"):
        read_corpus(doubtful)


def test_rows_with_words_that_are_not_named_are_left_out_and_counted(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    corpus = read(tmp_path, "path,label,set\na.jpg,cat,A\nb.jpg,dog,B\nc.jpg,dog,C\n", splits="train=A,test=B")
    assert splits(corpus) == ["train", "test"]
    assert faults(corpus) == {"c.jpg": "other-split"}
    assert corpus.notes[0] == "1 row is left out: the splits that were named leave out 'C' of column 'set'."


@pytest.mark.parametrize(
    ("text", "wishes", "words"),
    [
        ("path,label\na.jpg,cat\n", {"splits": "train=A"}, "finds no column of splits in .* splits: split_column=NAME"),
        (
            "path,label,set\na.jpg,c,A\n",
            {"splits": "train=X"},
            "'X' was named as a word for a split, but it is not in column 'set' .* That holds: 'A' .1..",
        ),
        (
            "path,label,set\na.jpg,c,\n",
            {"split_column": "set"},
            "column 'set' cannot name the splits: it is empty, or holds more",
        ),
    ],
)
def test_splits_that_cannot_be_honoured_are_refused(tmp_path: Path, text: str, wishes: dict[str, str], words: str):
    images(tmp_path, "a.jpg")
    with pytest.raises(HubelError, match=words):
        read(tmp_path, text, **wishes)


def test_two_columns_of_splits_are_said(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg")
    corpus = read(tmp_path, "path,label,split,is_valid\na.jpg,cat,train,True\nb.jpg,dog,test,False\n")
    assert splits(corpus) == ["train", "test"]
    assert corpus.notes == ("The splits are read from column 'split', not from 'is_valid'.",)


def test_a_column_of_many_words_is_not_passed_over_in_silence(tmp_path: Path):
    images(tmp_path, *(f"{number}.jpg" for number in range(105)))
    lines = "".join(f"{number}.jpg,cat,d{number}\n" for number in range(105))
    corpus = read(tmp_path, f"path,label,dataset\n{lines}")
    assert str(corpus.notes[0]).startswith("Column 'dataset' is not used: its words ('d0' (1), 'd1' (1), ")
    with pytest.raises(UnusableCorpus, match="'dataset' cannot name the splits: it is empty, or holds more than 100 "):
        read(tmp_path, f"path,label,dataset\n{lines}", split_column="dataset")


def test_two_columns_of_flags_are_a_guess_and_one_can_be_chosen(tmp_path: Path):
    images(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    text = "path,label,is_valid,is_test\na.jpg,cat,0,0\nb.jpg,dog,1,0\nc.jpg,dog,0,1\n"
    with pytest.raises(UnusableCorpus, match="'is_valid' and 'is_test': what to train on is not clear"):
        read(tmp_path, text)
    assert splits(read(tmp_path, text, split_column="is_valid")) == ["train", "validation", "train"]


def test_folders_called_like_splits_are_pointed_out_where_no_column_names_any(tmp_path: Path):
    images(tmp_path, "train/a.jpg", "Test/b.jpg", "other/c.jpg")
    corpus = read(tmp_path, "path,label\ntrain/a.jpg,cat\nTest/b.jpg,dog\n")
    assert splits(corpus) == [None, None]
    assert corpus.notes[0].startswith("The files lie in 'Test', 'train', but no column names their splits, and a split")
    assert read(tmp_path, "path,label,split\ntrain/a.jpg,cat,train\nTest/b.jpg,dog,test\n").notes == ()
    assert read(tmp_path, "path,label\ntrain/a.jpg,cat\nother/c.jpg,dog\n").notes == ()
