"""Shares of different images, against published numbers."""

from __future__ import annotations

import pytest

from hubel.evaluation.proportions import Share, chance_of_difference, difference_interval


def test_the_interval_of_a_difference_is_that_of_the_paper():
    # Newcombe 1998, table II, contrast (a), method 10: 56/70 less 48/80
    assert difference_interval(Share(56, 70), Share(48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_fishers_own_experiment():
    # Fisher 1935, the lady tasting tea: 3 of 4 against 1 of 4
    assert chance_of_difference(Share(3, 4), Share(1, 4)) == pytest.approx(34 / 70)
    assert chance_of_difference(Share(1, 4), Share(3, 4), alternative="less") == pytest.approx(17 / 70)
