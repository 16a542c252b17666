"""What the user says about how a corpus is read."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path

import click
import pytest

import hubel
from hubel.cli.wish_options import wish_options
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import AS_FOUND, Reading, check_reading, make_reading
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.wishes import READING

SAID = {
    "splits": "train=Training,train=extra,test=Test set",
    "path_column": "id",
    "label_column": "beagle,pug",
    "split_column": "fold",
    "group_column": "patient",
    "images": "photos",
    "bands": "4,3,2",
    "copies": "exact",
}


def test_every_wish_is_a_field_an_option_and_an_argument_of_train():
    assert {each.name for each in fields(Reading)} == {*READING, "no_splits"}
    assert set(READING) == set(SAID)
    assert set(READING) <= set(inspect.signature(hubel.train).parameters)

    @click.command()
    @wish_options(READING)
    def command(reading: Reading) -> None: ...

    assert [each.opts for each in command.params] == [[f"--{name.replace('_', '-')}"] for name in READING]


def test_what_is_said_is_understood_and_said_again_as_words():
    reading = make_reading(SAID)
    assert reading == Reading(
        splits=(("Training", "train"), ("extra", "train"), ("Test set", "test")),
        path_column="id",
        label_column="beagle,pug",
        split_column="fold",
        group_column="patient",
        images=Path("photos"),
        bands=(4, 3, 2),
        copies="exact",
    )
    assert reading.options[:2] == (Option("splits", SAID["splits"]), Option("path_column", "id"))
    assert {option.name: option.value for option in reading.options} == SAID


def test_what_python_has_says_the_same_as_the_words_of_a_command():
    in_python = {
        **SAID,
        "splits": {"Training": "train", "extra": "train", "Test set": "test"},
        "label_column": ["beagle", "pug"],
        "images": Path("photos"),
        "bands": (4, 3, 2),
    }
    assert make_reading(in_python) == make_reading(SAID)
    assert make_reading({"splits": "none", "bands": (), "images": None}) == Reading(no_splits=True)


def test_the_record_says_the_same_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    document = make_reading(SAID).to_json()
    monkeypatch.chdir(tmp_path)
    again = make_reading(document)
    assert check_reading(document)
    assert again.images is not None
    assert again.images.is_absolute()
    assert again.wishes | {"images": "photos"} == make_reading(SAID).wishes


def test_nothing_said_is_nothing_recorded():
    assert make_reading(dict.fromkeys(READING)) == make_reading({"splits": ""}) == AS_FOUND
    assert AS_FOUND.to_json() == {}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"splits": "Training"}, "splits takes pairs such as train=Training,test=Test. Received: 'Training'"),
        ({"splits": "train="}, "splits takes pairs"),
        ({"splits": "train=a,exam=b"}, "splits takes the parts train, validation, test. Received: 'exam'"),
        ({"splits": "test=b"}, "must say what to train on: train=NAME"),
        ({"splits": "train=a,test=a"}, "names 'a' twice, as train and as test"),
        ({"bands": "4,3"}, "three for red, green and blue, counted from 1, such as 4,3,2. Received: 4,3"),
        ({"bands": "0,1,2"}, "counted from 1"),
        ({"bands": "1,x,2"}, "bands takes numbers of bands, such as 4,3,2. Received: '1,x,2'"),
        ({"bands": "-1"}, "bands takes numbers"),
        ({"copies": "none"}, "copies must be one of near, exact, off. Received: 'none'"),
    ],
)
def test_what_cannot_be_understood_says_what_can(wish: dict[str, str], message: str):
    with pytest.raises(WrongRequest, match=message):
        make_reading(wish)
    assert not check_reading(wish)


@pytest.mark.parametrize("document", [None, [], {"speed": "high"}, {"bands": [4, 3, 2]}])
def test_a_record_of_another_shape_is_none(document: object):
    assert not check_reading(document)


def test_a_wish_that_a_corpus_has_no_place_for_is_refused():
    with pytest.raises(WrongRequest, match="^label_column does not apply to digits, which is read as the built-in"):
        read_corpus("digits", reading=Reading(label_column="kind"))
    assert len(read_corpus("digits", reading=Reading(copies="off"))) == 1797
