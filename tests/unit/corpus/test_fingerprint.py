"""The fingerprint: a cosine transform, what it does not notice, and what it does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from hubel.corpus.fingerprint import (
    FREQUENCIES,
    LENGTH,
    ORIENTATIONS,
    compute_fingerprints,
    grey_of,
    inverse_orientation,
    oriented,
    oriented_image,
    without_orientation,
)

TURNS = [
    lambda p: p, lambda p: p[:, ::-1], lambda p: p[::-1], lambda p: p[::-1, ::-1],
    lambda p: p.T, lambda p: p.T[:, ::-1], lambda p: p.T[::-1], lambda p: p.T[::-1, ::-1],
]  # fmt: skip


def random_image(seed: int) -> np.ndarray:
    """Large blobs and fine grain, as photographs have."""
    rng = np.random.default_rng(seed)
    return np.clip(
        sum(np.kron(rng.normal(128, 90, (n, n)), np.ones((32 // n, 32 // n))) for n in (2, 4, 8, 32)) / 4, 0, 255
    )


def compute_fingerprint(image: np.ndarray) -> np.ndarray:
    """Of one image."""
    return compute_fingerprints(image[None])[0]


def test_it_is_the_cosine_transform_of_scipy_weighted_by_frequency():
    image = random_image(0)
    weights = np.hypot(*np.mgrid[:FREQUENCIES, :FREQUENCIES]) ** 1.5
    expected = dctn(image, type=2)[:FREQUENCIES, :FREQUENCIES] * weights
    np.testing.assert_allclose(compute_fingerprint(image), (expected / np.linalg.norm(expected)).reshape(-1), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.floats(0.3, 1.0), st.floats(0, 50))
def test_brightness_and_contrast_do_not_change_it(seed: int, gain: float, offset: float):
    image = random_image(seed)
    changed = image * gain + offset
    if changed.std() > 5:
        np.testing.assert_allclose(compute_fingerprint(changed), compute_fingerprint(image), atol=1e-5)


@pytest.mark.parametrize("number", range(8))
def test_turning_the_image_turns_its_fingerprint(number: int):
    image = random_image(1)
    turned = compute_fingerprint(TURNS[number](image))
    np.testing.assert_allclose(oriented(compute_fingerprint(image)[None], number)[0], turned, atol=1e-6)
    assert len(ORIENTATIONS) == len(TURNS)


@pytest.mark.parametrize("number", range(8))
def test_the_inverse_undoes_an_orientation(number: int):
    image = random_image(2)
    np.testing.assert_array_equal(oriented_image(oriented_image(image, number), inverse_orientation(number)), image)


def test_turned_by_90_degrees_means_clockwise():
    image = random_image(2)
    assert ORIENTATIONS[5] == "turned by 90 degrees"
    np.testing.assert_array_equal(TURNS[5](image), np.rot90(image, -1))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 7))
def test_no_pair_is_missed_by_comparing_without_orientation_first(one: int, two: int, number: int):
    first = compute_fingerprint(random_image(one))[None]
    second = compute_fingerprint(TURNS[number](random_image(two)))[None]
    closest = max((first * oriented(second, each)).sum() for each in range(8))
    assert (without_orientation(first) * without_orientation(second)).sum() >= closest - 1e-5
    np.testing.assert_allclose(np.linalg.norm(without_orientation(first)), 1, rtol=1e-5)


def test_other_images_are_far_away():
    prints = np.stack([compute_fingerprint(random_image(seed)) for seed in range(50)])
    products = prints @ prints.T
    assert products[~np.eye(50, dtype=bool)].max() < 0.8


def test_an_image_without_contrast_has_none():
    assert not compute_fingerprint(np.full((32, 32), 200.0)).any()
    assert compute_fingerprint(np.full((32, 32), 200.0)).shape == (LENGTH,)


def test_grey_is_pillows():
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    np.testing.assert_allclose(grey_of(pixels), np.asarray(Image.fromarray(pixels).convert("L")), atol=1)
