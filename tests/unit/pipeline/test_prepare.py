"""A corpus, read, surveyed, decoded, examined and split in one go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_image

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnusableCorpus
from hubel.pipeline.decoded import DecodedCorpus
from hubel.pipeline.prepare import Kept, OnlyPreprocessing, Preparation, prepare_corpus
from hubel.pipeline.survey import Survey

COLOURS = {"red": (200, 40, 40), "blue": (40, 40, 200)}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ten images of each of two classes; the last two red ones are one and the same."""
    rng = np.random.default_rng(3)
    for name, colour in COLOURS.items():
        for number in range(10):
            write_image(tmp_path / "photos" / name / f"{number}.png", speckled(colour, rng=rng))
    (tmp_path / "photos/red/9.png").write_bytes((tmp_path / "photos/red/8.png").read_bytes())
    return tmp_path / "photos"


def choose(survey: Survey, corpus: Corpus) -> OnlyPreprocessing:
    return OnlyPreprocessing(survey.preprocessing((8, 8)))


def test_it_is_split_into_three_parts_and_copies_stay_together(photos: Path):
    prepared = prepare_corpus(photos, choose, how=Preparation(seed=1))
    parts = [prepared.indices(part) for part in ("train", "validation", "test")]
    assert sorted(np.concatenate(parts).tolist()) == list(range(20))
    assert all(len(part) for part in parts)
    assert prepared.decoded.images.shape == (20, 8, 8, 3)
    assert prepared.labels.tolist() == [0] * 10 + [1] * 10
    assert prepared.classes == 2
    assert prepared.copies == 2
    names, paths = prepared.splits.names(), [each.path for each in prepared.corpus.examples]
    one, other = (paths.index(f"red/{number}.png") for number in (8, 9))
    assert names[one] == names[other]
    assert prepared.together[one] == prepared.together[other]
    assert not prepared.survey.grey


def test_the_same_seed_splits_it_alike_and_another_otherwise(photos: Path):
    one, same, other = (prepare_corpus(photos, choose, how=Preparation(seed=seed)).splits for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_without_a_seed_nothing_is_split_and_one_class_will_do(photos: Path):
    corpus = read_corpus(photos)
    blue = replace(corpus, examples=corpus.examples[:10], positions=corpus.positions[:10], class_names=("blue",))
    prepared = prepare_corpus(blue, choose)
    assert (prepared.splits.train, prepared.splits.validation, prepared.splits.test) == ((), (), ())
    with pytest.raises(UnusableCorpus, match="at least two classes"):
        prepare_corpus(blue, choose, how=Preparation(seed=0))


def test_what_is_chosen_is_chosen_for_the_refined_corpus_and_kept(photos: Path):
    seen: list[int] = []

    def remember(survey: Survey, corpus: Corpus) -> OnlyPreprocessing:
        seen.append(len(corpus))
        return choose(survey, corpus)

    def most(corpus: Corpus) -> Corpus:
        places = [*range(6), *range(10, 16)]
        return replace(
            corpus,
            examples=tuple(corpus.examples[place] for place in places),
            positions=tuple(corpus.positions[place] for place in places),
        )

    prepared = prepare_corpus(photos, remember, how=Preparation(seed=0, refine=most))
    assert seen == [len(prepared.corpus)] == [12]
    assert prepared.chosen.preprocessing.size == (8, 8)


def test_what_had_a_part_before_keeps_it(photos: Path):
    def keep(decoded: DecodedCorpus) -> Kept:
        parts = ("test", *[None] * 9, "validation", *[None] * 9)
        return Kept(decoded, parts, ("seen",))

    prepared = prepare_corpus(photos, choose, how=Preparation(seed=0, keep=keep))
    names = prepared.splits.names()
    assert (names[0], names[10]) == ("test", "validation")
    assert prepared.kept.seen == ("seen",)


def test_what_cannot_be_decoded_is_left_out_and_named(photos: Path):
    (photos / "blue/0.png").write_bytes(b"no image")
    prepared = prepare_corpus(photos, choose, how=Preparation(seed=0))
    assert len(prepared.labels) == 19
    assert [row.path for row in prepared.corpus.refused] == ["blue/0.png"]
