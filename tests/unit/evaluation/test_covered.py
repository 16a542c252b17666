"""Images with one half covered: which half it is, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hubel.evaluation.covered import WhereItLooks, border_share, cover, in_border


@pytest.mark.parametrize("shape", [(32, 32), (96, 128), (224, 224)])
def test_each_half_has_half_of_the_pixels_and_together_they_are_the_image(shape: tuple[int, int]):
    images = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), np.uint8)
    middle, around = cover(images, middle=True), cover(images, middle=False)
    colours = images.reshape(2, -1, 3).mean(axis=1).round().astype(np.uint8)[:, None, None]
    hidden = (middle == colours).all(axis=-1)[0]
    assert hidden.mean() == pytest.approx(0.5, abs=0.06)
    rows, columns = np.nonzero(hidden & ~(around == colours).all(axis=-1)[0])
    assert abs(rows.mean() - (shape[0] - 1) / 2) < 1  # it is the middle that is hidden
    assert abs(columns.mean() - (shape[1] - 1) / 2) < 1
    np.testing.assert_array_equal(np.where(hidden[None, :, :, None], around, middle), images)
    assert not np.shares_memory(middle, images)


def test_the_border_is_an_eighth_of_the_side_wide():
    assert in_border((32, 32)).mean() == pytest.approx(1 - 0.75**2)
    heat = np.zeros((16, 16))
    heat[8, 8], heat[0, 3] = 3.0, 1.0
    assert border_share(heat) == pytest.approx(0.25)
    assert border_share(np.zeros((16, 16))) is None


def test_the_document_has_shares_their_intervals_and_the_paired_test():
    place = np.arange(50)
    looks = WhereItLooks(place < 45, place < 40, place >= 30, (0.2, 0.4, 0.3), 0.4375)
    document = looks.to_json()
    assert document["without_middle"]["accuracy"] == 0.8
    assert document["middle_alone"]["accuracy"] == 0.4
    test = document["without_middle_against_middle_alone"]
    assert (test["first_only"], test["second_only"], test["verdict"]) == (30, 10, "better")
    assert test["p_value"] == pytest.approx(stats.binomtest(30, 40).pvalue)
    expected = stats.t.interval(0.95, 2, loc=0.3, scale=stats.sem([0.2, 0.4, 0.3]))
    assert document["border_heat"]["interval"] == pytest.approx(expected)
    assert "border_heat" not in WhereItLooks(place < 45, place < 40, place >= 30, (), 0.4375).to_json()


def test_of_one_answer_the_share_is_not_known():
    assert WhereItLooks(*[np.ones(9, bool)] * 3, (0.3,), 0.4).heat_interval == (0.0, 1.0)
