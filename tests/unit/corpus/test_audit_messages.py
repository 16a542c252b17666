"""What an audit says of single images, copies and groups: the numbers in the words are those that were measured."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.corpus.examined_images import examined, images

from hubel.corpus.audit.catalogue import CHECKS, find_all, ranked
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import Found
from hubel.corpus.measured_corpus import ExaminedCorpus


def only(corpus: ExaminedCorpus, check: str) -> Finding:
    (finding,) = [each for each in find_all(corpus) if each.check == check]
    return finding


@pytest.mark.parametrize(
    ("odd", "check", "said", "score"),
    [
        ({"contrast": 3.2}, "blank", "It is almost blank: the standard deviation of its grey is 3.2 of 255.", 3.2 / 64),
        ({"bright_end": 51}, "dark", "It is very dark: 95 % of its pixels are below 51 of 255.", 51 / 255),
        ({"dark_end": 230}, "bright", "It is very bright: 95 % of its pixels are above 230 of 255.", 25 / 255),
        ({"sharpness": 0.1}, "blurry", "It looks out of focus: its sharpness is 0.10.", 0.2),
        ({"colour": 1.6}, "grey-among-colour", "It is grey; most of the others have colour.", 1.6 / 64),
        # the usual image has 400 x 300 pixels: 2,000 x 1,500 are five times its side, 90 x 67 a quarter and less
        ({"width": 2000, "height": 1500}, "odd-size", "It has 2,000 x 1,500 pixels: 5 times the usual side.", 0.2),
        ({"width": 80, "height": 60}, "odd-size", "It has 80 x 60 pixels: 0.2 times the usual side.", 0.2),
        # 4 : 3 is usual; 800 : 150 is four times as long
        ({"width": 800, "height": 150}, "odd-shape", "It has 800 x 150 pixels: its aspect ratio is 4 times the usual.", 0.25),
        ({"format": b"PNG"}, "wrong-extension", "Its name says .jpg, but its content is PNG, and it was read as that.", 0.5),
    ],
)  # fmt: skip
def test_an_odd_image_is_told_with_its_number(odd: dict[str, Any], check: str, said: str, score: float):
    finding = only(examined(images(), **odd), check)
    assert (finding.message, finding.paths) == (said, ("cat/000.jpg",))
    assert finding.score == pytest.approx(score, rel=1e-5)


@pytest.mark.parametrize(
    "odd",
    [
        {"contrast": 4.0}, {"bright_end": 60}, {"dark_end": 210}, {"sharpness": 0.12}, {"colour": 3.0},
        {"sharpness": 0.1, "width": 63}, {"width": 1600, "height": 1200}, {"width": 100, "height": 75},
        {"width": 800, "height": 300}, {"width": 300, "height": 400},
    ],
)  # fmt: skip
def test_on_the_threshold_an_image_is_usual(odd: dict[str, Any]):
    single = {"blank", "dark", "bright", "blurry", "grey-among-colour", "odd-size", "odd-shape"}
    found = [each.check for each in find_all(examined(images(), **odd)) if each.check in single]
    assert found == (["odd-shape"] if odd.get("width") == 63 else [])  # 63 x 300 is long for a usual image


def test_a_blank_image_is_called_blank_only():
    found = {each.check for each in find_all(examined(images(), contrast=1.0, bright_end=5, sharpness=0.0, colour=0.0))}
    assert found == {"blank"}


def test_where_many_are_grey_none_is_an_exception():
    corpus = examined(images(10), colour=0.0)
    assert only(corpus, "grey-among-colour").paths == ("cat/000.jpg",)
    corpus.measurements["colour"][:4] = 0.0  # 20 % of 20
    assert [each for each in find_all(corpus) if each.check == "grey-among-colour"] == []


def test_files_of_equal_bytes_are_counted():
    marks = "aaab" + "".join(chr(200 + place) for place in range(116))
    finding = only(examined(images(), digests=marks), "exact-duplicate")
    assert finding.message.startswith("3 files have the same bytes")
    assert finding.paths == ("cat/000.jpg", "cat/001.jpg", "cat/002.jpg")


def test_a_group_in_two_given_splits_is_named_with_both():
    found = [
        Found(f"{split}/cat/{n}.jpg", "cat", split, group=f"{split}-{n}")
        for split in ("train", "test")
        for n in range(30)
    ]
    found += [Found(f"{split}/dog/{n}.jpg", "dog", split, group="patient 7" if n == 0 else f"{split}-dog-{n}") for split in ("train", "test") for n in range(30)]  # fmt: skip
    finding = only(examined(found), "leak")
    assert finding.message.startswith("Group 'patient 7' is in ")
    assert finding.paths == ("test/dog/0.jpg", "train/dog/0.jpg")
    assert 0 <= finding.score < 1


def test_the_worst_of_a_check_comes_first():
    findings = [Finding("dark", (f"{score}.jpg",), score, "") for score in (0.5, 0.1, 0.3)]
    assert [each.score for each in ranked(findings)] == [0.1, 0.3, 0.5]


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_it_does_to_a_classifier_and_what_to_do(name: str):
    check = CHECKS[name]
    assert check.why.endswith(".")
    assert str(check.cure).endswith(".")
    assert not check.threshold.endswith(".")
    assert check.title[0].isupper()
