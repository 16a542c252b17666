"""Parts of a training split."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hubel.corpus.nested_parts import nested_parts

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=120).map(lambda labels: np.array(labels, np.int64))


@given(LABELS, st.integers(0, 1000))
def test_every_class_keeps_its_share_and_at_least_one(labels: np.ndarray, seed: int):
    quarter, half = nested_parts(labels, (0.25, 0.5), seed=seed)
    for part, share in ((quarter, 0.25), (half, 0.5)):
        assert sorted(set(part.tolist())) == part.tolist()
        for label in set(labels.tolist()):
            of_class, kept = (labels == label).sum(), (labels[part] == label).sum()
            assert kept >= 1
            assert kept == 1 or abs(kept - share * of_class) <= 0.5


@given(LABELS, st.integers(0, 1000))
def test_smaller_parts_lie_inside_larger_ones(labels: np.ndarray, seed: int):
    quarter, half, all_of_it = nested_parts(labels, (0.25, 0.5, 1.0), seed=seed)
    assert set(quarter) <= set(half) <= set(all_of_it) == set(range(len(labels)))


def test_they_are_a_function_of_the_seed():
    labels = np.arange(200) % 4
    first, again, other = (nested_parts(labels, (0.5,), seed=seed)[0].tolist() for seed in (1, 1, 2))
    assert first == again != other
