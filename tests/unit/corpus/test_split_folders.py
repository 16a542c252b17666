"""Classes or parts: what many layouts of folders mean, each written as the list of its folders with images."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.corpus.listed import typed

from hubel.corpus.formats.chosen_splits import choose
from hubel.corpus.formats.layout import Folder, FolderDoubt, Layout, outline
from hubel.corpus.formats.split_folders import as_classes, decide
from hubel.corpus.reading import PARTS, make_reading
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Remedy

ANIMALS = ("cat", "dog", "owl")


def below(*folders: str, classes: tuple[str, ...] = ANIMALS) -> list[str]:
    return [f"{folder}/{name}" for folder in folders for name in classes]


def tree(folders: list[str], images: int = 4) -> Folder:
    return outline(dict.fromkeys(folders, images))


def parts_of(layout: Layout | FolderDoubt, folders: list[str]) -> dict[str, tuple[str, str | None] | str]:
    """Folder → class and part, or why it is left out."""
    assert isinstance(layout, Layout), layout
    places = {folder: layout.place(folder) for folder in folders}
    return {
        folder: (place.class_name, place.split)
        if place.class_name
        else place.left_out.code
        if place.left_out
        else "outside"
        for folder, place in places.items()
    }


# Layout → (its folders, part → the folder that is it, folders that are left out with the code of each)
PARTS_FOUND: dict[str, tuple[list[str], dict[str, str], dict[str, str]]] = {
    "Fruits-360": (
        [*below("Training", "Test"), "test-multiple_fruits"],
        {"train": "Training", "test": "Test"},
        {"test-multiple_fruits": "unlabelled"},
    ),
    "Intel": (
        [*below("seg_train", "seg_test"), "seg_pred"],
        {"train": "seg_train", "test": "seg_test"},
        {"seg_pred": "unlabelled"},
    ),
    "Intel as unpacked": (
        [*below("seg_train/seg_train", "seg_test/seg_test"), "seg_pred/seg_pred"],
        {"train": "seg_train/seg_train", "test": "seg_test/seg_test"},
        {"seg_pred/seg_pred": "unlabelled"},
    ),
    "cats and dogs": (
        below("training_set/training_set", "test_set/test_set", classes=("cats", "dogs")),
        {"train": "training_set/training_set", "test": "test_set/test_set"},
        {},
    ),
    "with the word images": (
        below("train_images", "test_images"),
        {"train": "train_images", "test": "test_images"},
        {},
    ),
    "camel case": (below("TrainImages", "ValImages"), {"train": "TrainImages", "validation": "ValImages"}, {}),
    "glued": (below("trainset", "testset"), {"train": "trainset", "test": "testset"}, {}),
    "years": (below("train2017", "val2017"), {"train": "train2017", "validation": "val2017"}, {}),
    "shouted": (below("TRAIN", "VALID", "TEST"), {"train": "TRAIN", "validation": "VALID", "test": "TEST"}, {}),
    "short": (below("trn", "dev", "tst"), {"train": "trn", "validation": "dev", "test": "tst"}, {}),
    "dev and eval": (below("train", "dev", "eval"), {"train": "train", "validation": "dev", "test": "eval"}, {}),
    "eval and test": (below("train", "eval", "test"), {"train": "train", "validation": "eval", "test": "test"}, {}),
    "eval is one too many": (
        below("train", "dev", "eval", "test"),
        {"train": "train", "validation": "dev", "test": "test"},
        {"eval/cat": "left-out"},
    ),
    "holdout": (below("train", "hold", "holdout")[:3] + below("holdout"), {"train": "train", "test": "holdout"}, {}),
    "with documents": ([*below("train", "test"), "docs"], {"train": "train", "test": "test"}, {"docs": "left-out"}),
    "with documents in folders": (
        [*below("train", "test"), "docs/figures", "docs/logos"],
        {"train": "train", "test": "test"},
        {"docs/figures": "left-out"},
    ),
    "X-rays with a copy of themselves inside": (
        [f"chest_xray/{each}" for each in below("train", "val", "test", "chest_xray/train", "chest_xray/test")],
        {"train": "chest_xray/train", "validation": "chest_xray/val", "test": "chest_xray/test"},
        {"chest_xray/chest_xray/train/cat": "left-out", "chest_xray/chest_xray/test/cat": "left-out"},
    ),
    "blood cells": (
        [f"dataset2-master/images/{each}" for each in below("TRAIN", "TEST", "TEST_SIMPLE")],
        {"train": "dataset2-master/images/TRAIN", "test": "dataset2-master/images/TEST"},
        {"dataset2-master/images/TEST_SIMPLE/cat": "left-out"},
    ),
    "sign language": (
        [*below("asl_train/asl_train"), "asl_test/asl_test"],
        {"train": "asl_train/asl_train"},
        {"asl_test/asl_test": "unlabelled"},
    ),
    "competition": ([*below("train"), "test"], {"train": "train"}, {"test": "unlabelled"}),
    "competition in two stages": (
        [*below("train"), "test_stg1", "test_stg2"],
        {"train": "train"},
        {"test_stg1": "unlabelled", "test_stg2": "unlabelled"},
    ),
    "reviews": (
        [*below("train", "test", classes=("neg", "pos")), "train/unsup"],
        {"train": "train", "test": "test"},
        {"train/unsup": "unlabelled"},
    ),
    "more to train on": (
        below("train", "extra", "test"),
        {"train": "train", "test": "test"},
        {"extra/cat": "left-out"},
    ),
    "images and test": (below("images", "test"), {"train": "images", "test": "test"}, {}),
    "train and validation together": (below("trainval", "test"), {"train": "trainval", "test": "test"}, {}),
    "a test part with fewer classes": (
        [*below("seg_train"), *below("seg_test", classes=("cat", "dog"))],
        {"train": "seg_train", "test": "seg_test"},
        {},
    ),
    "images inside": (below("train/images", "test/images"), {"train": "train/images", "test": "test/images"}, {}),
}


@pytest.mark.parametrize("name", PARTS_FOUND)
def test_parts_are_told_from_classes(name: str):
    folders, parts, left_out = PARTS_FOUND[name]
    found = parts_of(decide(tree(folders)), folders)
    expected = {
        folder: (folder.rpartition("/")[2], split)
        for split, part in parts.items()
        for folder in folders
        if folder.startswith(f"{part}/") and folder not in left_out
    }
    assert {folder: said for folder, said in found.items() if not isinstance(said, str)} == expected
    assert {folder: found[folder] for folder in left_out} == left_out
    assert set(found.values()).isdisjoint({"outside"})


# Layout → (its folders, its classes)
CLASSES_FOUND: dict[str, tuple[list[str], set[str]]] = {
    "plain": (["cat", "dog"], {"cat", "dog"}),
    "vehicles": (["train", "bus", "car"], {"train", "bus", "car"}),
    "vehicles by maker": (["train_station/day", "train_station/night", "bus"], {"train_station", "bus"}),
    "glass": (["test_tube", "beaker"], {"test_tube", "beaker"}),
    "glass of two kinds": (["test_tube", "test_strip"], {"test_tube", "test_strip"}),
    "things with such words": (
        ["validation_stamp", "train_ticket", "test_tube"],
        {"validation_stamp", "train_ticket", "test_tube"},
    ),
    "boards": (["dev_board", "breadboard"], {"dev_board", "breadboard"}),
    "one around": (["photos/cat", "photos/dog"], {"cat", "dog"}),
    "two around": (["data/photos/cat", "data/photos/dog"], {"cat", "dog"}),
    "a training part alone": (below("train"), set(ANIMALS)),
    "a training part alone, twice": (below("train/train"), set(ANIMALS)),
    "with folders of their own": (["cat/tabby", "cat/siamese", "dog/pug", "dog/boxer"], {"cat", "dog"}),
    "with one folder of the same name": (["cat/images", "dog/images"], {"cat", "dog"}),
    "numbers": (["0", "1", "2"], {"0", "1", "2"}),
    "signs": (["🐱", "🐶"], {"🐱", "🐶"}),
    "one class": (["cat"], {"cat"}),
    "many people at the same places": (
        [f"person{number}/{place}" for number in range(30) for place in ("home", "work")],
        {f"person{number}" for number in range(30)},
    ),
}


@pytest.mark.parametrize("name", CLASSES_FOUND)
def test_classes_stay_classes(name: str):
    folders, classes = CLASSES_FOUND[name]
    found = parts_of(decide(tree(folders)), folders)
    assert {said[0] for said in found.values()} == classes
    assert {said[1] for said in found.values()} == {None}


# Layout → (its folders, what the first choice says, what each choice adds)
DOUBTS: dict[str, tuple[list[str], str, tuple[str, ...]]] = {
    "no training part": (
        below("val", "test"),
        "train: 'val' (12 images); test: 'test' (12 images)",
        ("train=val,test=test", "none"),
    ),
    "folds": (
        below("fold_0", "fold_1", "fold_2"),
        "with the classes 'cat', 'dog' and 'owl' in them (train: 'fold_0' (12 images) and 'fold_1' (12 images); test",
        ("train=fold_0,train=fold_1,test=fold_2", "none"),
    ),
    "sites": (below("Berlin", "Paris"), "train: 'Berlin' (12 images)", ("train=Berlin,test=Paris", "none")),
    "two test parts": (
        below("train", "test1", "test2"),
        "test: 'test1' (12 images)",
        ("train=train,test=test1", "train=train,test=test2", "none"),
    ),
    "two training parts": (
        below("train_1", "train_2", "test"),
        "train: 'train_1' (12 images) and 'train_2' (12 images); test: 'test'",
        ("train=train_1,train=train_2,test=test", "none"),
    ),
    "parts without classes": (
        ["train", "test"],
        "Parts without class folders: 'test' (4 images) and 'train' (4 images). Then nothing says which class",
        ("none",),
    ),
    "such parts and a class": (["train", "test", "car"], "Parts without class folders", ("none",)),
    "folds without classes": (["fold_0", "fold_1"], "Parts without class folders", ("none",)),
    "only the test part has classes": (["train", *below("test")], "train: 'test' (12 images)", ("train=test", "none")),
    "a training part and documents": (
        [*below("train"), "docs"],
        "A part to train on, 'train' (12 images); and left out, 'docs' (4 images)",
        ("train=train", "none"),
    ),
    "images and documents": (
        [*below("images"), "docs"],
        "Classes in 'images' (12 images); and left out, 'docs' (4 images)",
        ("train=images", "none"),
    ),
    "parts at every site": (
        below(*(f"{site}/{part}" for site in ("Rome", "Oslo") for part in ("train", "test"))),
        "Parts of their own in 'Oslo' (24 images) and 'Rome' (24 images), with class folders in them: name one",
        ("train=Rome/train,test=Rome/test,train=Oslo/train,test=Oslo/test", "none"),
    ),
    "one class and images without": (
        ["cat", "unlabeled"],
        "One class, 'cat' (4 images), and images without labels, 'unlabeled' (4 images); two classes",
        ("none",),
    ),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_not_clear_is_asked(name: str):
    folders, words, options = DOUBTS[name]
    doubt = decide(tree(folders))
    assert isinstance(doubt, FolderDoubt)
    assert words in doubt.choices[0].words
    given = [choice.splits for choice in doubt.choices if choice.splits]
    assert [set(option.split(",")) for option in given] == [set(each.split(",")) for each in options]
    assert str(doubt.text).startswith(" (1) ")
    assert all(f". For this, add splits={option!r}." in str(doubt.text) for option in given)


@pytest.mark.parametrize("name", [*DOUBTS, *PARTS_FOUND])
def test_every_option_that_is_offered_can_be_typed(name: str):
    folders = DOUBTS[name][0] if name in DOUBTS else PARTS_FOUND[name][0]
    root, layout = tree(folders), decide(tree(folders))
    if isinstance(layout, FolderDoubt):
        options = [choice.splits for choice in layout.choices]
    else:
        remedies = [each.remedy for each in layout.left_out.values() if each.remedy is not None]
        options = [str(part.value) for each in remedies for part in each.parts if isinstance(part, Option)]
    for option in filter(lambda text: text not in ("none", ""), options):
        reading = make_reading({"splits": option})
        found = parts_of(choose(root, reading.splits), folders)
        assert {split for _, split in (each for each in found.values() if isinstance(each, tuple))} == set(
            dict(reading.splits).values()
        )


def test_parts_below_the_classes():
    folders = ["cat/train", "cat/test", "dog/Train", "dog/test", "dog/train/deep"]
    layout = decide(tree(folders))
    assert parts_of(layout, folders) == {
        "cat/train": ("cat", "train"),
        "cat/test": ("cat", "test"),
        "dog/Train": ("dog", "train"),
        "dog/test": ("dog", "test"),
        "dog/train/deep": ("dog", "train"),
    }
    assert isinstance(layout, Layout)
    assert layout.notes == ("The parts lie below the classes: 'test' is test and 'train' is train.",)


def test_two_test_parts_below_the_classes_are_not_merged():
    folders = [f"{name}/{part}" for name in ("cat", "dog") for part in ("train", "test1", "test2")]
    doubt = decide(tree(folders))
    assert isinstance(doubt, FolderDoubt)
    found = parts_of(choose(tree(folders), (("train", "train"), ("test1", "test"))), folders)
    assert found["cat/test1"] == ("cat", "test")
    assert found["dog/test2"] == "left-out"


def test_images_without_labels_beside_classes_are_left_out_with_the_way_back():
    folders = ["cat", "dog", "unlabeled"]
    layout = decide(tree(folders))
    assert parts_of(layout, folders)["unlabeled"] == "unlabelled"
    assert isinstance(layout, Layout)
    assert layout.left_out["unlabeled"].remedy == Remedy("To make it a class: ", Option("splits", "none"), ".")
    assert parts_of(as_classes(tree(folders)), folders)["unlabeled"] == ("unlabeled", None)


def test_names_that_are_not_usual_are_said_with_the_way_back():
    layout = decide(tree(below("seg_train", "seg_test")))
    assert isinstance(layout, Layout)
    (note,) = layout.notes
    assert typed(note) == (
        "Read as parts: 'seg_train' (12 images) is train and 'seg_test' (12 images) is test. If they are classes: "
        "--splits none."
    )
    usual = decide(tree(below("train", "val", "test")))
    assert isinstance(usual, Layout)
    assert usual.notes == ()


WORDS = ("train", "test", "val", "dev", "eval", "training", "Test", "holdout", "fold_0", "unlabeled")
THINGS = ("tube", "bus", "car", "stamp", "board", "ticket", "sky")


@given(
    st.sets(st.sampled_from([f"{word}_{thing}" for word, thing in product(WORDS, THINGS)] + list(THINGS)), min_size=2),
)
def test_flat_classes_with_such_words_inside_are_classes_or_asked_about(names: set[str]):
    """Asked only where the same thing is there as two parts: ``train_bus`` beside ``test_bus``."""
    layout = decide(tree(sorted(names)))
    if isinstance(layout, FolderDoubt):
        rests = [name.partition("_")[2] for name in names if not name.startswith(("fold", "unlab")) and "_" in name]
        assert len(rests) > len(set(rests))
    else:
        assert set(parts_of(layout, sorted(names)).values()) == {(name, None) for name in names}


@given(
    st.sets(st.sampled_from([*WORDS, *THINGS, *(f"{word}_{thing}" for word in WORDS for thing in THINGS)]), min_size=2)
)
def test_no_layout_makes_a_part_a_class(names: set[str]):
    """Whatever the folders are called: those with the same classes in them are never classes without a question."""
    folders = below(*sorted(names))
    layout = decide(tree(folders))
    if isinstance(layout, Layout):
        classes = {said[0] for said in parts_of(layout, folders).values() if isinstance(said, tuple)}
        assert classes <= set(ANIMALS)
        assert set(layout.parts.values()) <= set(PARTS)


def test_what_is_chosen_is_read_and_the_rest_left_out():
    folders = [*below("A", "B", "C"), "docs"]
    found = parts_of(choose(tree(folders), (("a", "train"), ("B/", "test"))), folders)
    assert found["A/cat"] == ("cat", "train")
    assert found["B/owl"] == ("owl", "test")
    assert found["C/dog"] == found["docs"] == "left-out"


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            "train=A,test=D",
            r"^'D' was named as the test part, but no folder with images is called that. There are: 'A' \(12 images\)",
        ),
        (
            "train=A,test=docs",
            "^'docs' was named as the test part, but it has no class folders: its images have no labels",
        ),
        ("train=A,test=a", "^Two parts were named, 'A' and 'A', which lies in it. Name one of them"),
        ("train=A,test=B/cat", "^'B/cat' was named as the test part, but it has no class folders"),
    ],
)
def test_a_choice_that_cannot_be_read_says_what_can(splits: str, message: str):
    with pytest.raises(WrongRequest, match=message):
        choose(tree([*below("A", "B"), "docs"]), make_reading({"splits": splits}).splits)


def test_images_directly_in_a_part_are_in_no_class():
    folders = [*below("train", "test"), "train"]
    assert parts_of(decide(tree(folders, images=1)), folders)["train"] == "outside"


def test_folders_deeper_than_are_looked_at_count_with_those_above_them():
    deep = "/".join(["cat", *("x" * 40)])
    root = outline({deep: 3, "dog": 2, "empty": 0})
    assert root.total == 5
    assert [each.name for each in root.folders] == ["cat", "dog"]
