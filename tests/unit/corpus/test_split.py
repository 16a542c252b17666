"""The split: its shares, what stays together, and that nothing but names, content and seed decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.duplicates import Copies
from hubel.corpus.near_pairs import PAIR
from hubel.corpus.split import Leak, leaks_between, split_corpus

SOURCE = None  # nothing is read here


def corpus_of(counts: dict[str, int], *, split: str | None = None) -> Corpus:
    found = [Found(f"{name}/{number:04}.png", name, split) for name, count in counts.items() for number in range(count)]
    return make_corpus("here", "test", found=found, source=SOURCE)  # type: ignore[arg-type]


def unique(corpus: Corpus) -> list[str]:
    return [example.path for example in corpus.examples]


def test_without_given_splits_it_is_70_10_20_in_every_class():
    corpus = corpus_of({"a": 100, "b": 50, "c": 10})
    names = split_corpus(corpus, unique(corpus), seed=0).names()
    got = Counter(
        (corpus.class_names[example.label], name) for example, name in zip(corpus.examples, names, strict=True)
    )
    assert got == {
        ("a", "train"): 70, ("a", "validation"): 10, ("a", "test"): 20,
        ("b", "train"): 35, ("b", "validation"): 5, ("b", "test"): 10,
        ("c", "train"): 7, ("c", "validation"): 1, ("c", "test"): 2,
    }  # fmt: skip


def test_a_given_test_split_is_kept_and_validation_is_cut_from_training():
    found = [
        Found(f"{part}/{name}/{n:03}", name, part) for part in ("train", "test") for name in "ab" for n in range(80)
    ]
    corpus = make_corpus("here", "test", found=found, source=SOURCE)  # type: ignore[arg-type]
    splits = split_corpus(corpus, unique(corpus), seed=0)
    assert {corpus.examples[index].split for index in splits.test} == {"test"}
    assert len(splits.test) == 160
    assert len(splits.validation) == 20  # an eighth of what is left: 10 of 80
    assert {corpus.examples[index].split for index in (*splits.train, *splits.validation)} == {"train"}


def test_a_cut_validation_split_is_never_larger_than_it_needs_to_be():
    corpus = corpus_of({"a": 60_000, "b": 60_000})
    assert len(split_corpus(corpus, unique(corpus), seed=0).validation) == 5000


def test_the_order_of_the_files_does_not_matter():
    corpus = corpus_of({"a": 40, "b": 30})
    found = [Found(example.path, corpus.class_names[example.label]) for example in corpus.examples]
    other = make_corpus("here", "test", found=found[::-1], source=SOURCE)  # type: ignore[arg-type]
    one, two = (split_corpus(each, unique(each), seed=3).names() for each in (corpus, other))
    assert dict(zip(unique(corpus), one, strict=True)) == dict(zip(unique(other), two, strict=True))


def test_another_seed_gives_another_split():
    corpus = corpus_of({"a": 40, "b": 30})
    assert split_corpus(corpus, unique(corpus), seed=0) != split_corpus(corpus, unique(corpus), seed=1)


def test_a_class_with_too_few_images_is_said():
    corpus = corpus_of({"a": 30, "rare": 2})
    splits = split_corpus(corpus, unique(corpus), seed=0)
    assert splits.notes == (
        "No test example of 'rare': too few images, or too few groups of them, so it is not tested. Add some.",
    )


@settings(max_examples=50, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcd"), st.integers(3, 40), min_size=2),
    copies=st.integers(1, 12),
    seed=st.integers(0, 5),
)
def test_equal_files_and_groups_are_always_on_one_side(counts: dict[str, int], copies: int, seed: int):
    corpus = corpus_of(counts)
    digests = [str(index // copies) for index in range(len(corpus))]
    names = split_corpus(corpus, digests, seed=seed).names()
    sides: dict[str, set[str]] = {}
    for digest, name in zip(digests, names, strict=True):
        sides.setdefault(digest, set()).add(name)
    assert all(len(names) == 1 for names in sides.values())
    assert set(names) <= {"train", "validation", "test"}
    if copies == 1:
        trained = {example.label for example, name in zip(corpus.examples, names, strict=True) if name == "train"}
        assert trained == set(range(len(corpus.class_names)))  # every class can be learned
    assert "train" in names


@pytest.mark.parametrize("seed", range(3))
def test_given_groups_stay_on_one_side(seed: int):
    corpus = corpus_of({"a": 60, "b": 60})
    grouped = replace(
        corpus,
        examples=tuple(replace(each, group=f"patient {index % 13}") for index, each in enumerate(corpus.examples)),
    )
    copies = Copies(tuple(unique(grouped)), np.zeros(0, PAIR))
    names = split_corpus(grouped, copies.kept_together(grouped), seed=seed).names()
    sides = {}
    for example, name in zip(grouped.examples, names, strict=True):
        sides.setdefault(example.group, set()).add(name)
    assert all(len(each) == 1 for each in sides.values())
    assert "test" in names


def test_a_set_of_two_classes_counts_for_both():
    corpus = corpus_of({"a": 100, "b": 100})
    together = [index % 100 // 2 for index in range(200)]  # two of a with two of b
    names = split_corpus(corpus, together, seed=0).names()
    got = Counter((example.label, name) for example, name in zip(corpus.examples, names, strict=True))
    assert got == {
        (label, name): size for label in (0, 1) for name, size in (("train", 70), ("validation", 10), ("test", 20))
    }


@pytest.mark.parametrize("seed", range(12))
def test_a_set_larger_than_a_split_stays_in_training(seed: int):
    corpus = corpus_of({"a": 100, "b": 100})
    together = [0] * 60 + list(range(1, 141))  # most of a is one patient
    splits = split_corpus(corpus, together, seed=seed)
    assert set(range(60)) <= set(splits.train)
    got = Counter(corpus.examples[index].label for index in splits.test)
    assert got == {0: 20, 1: 20}


def test_leaks_are_sets_that_given_splits_divide():
    assert leaks_between(["train", None, "test", "test", "validation"], [0, 1, 0, 1, 4]) == [
        Leak((0, 2), ("train", "test")),
        Leak((1, 3), ("train", "test")),
    ]
    assert leaks_between(["train", "train", "test"], [0, 0, 2]) == []


def test_a_given_test_split_that_leaks_is_said_and_its_examples_are_listed():
    found = [
        Found(f"{part}/{name}/{n:03}", name, part) for part in ("train", "test") for name in "ab" for n in range(40)
    ]
    corpus = make_corpus("here", "test", found=found, source=SOURCE)  # type: ignore[arg-type]
    place = {example.path: index for index, example in enumerate(corpus.examples)}
    together = list(range(len(corpus)))
    for n in range(3):
        together[place[f"train/a/{n:03}"]] = together[place[f"test/a/{n:03}"]]
    splits = split_corpus(corpus, together, seed=0)
    assert splits.leaking_test == tuple(sorted(place[f"test/a/{n:03}"] for n in range(3)))
    assert splits.notes[0].startswith("The given test split leaks: 3 of 80 test images have a copy")


def test_a_split_that_is_cut_never_leaks():
    corpus = corpus_of({"a": 50, "b": 50})
    assert split_corpus(corpus, [index % 20 for index in range(100)], seed=1).leaks == ()


def grouped_corpus(groups: int, *, size: int) -> Corpus:
    found = [
        Found(f"{name}/{group}-{n}.png", name, None, f"{name} {group}")
        for name in "abc"
        for group in range(groups)
        for n in range(size)
    ]
    return make_corpus("here", "test", found=found, source=SOURCE)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("groups", "size"), [(3, 10), (4, 8), (5, 6), (3, 1), (6, 40)])
def test_a_few_equal_groups_still_fill_every_part(groups: int, size: int, seed: int):
    corpus = grouped_corpus(groups, size=size)
    marks = [example.group for example in corpus.examples]
    splits = split_corpus(corpus, marks, seed=seed)
    for part in (splits.train, splits.validation, splits.test):
        assert {corpus.examples[place].label for place in part} == {0, 1, 2}
    assert leaks_between(splits.names(), marks) == []
    tested = len({marks[place] for place in splits.test})
    assert any(f"has only {tested} of them: the score describes these groups" in note for note in splits.notes) == (
        tested < 10
    )


def test_two_groups_of_a_class_give_one_to_train_and_one_to_test():
    corpus = grouped_corpus(2, size=15)
    splits = split_corpus(corpus, [example.group for example in corpus.examples], seed=0)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (45, 0, 45)


def test_a_class_that_only_the_given_test_has_divides_nothing_else():
    found = [Found(f"train/a/{n}.png", "a", "train") for n in range(9)]
    found += [Found(f"test/{name}/{n}.png", name, "test") for name in "ab" for n in range(3)]
    corpus = make_corpus("here", "test", found=found, source=SOURCE)  # type: ignore[arg-type]
    splits = split_corpus(corpus, unique(corpus), seed=0)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (8, 1, 6)
    assert "No train example of 'b'" in splits.notes[0]
