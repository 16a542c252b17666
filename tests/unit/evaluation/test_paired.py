"""The paired test against the binomial distribution, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from hubel.errors import WrongRequest
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import adjust, compare_gaps, compare_hits, paired_interval


def hits(both: int, first_only: int, second_only: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Two 0/1 vectors with so many examples of each kind."""
    first = np.repeat([1, 1, 0, 0], [both, first_only, second_only, neither])
    second = np.repeat([1, 0, 1, 0], [both, first_only, second_only, neither])
    return first, second


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_the_p_value_is_that_of_a_fair_coin_over_the_examples_that_divide_the_two(first_only, second_only, both):
    test = compare_hits(*hits(both, first_only, second_only, 3))
    divided = first_only + second_only
    expected = binomtest(first_only, divided, 0.5).pvalue if divided else 1.0
    assert test.p_value == pytest.approx(expected, abs=1e-12)
    assert (test.first_only, test.second_only) == (first_only, second_only)
    assert test.difference == pytest.approx((first_only - second_only) / (both + divided + 3))


def test_a_known_table_gives_its_p_value_by_summing_the_tail():
    # 12 against 2: twice the chance of at most 2 heads in 14 throws, (1 + 14 + 91) / 2 ** 14.
    test = compare_hits(*hits(50, 12, 2, 36))
    assert test.p_value == pytest.approx(2 * (1 + 14 + 91) / 2**14)
    assert test.verdict == "better"


def test_swapping_the_two_swaps_the_verdict_and_mirrors_the_interval():
    first, second = hits(50, 12, 2, 36)
    one, other = compare_hits(first, second), compare_hits(second, first)
    assert (one.verdict, other.verdict) == ("better", "worse")
    assert one.p_value == other.p_value
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_same_predictions_cannot_be_told_apart(share: float):
    same = np.arange(100) < 100 * share
    test = compare_hits(same, same)
    assert test.verdict == "cannot tell"
    assert test.p_value == 1.0
    low, high = test.interval
    assert low <= 0 <= high


def test_equal_networks_are_told_apart_in_at_most_one_of_twenty_trials():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(2000):
        hard = rng.random(300)  # the two share what is easy, as real networks do
        first, second = rng.random(300) < hard, rng.random(300) < hard
        alarms += compare_hits(first, second).verdict != "cannot tell"
    # The exact test is conservative; a share of 5 % would stay below this limit in all but one of 1,000 runs.
    assert alarms <= binom.ppf(0.999, 2000, 0.05)
    assert alarms / 2000 <= 0.05


@pytest.mark.parametrize(
    ("first_share", "second_share", "agree"), [(0.8, 0.7, 0.6), (0.98, 0.97, 0.5), (0.5, 0.5, 0.0)]
)
def test_the_interval_holds_the_true_difference_in_about_95_of_100_trials(first_share, second_share, agree):
    rng = np.random.default_rng(1)
    held, trials, count = 0, 2000, 200
    for _ in range(trials):
        common = rng.random(count)
        own = rng.random((2, count))
        uses_common = rng.random(count) < agree
        first = np.where(uses_common, common, own[0]) < first_share
        second = np.where(uses_common, common, own[1]) < second_share
        low, high = compare_hits(first, second).interval
        held += low <= first_share - second_share <= high
    assert 0.93 <= held / trials <= 0.99


def test_without_agreement_the_interval_joins_both_wilson_intervals_by_pythagoras():
    # Newcombe's method with a correlation of 0: 30 * 20 = 30 * 20.
    both, first_only, second_only, count = 30, 30, 20, 100
    low_1, high_1 = wilson_interval(60, count)
    low_2, high_2 = wilson_interval(50, count)
    low, high = paired_interval(both, first_only, second_only=second_only, count=count)
    assert low == pytest.approx(0.1 - np.hypot(0.6 - low_1, high_2 - 0.5))
    assert high == pytest.approx(0.1 + np.hypot(high_1 - 0.6, 0.5 - low_2))


def test_several_tests_are_adjusted_step_by_step():
    # Holm: 3 * the smallest, 2 * the next but not below it, 1 * the largest but not below that.
    tests = [compare_hits(*hits(50, *pair, 20)) for pair in ((9, 1), (20, 2), (5, 4))]
    p = [test.p_value for test in tests]
    adjusted = adjust(tests)
    assert [each.adjusted_p for each in adjusted] == pytest.approx([2 * p[0], 3 * p[1], 1.0])
    assert [each.p_value for each in adjusted] == p
    assert adjusted[0].verdict == "better"
    assert adjust([]) == []


def test_an_adjusted_test_may_no_longer_tell():
    test = compare_hits(*hits(50, 10, 2, 20))  # p = 0.039
    assert adjust([test])[0].verdict == "better"
    assert adjust([test, test])[0].verdict == "cannot tell"


def test_a_smaller_gap_is_better_and_its_interval_joins_those_of_both_parts():
    train = np.ones(400, bool), np.ones(400, bool)
    test = np.arange(200) < 160, np.arange(200) < 100
    found = compare_gaps((train[0], test[0]), (train[1], test[1]))
    assert found.difference == pytest.approx(0.2 - 0.5)
    low, high = compare_hits(*test).interval
    none_low, none_high = compare_hits(*train).interval  # nobody is wrong, of 400: about 1 point either way
    assert found.interval[0] == pytest.approx(-0.3 - np.hypot(none_low, high - 0.3))
    assert found.interval[1] == pytest.approx(-0.3 + np.hypot(none_high, 0.3 - low))
    assert found.verdict == "better"
    assert compare_gaps((train[1], test[1]), (train[0], test[0])).verdict == "worse"
    assert compare_gaps((train[0], test[0]), (train[0], test[0])).verdict == "cannot tell"


@pytest.mark.parametrize("tested", [10, 30])
@pytest.mark.parametrize(
    ("train", "test", "shared"),
    [
        ((0.99, 0.95), (0.94, 0.90), 0.9),  # the normal interval: 59 % false alarms with ten test images
        ((1.0, 1.0), (0.9, 0.9), 0.0),
        ((0.6, 0.6), (0.5, 0.5), 0.0),
        ((0.5, 0.9), (0.3, 0.7), 0.5),
        ((0.9, 0.8), (0.8, 0.7), 0.9),
    ],
)
def test_equal_gaps_are_told_apart_in_about_5_of_100_trials_at_most(tested: int, train, test, shared: float):
    rng, trials = np.random.default_rng(3), 400

    def hits(count: int, shares: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        common = rng.random(count)
        other = np.where(rng.random(count) < shared, common, rng.random(count))
        return common < shares[0], other < shares[1]

    alarms = 0
    for _ in range(trials):
        (train_1, train_2), (test_1, test_2) = hits(400, train), hits(tested, test)
        alarms += compare_gaps((train_1, test_1), (train_2, test_2)).verdict != "cannot tell"
    # Approximate: 7 % at most was seen in 480 settings. Three standard deviations above 6 %.
    assert alarms <= 38


@pytest.mark.parametrize(("first", "second"), [(3, 4), (0, 0)])
def test_vectors_of_different_examples_are_refused(first: int, second: int):
    with pytest.raises(WrongRequest, match=f"the same examples for both variants. Received: {first} and {second}"):
        compare_hits(np.zeros(first), np.zeros(second))
