"""What every explanation promises: a heat map of the image's size, 0 to 1, hot where the decision is made."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.errors import UnknownName
from hubel.explanation.catalogue import EXPLANATIONS, USUAL, find_explanation

ROWS, COLUMNS = slice(8, 24), slice(32, 56)


def compute_logits(images: np.ndarray) -> np.ndarray:
    """Class 1 is the brightness of one part of the image, class 0 its opposite."""
    brightness = images[:, ROWS, COLUMNS].astype(np.float64).mean(axis=(1, 2, 3))
    return np.stack([-brightness, brightness], axis=1).astype(np.float32)


@pytest.fixture
def image() -> np.ndarray:
    image = np.full((48, 64, 3), 40, np.uint8)
    image[ROWS, COLUMNS] = 250
    return image


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_a_heat_map_has_the_size_of_the_image_and_values_from_0_to_1(name: str, image: np.ndarray):
    heat = EXPLANATIONS[name].compute(compute_logits, image, 1)
    assert (heat.shape, heat.dtype) == ((48, 64), np.float32)
    assert 0 <= heat.min() < heat.max() <= 1


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_the_part_that_decides_is_hotter_than_the_rest(name: str, image: np.ndarray):
    heat = EXPLANATIONS[name].compute(compute_logits, image, 1)
    outside = np.ones(heat.shape, bool)
    outside[ROWS, COLUMNS] = False
    assert heat[ROWS, COLUMNS].mean() > 2 * heat[outside].mean()


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_the_image_is_left_as_it_was(name: str, image: np.ndarray):
    before = image.copy()
    EXPLANATIONS[name].compute(compute_logits, image, 0)
    np.testing.assert_array_equal(image, before)


def test_every_explanation_says_in_a_line_what_it_marks():
    summaries = [each.summary for each in EXPLANATIONS.values()]
    assert all(0 < len(each) <= 80 and "\n" not in each for each in summaries)
    assert len(set(summaries)) == len(summaries)


def test_an_unknown_explanation_names_those_there_are():
    assert find_explanation() is EXPLANATIONS[USUAL]
    with pytest.raises(UnknownName, match="Did you mean 'occlusion'"):
        find_explanation("oclusion")
