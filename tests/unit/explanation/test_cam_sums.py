"""How each method of the CAM family sums maps and gradients, against loops over places and channels."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest

from hubel.explanation.methods import grad_cam, hires_cam, layer_cam

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
