"""Suspect labels: no example vouches for itself, and the ranking is confident learning's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_image

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnusableCorpus
from hubel.evaluation.label_quality import rank_labels
from hubel.workflows.auditing.doubt import out_of_fold
from hubel.workflows.auditing.suspects import find_suspects, make_folds

pytestmark = pytest.mark.backend


def test_no_example_is_judged_by_a_classifier_that_has_seen_it():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 600)).astype(
        np.float32
    )  # more channels than examples: anything is learned by heart
    labels = rng.integers(0, 2, 400)
    folds = np.array_split(rng.permutation(400), 5)
    probabilities = out_of_fold(features, labels, folds=folds, classes=2)
    assert 0.4 < (probabilities.argmax(axis=1) == labels).mean() < 0.6
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_class_that_is_in_one_fold_only_gets_no_probability_there():
    rng = np.random.default_rng(1)
    labels = np.array([0, 1] * 10 + [2])
    probabilities = out_of_fold(rng.normal(size=(21, 4)), labels, folds=[np.arange(10), np.arange(10, 21)], classes=3)
    assert (probabilities[10:, 2] == 0).all()
    assert (probabilities[:10, 2] > 0).all()


def test_the_ranking_begins_with_what_the_probabilities_contradict_most():
    labels = np.array([0] * 50 + [1] * 50)
    right = np.eye(2)[labels] * 0.9 + 0.05
    right[[7, 60]] = [[0.01, 0.99], [0.98, 0.02]]
    right[20] = [0.5, 0.5]
    ranking = rank_labels(labels, right)
    assert ranking.order[:3].tolist() == [7, 60, 20]
    assert ranking.suspect[[7, 60]].all()
    assert ranking.suspect.sum() == 2
    assert ranking.suggested[[7, 60]].tolist() == [1, 0]
    assert (np.diff(ranking.quality[ranking.order]) >= 0).all()


def test_too_few_images_are_said(tmp_path: Path):
    for name in ("a", "b", "c"):
        write_image(tmp_path / name / "1.png", speckled((9, 99, 199), rng=np.random.default_rng(0)))
    with pytest.raises(UnusableCorpus, match="too few images to check its labels"):
        find_suspects(read_corpus(tmp_path))


@pytest.mark.parametrize(("counts", "folds"), [((20, 20), 5), ((20, 20, 1), 5), ((3, 20), 5), ((3, 3), 3), ((1, 1), 0)])
def test_every_example_is_in_one_fold_and_a_small_class_does_not_make_fewer(counts: tuple[int, ...], folds: int):
    labels = np.repeat(np.arange(len(counts)), counts)
    made = make_folds(labels, range(len(labels)), seed=0)
    assert len(made) == folds
    if folds:
        assert sorted(np.concatenate(made).tolist()) == list(range(len(labels)))


def test_copies_are_in_one_fold():
    labels = np.repeat([0, 1], 30)
    together = [place // 3 for place in range(60)]
    fold_of = {place: number for number, fold in enumerate(make_folds(labels, together, seed=3)) for place in fold}
    assert all(fold_of[place] == fold_of[place - place % 3] for place in range(60))


def test_labels_of_a_class_too_small_to_learn_are_not_doubted():
    labels = np.array([0] * 30 + [1] * 30 + [2] * 4)
    probabilities = np.eye(3)[labels] * 0.94 + 0.02
    probabilities[60:] = [0.98, 0.01, 0.01]  # nothing of class 2 was learned
    probabilities[0] = [0.01, 0.98, 0.01]
    ranking = rank_labels(labels, probabilities)
    assert ranking.suspect.nonzero()[0].tolist() == [0]
