"""How each method of the CAM family sums maps and gradients, against loops over places and channels."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest

from hubel.explanation.methods import grad_cam, hires_cam, layer_cam
from hubel.explanation.subject import Question, Subject

ROWS, COLUMNS, CHANNELS = 3, 4, 5


def by_loops(name: str, maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    made = np.zeros((ROWS, COLUMNS))
    for row, column, channel in itertools.product(range(ROWS), range(COLUMNS), range(CHANNELS)):
        slope = float(gradients[row, column, channel])
        if name == "grad_cam":
            slope = float(sum(gradients[..., channel].ravel())) / (ROWS * COLUMNS)
        if name == "layer_cam":
            slope = slope if slope > 0 else 0.0
        made[row, column] += float(maps[row, column, channel]) * slope
    return made


@pytest.mark.parametrize("method", [grad_cam, hires_cam, layer_cam], ids=lambda each: each.__name__.rpartition(".")[2])
def test_maps_and_gradients_are_summed_as_the_method_says(method: ModuleType):
    rng = np.random.default_rng(0)
    maps, gradients = rng.normal(size=(ROWS, COLUMNS, CHANNELS)), rng.normal(size=(ROWS, COLUMNS, CHANNELS))
    name = method.__name__.rpartition(".")[2]
    expected = by_loops(name, maps, gradients)
    np.testing.assert_allclose(method.combine(maps, gradients), expected, rtol=1e-9)


def test_what_a_coarse_layer_adds_is_spread_over_the_pixels_that_it_stands_for():
    """One place that adds 2 to the score is 1/2 for each of four pixels; beside it, one of them adds 1 at a finer layer."""
    coarse, fine = np.full((1, 1, 1, 1), 2.0), np.array([[1.0, 0.0], [0.0, 0.0]]).reshape(1, 2, 2, 1)

    class TwoLayers:
        def maps_and_gradients(self, *_: object, layer: str | None = None):
            return [(coarse, np.ones_like(coarse)), (fine, np.ones_like(fine))]

    subject = Subject(lambda images: np.zeros((len(images), 2), np.float32), 2, TwoLayers)
    heat = hires_cam.compute_hires_cam(subject, np.zeros((2, 2, 3), np.uint8), question=Question(1))
    np.testing.assert_allclose(heat, np.array([[1.5, 0.5], [0.5, 0.5]]) / 1.5, rtol=1e-6)
