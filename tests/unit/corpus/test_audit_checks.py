"""The checks of an audit: what each finds, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.corpus.examined_images import examined, images

from hubel.corpus.audit.catalogue import CHECKS, find_all
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import Found
from hubel.corpus.duplicates import Copies
from hubel.corpus.measured_corpus import ExaminedCorpus, describe_frames
from hubel.corpus.near_pairs import PAIR


def named(check: str, corpus: ExaminedCorpus) -> list[Finding]:
    return [finding for finding in find_all(corpus) if finding.check == check]


def test_nothing_is_wrong_with_a_clean_corpus():
    assert find_all(examined(images())) == []


def test_every_finding_names_a_check_of_the_catalogue_and_has_a_score_from_0_to_1():
    found = [
        Found(f"{split}/{name}/{n}.jpg", name, split)
        for split in ("train", "test")
        for name in ("Cat", "cat")
        for n in range(3)
    ]
    corpus = examined(
        found,
        digests="aabcdefghijk",
        pairs=[(3, 9, 0.97, 0), (4, 10, 0.98, 1), (5, 7, 0.99, 4)],
        contrast=1,
        bright_end=3,
    )
    findings = find_all(corpus)
    assert {finding.check for finding in findings} >= {
        "leak", "similar-class-names", "too-few", "exact-duplicate", "near-duplicate",
        "mirrored-duplicate", "turned-duplicate", "blank",
    }  # fmt: skip
    for finding in findings:
        assert finding.check in CHECKS
        assert 0 <= finding.score <= 1
        assert set(finding.to_json()) >= {"check", "paths", "score", "message"}


def test_files_of_the_same_bytes_are_one_finding():
    both = named("exact-duplicate", examined(images(3), digests="aabbbc"))
    assert [(each.paths, each.relation) for each in both] == [
        (("cat/000.jpg", "cat/001.jpg"), "same class"),
        (("cat/002.jpg", "dog/000.jpg", "dog/001.jpg"), "across classes"),
    ]
    assert [each.score for each in both] == [0, 0]


def test_near_duplicates_are_joined_and_scored_by_their_weakest_link():
    (finding,) = named("near-duplicate", examined(images(3), pairs=[(0, 1, 0.99, 0), (0, 2, 0.97, 0)]))
    assert finding.paths == ("cat/000.jpg", "cat/001.jpg", "cat/002.jpg")
    assert finding.message == "3 files show the same image."
    assert finding.measurement == 0.97
    assert finding.score == pytest.approx(0.03, abs=1e-6)


def test_a_chain_of_copies_does_not_join_unlike_ends():
    chain = examined(images(3), pairs=[(n, n + 1, 0.99, 0) for n in range(5)])
    assert [finding.paths for finding in named("near-duplicate", chain)] == [
        ("cat/000.jpg", "cat/001.jpg"),
        ("cat/002.jpg", "dog/000.jpg"),
        ("dog/001.jpg", "dog/002.jpg"),
    ]
    assert len(set(chain.copies.sets())) == 1  # on one side of a split all the same: each is a copy of the next


def test_a_copy_that_differs_in_a_part_says_so_and_is_no_conflict_of_labels():
    corpus = examined(images(3), pairs=[(0, 5, 0.99, 0)], changed=True)
    (finding,) = named("near-duplicate", corpus)
    assert finding.message == (
        "2 files show the same image, in 'cat' and 'dog'. One of them is cropped, framed, written on or otherwise "
        "changed in a part."
    )
    assert named("label-conflict", corpus) == []


def test_equal_files_are_not_near_duplicates_too():
    assert named("near-duplicate", examined(images(2), digests="aabc")) == []


def test_mirrored_and_turned_copies_are_named_apart():
    corpus = examined(images(3), pairs=[(0, 1, 0.99, 1), (2, 3, 0.98, 5)])
    (mirrored,), (turned,) = named("mirrored-duplicate", corpus), named("turned-duplicate", corpus)
    assert mirrored.paths == ("cat/000.jpg", "cat/001.jpg")
    assert "mirrored" in mirrored.message
    assert (turned.paths, turned.relation) == (("cat/002.jpg", "dog/000.jpg"), "across classes")
    assert "turned by 90 degrees" in turned.message
    assert named("near-duplicate", corpus) == []


def test_one_image_under_two_labels_is_a_conflict_but_a_mirror_image_is_not():
    corpus = examined(images(3), digests="abccde", pairs=[(0, 5, 0.99, 0), (1, 4, 0.99, 1)])
    assert [finding.paths for finding in named("label-conflict", corpus)] == [
        ("cat/000.jpg", "dog/002.jpg"),
        ("cat/002.jpg", "dog/000.jpg"),
    ]


def split_found() -> list[Found]:
    return [
        Found(f"{split}/{name}/{n}.jpg", name, split) for split in ("test", "train") for name in "ab" for n in range(40)
    ]


def test_a_leak_is_a_copy_in_two_given_splits():
    corpus = examined(split_found(), pairs=[(0, 100, 0.99, 1), (3, 4, 0.99, 0), (101, 102, 0.99, 0)])
    (finding,) = named("leak", corpus)
    assert finding.paths == (corpus.corpus.examples[0].path, corpus.corpus.examples[100].path)
    assert [path.split("/")[0] for path in finding.paths] == ["test", "train"]
    assert finding.relation == "across given splits"
    assert finding.message == "The same image is in train and test."


def test_a_group_in_two_given_splits_is_a_leak():
    found = [each._replace(group="patient 7") if each.path.endswith("/5.jpg") else each for each in split_found()]
    (finding,) = named("leak", examined(found))
    assert "Group 'patient 7' is in test and train: 4 examples." in finding.message


def test_without_given_splits_nothing_can_leak():
    assert named("leak", examined(images(3), digests="aaaaaa")) == []


@pytest.mark.parametrize(
    ("names", "difference"),
    [
        (("Cat", "cat"), "upper and lower case"),
        (("caf\u00e9", "cafe\u0301"), "Unicode form"),
        (("t shirt", "t-shirt"), "spaces, dots, hyphens"),
        (("cat", "cat."), "spaces, dots"),
        (("cat", "c\u0430t"), "look alike"),
    ],
)
def test_class_names_that_read_alike(names: tuple[str, str], difference: str):
    corpus = examined([Found(f"{name}/{n}.jpg", name) for name in names for n in range(40)])
    (finding,) = named("similar-class-names", corpus)
    assert difference in finding.message
    assert all(ascii(name) in finding.message for name in names)


def test_class_names_that_only_look_a_little_alike_are_left_alone():
    names = ("01", "1", "1.0", "cat", "cats", "true")
    assert named("similar-class-names", examined([Found(f"{n}/{k}.jpg", n) for n in names for k in range(30)])) == []


def test_imbalance_and_classes_too_small_to_test():
    found = [Found(f"big/{n:04}.jpg", "big") for n in range(400)] + [Found(f"rare/{n}.jpg", "rare") for n in range(20)]
    corpus = examined(found)
    (unequal,), (few,) = named("imbalance", corpus), named("too-few", corpus)
    assert (unequal.measurement, unequal.score) == (20.0, 0.05)
    assert few.message == "Class 'rare': 20 images, 4 of them to be tested on."


@pytest.mark.parametrize(("rare", "is_finding"), [(40, False), (39, True)])
def test_imbalance_begins_above_ten_to_one(rare: int, *, is_finding: bool):
    found = [Found(f"{name}/{n}.jpg", name) for name, count in (("big", 400), ("rare", rare)) for n in range(count)]
    assert bool(named("imbalance", examined(found))) == is_finding


def test_a_given_test_split_is_counted_as_it_is():
    found = [*split_found(), *(Found(f"train/c/{n}.jpg", "c", "train") for n in range(90))]
    (few,) = named("too-few", examined(found))
    assert few.message == "Class 'c': 90 images, none in the given test split."


def test_one_class_is_a_finding():
    (finding,) = named("one-class", examined([Found(f"cat/{n}.jpg", "cat") for n in range(50)]))
    assert "'cat' is the only class" in finding.message


@pytest.mark.parametrize(
    ("check", "odd"),
    [
        ("blank", {"contrast": 1.0}), ("dark", {"bright_end": 40}), ("bright", {"dark_end": 240}),
        ("blurry", {"sharpness": 0.05}), ("odd-size", {"width": 40, "height": 30}),
        ("odd-size", {"width": 4000, "height": 3000}), ("odd-shape", {"width": 1200, "height": 300}),
        ("grey-among-colour", {"colour": 0.0}), ("wrong-extension", {"format": b"PNG"}),
    ],
)  # fmt: skip
def test_one_odd_image_is_named(check: str, odd: dict[str, object]):
    (finding,) = find_all(examined(images(), **odd))
    assert (finding.check, finding.paths) == (check, ("cat/000.jpg",))


def test_lying_and_upright_images_are_of_one_shape():
    assert find_all(examined(images(), width=300, height=400)) == []


def test_a_corpus_of_grey_images_has_no_exceptions():
    corpus = examined(images())
    corpus.measurements["colour"] = 0
    assert find_all(corpus) == []


def test_small_and_blank_images_are_not_out_of_focus():
    small = examined(images(), sharpness=0.05)
    small.measurements["width"] = small.measurements["height"] = 32
    assert find_all(small) == []
    blank = examined(images(), sharpness=0.0, contrast=0.0, colour=0.0, dark_end=255.0, bright_end=255.0)
    assert [finding.check for finding in find_all(blank)] == ["blank"]


def test_jpeg_in_several_images_and_unknown_endings_are_no_wrong_names():
    assert find_all(examined(images(), format=b"MPO")) == []
    assert named("wrong-extension", examined([each._replace(path=each.path[:-4]) for each in images()])) == []


def test_animations_are_said_once():
    corpus = examined(images(), frames=7)
    assert describe_frames(corpus) == [
        "1 image has several frames or pages, such as 'cat/000.jpg': only the first is used."
    ]
    assert describe_frames(examined(images())) == []


def test_findings_of_a_check_are_worst_first():
    corpus = examined(images())
    corpus.measurements["bright_end"][[3, 1, 2]] = (50, 10, 30)
    assert [finding.paths[0] for finding in find_all(corpus)] == ["cat/001.jpg", "cat/002.jpg", "cat/003.jpg"]


def test_an_empty_corpus_has_no_findings():
    corpus = examined(images())
    empty = replace(corpus.corpus, examples=(), class_names=(), positions=())
    assert find_all(ExaminedCorpus(empty, corpus.measurements[:0], Copies((), np.zeros(0, PAIR)))) == []
