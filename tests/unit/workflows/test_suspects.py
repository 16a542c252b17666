"""Suspect labels: no example vouches for itself, and the ranking is confident learning's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_picture

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnusableCorpus
from hubel.evaluation.label_quality import rank_labels
from hubel.workflows.suspects import find_suspects, out_of_fold

pytestmark = pytest.mark.backend


def test_no_example_is_judged_by_a_classifier_that_has_seen_it():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 600)).astype(
        np.float32
    )  # more channels than examples: anything is learned by heart
    labels = rng.integers(0, 2, 400)
    folds = np.array_split(rng.permutation(400), 5)
    probabilities = out_of_fold(features, labels, folds, classes=2)
    assert 0.4 < (probabilities.argmax(axis=1) == labels).mean() < 0.6
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_a_class_that_is_in_one_fold_only_gets_no_probability_there():
    rng = np.random.default_rng(1)
    labels = np.array([0, 1] * 10 + [2])
    probabilities = out_of_fold(rng.normal(size=(21, 4)), labels, [np.arange(10), np.arange(10, 21)], classes=3)
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


def test_too_few_pictures_are_said(tmp_path: Path):
    for name in ("a", "b", "c"):
        write_picture(tmp_path / name / "1.png", speckled((9, 99, 199), rng=np.random.default_rng(0)))
    with pytest.raises(UnusableCorpus, match="too few pictures to doubt its labels"):
        find_suspects(read_corpus(tmp_path))
