"""Occlusion finds what a known classifier looks at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubel.explanation.methods.occlusion import compute_occlusion
from hubel.explanation.subject import Question, Subject


def looks_at(rows: slice, columns: slice):
    """Logits of a classifier whose class 1 is the mean brightness of one part, and class 0 its opposite."""

    def compute_logits(images: np.ndarray) -> np.ndarray:
        brightness = images[:, rows, columns].astype(np.float64).mean(axis=(1, 2, 3))
        return np.stack([-brightness, brightness], axis=1).astype(np.float32)

    return compute_logits


@pytest.fixture
def image() -> np.ndarray:
    image = np.full((48, 64, 3), 40, np.uint8)
    image[8:16, 40:56] = 250
    return image


def test_the_part_that_decides_is_the_hottest(image: np.ndarray):
    heat = compute_occlusion(Subject(looks_at(slice(8, 16), slice(40, 56))), image, question=Question(1))
    assert heat.shape == (48, 64)
    assert heat.dtype == np.float32
    assert heat.max() == 1
    assert heat[8:16, 40:56].mean() > 5 * np.delete(heat, np.s_[0:24], axis=0).mean()
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 4 <= row < 20
    assert 36 <= column < 60


def test_what_speaks_against_a_class_is_not_marked(image: np.ndarray):
    assert not compute_occlusion(Subject(looks_at(slice(8, 16), slice(40, 56))), image, question=Question(0)).any()


def test_a_classifier_that_looks_at_nothing_has_no_heat(image: np.ndarray):
    assert not compute_occlusion(
        Subject(lambda images: np.ones((len(images), 2), np.float32)), image, question=Question(1)
    ).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1000))
def test_heat_is_0_to_1_for_every_shape(height: int, width: int, seed: int):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    weights = rng.normal(size=(height * width * 3, 2)).astype(np.float32)
    heat = compute_occlusion(
        Subject(lambda images: images.reshape(len(images), -1) @ weights), image, question=Question(1)
    )
    assert heat.shape == (height, width)
    assert 0 <= heat.min() <= heat.max() <= 1
