"""What pixels are described by, on images whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.images.statistics import STATISTICS, describe_pixels


def described(image: np.ndarray) -> dict[str, float]:
    return dict(zip(STATISTICS, map(float, describe_pixels(image[None])[0]), strict=True))


def test_one_colour_has_its_means_and_no_change():
    found = described(np.broadcast_to(np.array([255, 51, 0], np.uint8), (20, 30, 3)))
    assert [found[name] for name in ("red", "green", "blue")] == pytest.approx([1.0, 0.2, 0.0], abs=1e-5)
    assert found["contrast"] == pytest.approx(0, abs=1e-6)
    assert found["colourfulness"] == pytest.approx(np.log(1.05))
    for name in ("change across", "change down", "roughness"):
        assert found[name] == pytest.approx(np.log(1 / 255), abs=1e-3)


def test_upright_stripes_change_across_and_not_down():
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, ::2] = 255
    found = described(image)
    assert found["contrast"] == pytest.approx(0.5)
    assert found["change across"] == pytest.approx(np.log(1 + 1 / 255), abs=1e-5)
    assert found["change down"] == pytest.approx(np.log(1 / 255), abs=1e-3)
    turned = described(image.swapaxes(0, 1))
    assert (turned["change down"], turned["change across"]) == (found["change across"], found["change down"])


def test_a_large_image_is_looked_at_in_a_thousand_places_and_described_alike():
    small = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    large = np.random.default_rng(1).integers(0, 256, (512, 320, 3)).astype(np.uint8)
    np.testing.assert_allclose(describe_pixels(large[None]), describe_pixels(small[None]), atol=0.09)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 1, 1, 3), (1, 1, 5, 3), (1, 2, 1000, 3)])
def test_images_of_any_size_and_none_are_described(shape: tuple[int, ...]):
    found = describe_pixels(np.full(shape, 7, np.uint8))
    assert found.shape == (shape[0], len(STATISTICS))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
