"""Images of one scene are no copies of one another; copies among them are found all the same."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from PIL import Image
from tests.made.copies import TURNS, copy_of, jpeg
from tests.made.scenes import SCENES, images_of, plate

from hubel.corpus.audit.copies import find_conflicts
from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.duplicates import Copies, find_near_pairs
from hubel.corpus.fingerprint import ORIENTATIONS
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.measurement import measure_images
from hubel.corpus.shared_scenes import pairs_within
from hubel.corpus.split import split_corpus


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@cache
def measurement(data: bytes) -> np.ndarray:
    """Of one image: many tests look at the same ones."""
    return measure_images([data])[0]


def measured(images: Sequence[Image.Image]) -> np.ndarray:
    return np.stack([measurement(encoded(image)) for image in images])


def pairs_of(rows: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    labels = np.arange(len(rows)) % 2 if labels is None else labels
    return find_near_pairs(rows, [str(place) for place in range(len(rows))], labels=labels)


def find_set(pairs: np.ndarray, place: int) -> int:
    """The smallest place that pairs lead to."""
    return Copies(tuple(map(str, range(place + 1000))), pairs, exact=False).sets()[place]


def of_two_classes(count: int) -> Corpus:
    found = [Found(f"{'ab'[n % 2]}/{n:03}.png", "ab"[n % 2]) for n in range(count)]
    return make_corpus("here", "test", found=found, source=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("scene", SCENES)
def test_different_images_of_one_scene_are_no_copies(scene: str):
    rows = measured(images_of(scene, 120))
    pairs = pairs_of(rows)
    assert len({int(pair[end]) for pair in pairs for end in ("first", "second")}) <= 4  # of 120
    assert not (~pairs["changed"]).any()  # so nothing is called a conflict of labels


def test_under_a_fixed_camera_no_label_is_a_conflict_and_no_part_is_empty():
    rng = np.random.default_rng(4)
    images = [plate(rng, -1.0 if place % 2 else 0.0) for place in range(120)]  # good ones, and some with a scratch
    corpus = of_two_classes(120)
    order = [int(example.path[2:5]) for example in corpus.examples]
    rows = measured(images)[order]
    labels = np.array([example.label for example in corpus.examples])
    digests = tuple(str(place) for place in order)
    copies = Copies(digests, find_near_pairs(rows, digests, labels=labels))
    assert list(find_conflicts(ExaminedCorpus(corpus, rows, copies))) == []
    splits = split_corpus(corpus, copies.kept_together(corpus), seed=0)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (84, 12, 24)


@pytest.mark.parametrize("kind", ["JPEG, quality 60", "mirrored", "turned by 90 degrees", "grey", "30 % darker"])
@pytest.mark.parametrize("scene", ["plates, object of 5 %", "forms", "cards", "cells"])
def test_true_copies_among_images_of_one_scene_are_found(scene: str, kind: str):
    images = images_of(scene, 60)
    rng = np.random.default_rng(0)
    rows = measured([*images, *(copy_of(image, kind, rng) for image in images[:10])])
    found = {(int(pair["first"]), int(pair["second"])) for pair in pairs_of(rows)}
    planted = {(place, 60 + place) for place in range(10)}
    assert len(found & planted) >= 9
    assert len(found - planted) <= 1


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_single_turned_copy_is_found_in_a_scene_and_its_turn_is_named(turn: str, *, at_the_end: bool):
    images = images_of("forms", 60)
    turned = TURNS[turn](images[7])
    (pair,) = pairs_of(measured([*images, turned] if at_the_end else [turned, *images]))
    assert (pair["first"], pair["second"]) == ((7, 60) if at_the_end else (0, 8))
    back = {"turned by 90 degrees": "turned by 270 degrees", "turned by 270 degrees": "turned by 90 degrees"}
    assert ORIENTATIONS[pair["orientation"]] == (turn if at_the_end else back.get(turn, turn))


@pytest.mark.parametrize("change", ["border of 3 %", "turned by 3 degrees"])
@pytest.mark.parametrize("scene", ["plates with a scratch", "plates, object of 5 %", "forms", "chests"])
def test_what_some_images_of_a_scene_have_in_common_makes_no_copies(scene: str, change: str):
    images = images_of(scene, 120)
    rng = np.random.default_rng(0)
    assert len(pairs_of(measured([*(copy_of(image, change, rng) for image in images[:40]), *images[40:]]))) == 0


def test_a_pattern_that_some_images_of_a_scene_share_makes_no_copies_but_one_image_many_times_does():
    rng = np.random.default_rng(0)
    scene, ways = rng.normal(0, 50, 1024), rng.normal(0, 1, (12, 1024))
    images = scene + rng.normal(0, 4, (1500, 12)) @ ways + rng.normal(0, 1.5, (1500, 1024))
    images[:40] += rng.uniform(0.7, 1.3, (40, 1)) * rng.normal(0, 8, 1024)  # more or less of a pattern
    images[40:48] = images[40] + rng.normal(0, 0.3, (8, 1024))
    thumbnails = np.clip(images + 128, 0, 255).astype(np.uint8).reshape(-1, 32, 32).repeat(2, axis=1).repeat(2, axis=2)
    pairs = pairs_within(np.arange(1500), thumbnails, guests=[])
    assert {int(place) for pair in pairs for place in (pair["first"], pair["second"])} == set(range(40, 48))


@pytest.mark.parametrize("count", [6, 12, 40, 700])
def test_of_a_scene_of_few_a_turned_guest_is_a_copy_of_its_image_and_a_stranger_of_none(count: int):
    # Few images differ in few directions: a stranger is unlike them in all the others.
    rng = np.random.default_rng(count)
    scene, ways = rng.normal(0, 50, 1024), rng.normal(0, 1, (12, 1024))
    images = scene + rng.normal(0, 4, (count, 12)) @ ways + rng.normal(0, 4, (count, 1024))
    strangers = scene + rng.normal(0, 4, (30, 12)) @ ways + rng.normal(0, 4, (30, 1024))
    copy = images[3] + rng.normal(0, 0.5, 1024)
    pixels = np.clip(np.concatenate([images, strangers, copy[None]]) + 128, 0, 255).astype(np.uint8)
    thumbnails = pixels.reshape(-1, 32, 32).repeat(2, axis=1).repeat(2, axis=2)
    thumbnails[count:] = thumbnails[count:, :, ::-1]
    pairs = pairs_within(np.arange(count), thumbnails, guests=[(place, 1) for place in range(count, count + 31)])
    assert [(int(pair["first"]), int(pair["second"])) for pair in pairs] == [(3, count + 30)]
    assert ORIENTATIONS[pairs[0]["orientation"]] == "mirrored"


@pytest.mark.parametrize("scene", ["cells", "chests"])
def test_one_image_of_a_scene_that_was_saved_many_times_is_copies(scene: str):
    images = images_of(scene, 120)
    saved = [jpeg(images[3], quality) for quality in range(60, 96, 4)]
    pairs = pairs_of(measured([*images, *saved]))
    copies = {3, *range(120, 129)}
    told = {int(place) for pair in pairs for place in (pair["first"], pair["second"])}
    assert told <= copies
    assert len(told) >= 9
    assert len({find_set(pairs, place) for place in told}) == 1


@pytest.mark.parametrize("seed", range(3))
def test_round_things_that_are_alike_when_turned_are_no_copies(seed: int):
    assert len(pairs_of(measured(images_of("cells", 150, seed=seed)))) == 0


def test_one_image_many_times_is_no_scene():
    strangers = [images_of(scene, 1)[0] for scene in ("forms", "signs", "chests")]
    rng = np.random.default_rng(0)
    (cell,) = images_of("cells", 1)
    saved = [jpeg(cell, quality) for quality in range(50, 98, 6)]
    images = [
        *strangers,
        *saved,
        *(Image.fromarray(rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)) for _ in range(50)),
    ]
    rows = measured(images)
    copies = Copies(tuple(map(str, range(len(rows)))), pairs_of(rows))
    sets = copies.sets()
    assert len({sets[place] for place in range(3, 11)}) == 1
    assert len(set(sets)) == len(images) - 7


def test_most_of_a_class_is_a_scene_however_alike():
    rng = np.random.default_rng(1)
    still = [plate(rng, -1.0, shift=0) for _ in range(20)]  # not even moved: only noise tells them apart
    rows = measured([*still, *images_of("cells", 20)])
    pairs = pairs_of(rows, np.repeat([0, 1], 20))
    assert len(pairs) == 0
