"""The kernels with a name do to an image what their summary says."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.arithmetic.kernels import KERNELS, find_kernel
from hubel.arithmetic.windows import WindowOptions, calculate_convolution
from hubel.errors import UnknownName

LEFT_DARK = np.repeat([[0.0, 0, 0, 1, 1, 1]], 6, axis=0)


def laid_on(name: str, image: np.ndarray) -> np.ndarray:
    return calculate_convolution(image[..., None], find_kernel(name).weights, options=WindowOptions((3, 3))).result[
        ..., 0
    ]


def test_identity_keeps_the_image():
    image = np.random.default_rng(0).random((6, 6))
    np.testing.assert_array_equal(laid_on("identity", image), image[1:-1, 1:-1])


@pytest.mark.parametrize("name", ["box", "gaussian", "sharpen", "identity"])
def test_kernels_that_keep_the_brightness_leave_an_even_image_alone(name: str):
    np.testing.assert_allclose(laid_on(name, np.full((5, 5), 0.6)), 0.6, rtol=1e-12)


@pytest.mark.parametrize("name", ["sobel-x", "sobel-y", "laplacian", "edge"])
def test_edge_kernels_see_nothing_in_an_even_image(name: str):
    np.testing.assert_allclose(laid_on(name, np.full((5, 5), 0.6)), 0, atol=1e-12)


def test_sobel_kernels_see_edges_of_their_own_direction_only():
    np.testing.assert_array_equal(laid_on("sobel-x", LEFT_DARK), [[0, 4, 4, 0]] * 4)
    np.testing.assert_array_equal(laid_on("sobel-y", LEFT_DARK), np.zeros((4, 4)))
    np.testing.assert_array_equal(laid_on("sobel-y", LEFT_DARK.T), np.array([[0, 4, 4, 0]] * 4).T)


def test_the_average_of_nine_pixels_is_what_box_gives():
    image = np.random.default_rng(0).random((3, 3))
    assert laid_on("box", image)[0, 0] == pytest.approx(image.mean())


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_has_a_summary_and_is_3_by_3(name: str):
    assert KERNELS[name].summary
    assert KERNELS[name].weights.shape == (3, 3)


def test_an_unknown_kernel_gets_a_suggestion():
    with pytest.raises(UnknownName, match="no kernel named 'sobelx'. Did you mean 'sobel-x'"):
        find_kernel("sobelx")
