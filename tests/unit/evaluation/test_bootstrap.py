"""The interval of a mean."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.evaluation.bootstrap import mean_interval


def test_it_is_about_two_standard_errors_wide_and_the_same_again():
    values = np.random.default_rng(0).normal(10, 3, 400)
    low, high = mean_interval(values)
    error = values.std() / 20
    assert (low, high) == mean_interval(values)
    assert (low, high) == (
        pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error),
        pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error),
    )


def test_of_one_example_it_has_no_width():
    assert mean_interval([0.3]) == (pytest.approx(0.3), pytest.approx(0.3))
