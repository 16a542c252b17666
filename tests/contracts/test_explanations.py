"""What every explanation promises: a heat map of the image's size, in its range, hot where the decision is made."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.errors import UnknownName
from hubel.explanation.catalogue import EXPLANATIONS, USUAL, find_explanation
from hubel.explanation.subject import Question, Subject

ROWS, COLUMNS = slice(8, 24), slice(32, 56)


def compute_logits(images: np.ndarray) -> np.ndarray:
    """Class 1 is the brightness of one part of the image, class 0 its opposite."""
    brightness = images[:, ROWS, COLUMNS].astype(np.float64).mean(axis=(1, 2, 3))
    return np.stack([-brightness, brightness], axis=1).astype(np.float32)


def compute_maps(images: np.ndarray) -> np.ndarray:
    """Brightness of cells of 8 x 8 pixels, and darkness of them."""
    cells = images.astype(np.float32).mean(axis=3).reshape(len(images), 6, 8, 8, 8).mean(axis=(2, 4))
    return np.stack([cells, 255 - cells], axis=-1)


class ByHand:
    """Derivatives of the classifier above."""

    def gradients(self, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
        made = np.zeros(images.shape, np.float32)
        made[:, ROWS, COLUMNS] = (weights[1] - weights[0]) / images[0, ROWS, COLUMNS].size
        return made

    def maps_and_gradients(self, images: np.ndarray, weights: np.ndarray, *, layer: str | None = None):
        maps = compute_maps(images)
        gradients = np.zeros_like(maps)
        gradients[:, 1:3, 4:7, 0] = (weights[1] - weights[0]) / 6
        return [(maps, gradients)]


SUBJECT = Subject(compute_logits, 2, ByHand, compute_maps=compute_maps)


@pytest.fixture
def image() -> np.ndarray:
    image = np.full((48, 64, 3), 40, np.uint8)
    image[ROWS, COLUMNS] = 250
    return image


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_a_heat_map_has_the_size_of_the_image_and_values_in_its_range(name: str, image: np.ndarray):
    heat = EXPLANATIONS[name].compute(SUBJECT, image, question=Question(1))
    assert (heat.shape, heat.dtype) == ((48, 64), np.float32)
    assert (-1 if EXPLANATIONS[name].signed else 0) <= heat.min() < heat.max() <= 1


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_the_part_that_decides_is_hotter_than_the_rest(name: str, image: np.ndarray):
    heat = EXPLANATIONS[name].compute(SUBJECT, image, question=Question(1, against=0))
    outside = np.ones(heat.shape, bool)
    outside[ROWS, COLUMNS] = False
    assert heat[ROWS, COLUMNS].mean() > 2 * heat[outside].mean()


@pytest.mark.parametrize("name", EXPLANATIONS)
def test_the_image_is_left_as_it_was_and_the_map_is_the_same_again(name: str, image: np.ndarray):
    before = image.copy()
    first = EXPLANATIONS[name].compute(SUBJECT, image, question=Question(0), seed=3)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(EXPLANATIONS[name].compute(SUBJECT, image, question=Question(0), seed=3), first)


@pytest.mark.parametrize("name", [name for name, each in EXPLANATIONS.items() if not each.needs_framework])
def test_a_classifier_that_looks_at_nothing_has_no_heat(name: str, image: np.ndarray):
    blind = Subject(
        lambda images: np.ones((len(images), 2), np.float32), 2, compute_maps=lambda _: np.ones((1, 6, 8, 2))
    )
    assert not EXPLANATIONS[name].compute(blind, image, question=Question(1)).any()


def test_every_explanation_says_in_a_line_what_it_marks():
    summaries = [each.summary for each in EXPLANATIONS.values()]
    assert all(0 < len(each) <= 80 and "\n" not in each for each in summaries)
    assert len(set(summaries)) == len(summaries)


def test_an_unknown_explanation_names_those_there_are():
    assert find_explanation() is EXPLANATIONS[USUAL]
    with pytest.raises(UnknownName, match="Did you mean 'occlusion'"):
        find_explanation("oclusion")
