"""All pairs are compared, also those that are looked at in fewer directions first; against loops over NumPy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from hubel.corpus import near_pairs
from hubel.corpus.fingerprint import LENGTH, oriented
from hubel.corpus.near_pairs import NEAR, find_alike, leading, pairs_reaching, reaching
from hubel.events import ignore


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def alike_by_hand(fingerprints: np.ndarray) -> dict[tuple[int, int], float]:
    """(first, second) → the highest correlation in any orientation, of all pairs that are near."""
    exact = fingerprints.astype(np.float64)
    best = np.max([oriented(exact, number) @ exact.T for number in range(8)], axis=0)
    pairs = combinations(range(len(exact)), 2)
    return {(one, two): best[one, two] for one, two in pairs if best[one, two] >= NEAR}


@pytest.mark.parametrize("tile", [3, 7, 1024])
@pytest.mark.parametrize("sample", [5, 4000], ids=["directions of a few", "directions of all"])
@pytest.mark.parametrize("doubtful", [1, 64, 10**9], ids=["one by one", "as it comes", "all together"])
def test_pairs_in_every_orientation_are_those_of_a_loop(
    tile: int, sample: int, doubtful: int, monkeypatch: pytest.MonkeyPatch
):
    sizes = {"_ROWS": 16, "_COLUMNS": 32, "_TILE": tile, "_SAMPLE": sample, "_ROWS_AT_ONCE": 5}
    for name, value in {**sizes, "_MOST_DOUBTFUL": doubtful}.items():
        monkeypatch.setattr(near_pairs, name, value)
    rng = np.random.default_rng(2)
    # Of a corpus, the low frequencies are the strongest: some directions say more than others.
    originals = rng.normal(size=(40, LENGTH)) / (1 + np.arange(LENGTH)) ** 0.5
    noise = rng.normal(size=(40, LENGTH)) * rng.uniform(0, 0.5, (40, 1)) * np.abs(originals)
    copies = np.concatenate([oriented(each[None], int(rng.integers(8))) for each in originals + noise])
    fingerprints = unit(np.concatenate([originals, copies]))
    expected = alike_by_hand(fingerprints)
    assert 10 < len(expected) < 40  # some copies are near enough, some are not
    found = find_alike(fingerprints, ignore)
    assert sorted((pair["first"], pair["second"]) for pair in found) == sorted(expected)
    for pair in found:
        assert pair["similarity"] == pytest.approx(expected[int(pair["first"]), int(pair["second"])], abs=1e-5)


def test_where_nearly_all_pairs_are_in_doubt_the_links_still_join_them_all():
    rng = np.random.default_rng(3)
    fingerprints = unit(rng.normal(size=LENGTH) + 0.05 * rng.normal(size=(300, LENGTH)))
    assert len(alike_by_hand(fingerprints)) == 300 * 299 // 2
    found = find_alike(fingerprints, ignore)
    assert {(0, number) for number in range(1, 300)} <= {(int(p["first"]), int(p["second"])) for p in found}


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.integers(0, 12), st.floats(-0.5, 1.0))
def test_pairs_that_reach_a_bound_are_those_of_one_product(seed: int, count: int, leading_ones: int, least: float):
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(count, 9)) * rng.uniform(0, 2, 9) + rng.normal(size=9))
    products = vectors @ vectors.T
    sure = np.abs(products - least) > 1e-5  # the same numbers are added in another order
    bounded = leading(vectors, leading_ones)
    expected = {pair for pair in combinations(range(count), 2) if products[pair] >= least and sure[pair]}
    found = [pair for both in pairs_reaching(bounded, least=least) for pair in zip(*map(list, both), strict=True)]
    assert {pair for pair in found if sure[pair]} == expected
    assert len(found) == len(set(found))
    between = np.stack(np.nonzero((products >= least) & sure))
    asked = reaching(bounded, bounded, least=least)
    np.testing.assert_array_equal(asked[:, sure[tuple(asked)]], between)


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_who_stops_while_images_are_compared_leaves_the_threads_as_they_were():
    before = blas_threads()

    def stop(event: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_alike(unit(np.random.default_rng(0).normal(size=(50, LENGTH))), stop)
    assert blas_threads() == before
